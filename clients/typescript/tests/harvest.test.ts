import { afterAll, beforeAll, expect, test } from "vitest";

import { createClient, type Harvest, type Mailbox } from "../src/client-mailboxes.js";
import { clientOf, world } from "./world.js";

const client = clientOf(1);
let saved: Mailbox;
let seen: Harvest[];

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

beforeAll(async () => {
  saved = await client.saveMailbox({ ...world.mailbox, label: "Work" });
  expect(await client.getLatestHarvest(saved.id)).toBeNull();
  const started = await client.startHarvest(saved.id, "corresponded");
  seen = await all(client.watchHarvest(started.id));
});

afterAll(async () => {
  await client.deleteMailbox(saved.id);
});

test("a harvest is watched to its end", async () => {
  const last = seen.at(-1);
  expect(last).toMatchObject({ state: "done", mailboxId: saved.id });
  expect(last?.progress.scanned).toBeGreaterThan(100);
  expect(await client.getLatestHarvest(saved.id)).toEqual(last);
  const late = await all(client.watchHarvest(last?.id ?? ""));
  expect(late).toEqual([last]);
});

test("a stream that is cut goes on after the event that came last", async () => {
  const asked: (string | null)[] = [];
  const cut = createClient({
    baseUrl: world.gateway,
    getToken: () => world.tokens[1] ?? "",
    fetch: async (request) => {
      const response = await fetch(request);
      if (!request.url.endsWith("/events")) return response;
      asked.push(request.headers.get("last-event-id"));
      return asked.length > 1 ? response : cutBeforeTheEnd(await response.text());
    },
  });
  const [last] = await all(cut.watchHarvest(seen.at(-1)?.id ?? ""));
  expect(last?.state).toBe("done");
  expect(asked[0]).toBeNull();
  expect(asked[1]).toBe("an-earlier-one");
});

/** The same stream, as it looked earlier: under way, and then the connection is gone. */
function cutBeforeTheEnd(text: string): Response {
  const underWay = text.replace("event: end", "event: progress").replace(/^id: .*$/m, "id: an-earlier-one");
  const bytes = new TextEncoder().encode(underWay);
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      controller.enqueue(bytes);
    },
    pull: (controller) => {
      controller.error(new TypeError("connection reset"));
    },
  });
  return new Response(body, { status: 200, headers: { "content-type": "text/event-stream" } });
}

test("leaving the loop ends the watching and not the harvest", async () => {
  const started = await client.startHarvest(saved.id);
  for await (const now of client.watchHarvest(started.id)) {
    expect(now.id).toBe(started.id);
    break;
  }
  expect((await all(client.watchHarvest(started.id))).at(-1)?.state).toBe("done");
});

test("contacts are listed with a reason, changed, imported, merged and exported", async () => {
  const { contacts, totalSize } = await client.listContacts({ kind: ["person"], pageSize: 5 });
  expect(totalSize).toBeGreaterThan(5);
  const [first, second] = contacts;
  if (!first || !second) throw new Error("There are no contacts.");
  expect(first.reason.text).toMatch(/^you wrote to them/);

  const typed = await client.updateContact(first.id, { phone: "112" }, first.etag);
  expect(typed.typed.phone).toBe("112");

  const selection = { ids: [first.id, second.id] };
  const preview = await client.importContacts({ groupName: "Friends", selection, dryRun: true });
  expect(preview).toMatchObject({ group: null, added: 2 });
  expect(await client.listGroups()).toEqual([]);
  const { group } = await client.importContacts({ groupName: "Friends", selection });
  expect(group).toMatchObject({ name: "Friends", members: 2 });

  const { mergeId, contact } = await client.mergeContacts([first.id, second.id]);
  expect(contact.addresses.length).toBeGreaterThan(1);
  expect((await client.undoMerge(mergeId)).contacts).toHaveLength(2);

  const file = await client.exportContacts({ format: "csv", group: group?.id ?? "" });
  expect(file.name).toBe("contacts.csv");
  expect(await file.data.text()).toContain(second.address);
  expect((await client.listSkipped({ reason: ["automated"] })).totalSize).toBeGreaterThan(0);
});

test("a schedule is set and listed", async () => {
  const set = await client.setSchedule(saved.id, { enabled: true, intervalSeconds: 3600 });
  expect(set).toMatchObject({ mailboxId: saved.id, enabled: true, intervalSeconds: 3600 });
  expect((await client.listSchedules()).map((one) => one.mailboxId)).toEqual([saved.id]);
  expect(await client.listSyncRuns(saved.id)).toBeInstanceOf(Array);
});
