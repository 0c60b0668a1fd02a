import { expect, test } from "vitest";

import {
  ChangedError,
  createClient,
  InvalidRequestError,
  NotFoundError,
  PasswordRequiredError,
  UnauthenticatedError,
  UnavailableError,
} from "../src/client-mailboxes.js";
import { clientOf, world } from "./world.js";

const client = clientOf(0);
const { mailbox } = world;
const NOBODY = "0192d0c0-0000-7000-8000-00000000dead";

test("a mailbox is saved, listed, tested and deleted, and its password never comes back", async () => {
  const saved = await client.saveMailbox({ ...mailbox, label: "Work" });
  expect(saved).toMatchObject({ label: "Work", has_password: true, status: "pending" });
  expect(JSON.stringify(saved)).not.toContain(mailbox.password);
  expect(await client.listMailboxes()).toEqual([saved]);
  expect(await client.testMailbox(saved.id)).toEqual({ ok: true });
  expect(await client.deleteMailbox(saved.id)).toEqual({ ok: true });
  expect(await client.listMailboxes()).toEqual([]);
});

test("a failed login is an answer with fields and a remedy", async () => {
  const result = await client.testDraft({ ...mailbox, password: "CANARY-wrong" });
  expect(result).toMatchObject({ ok: false, code: "auth_invalid_credentials", stage: "auth" });
  if (!result.ok) {
    expect(result.wrongFields).toContain("password");
    expect(result.remedy?.text).toBeTruthy();
  }
});

test("a mailbox that goes elsewhere needs its password again", async () => {
  const saved = await client.saveMailbox({ ...mailbox, label: "Work" });
  const elsewhere = { ...mailbox, host: "imap.evil.example", password: null };
  const moved = client.saveMailbox({ ...elsewhere, id: saved.id, label: "Work" });
  await expect(moved).rejects.toThrow(PasswordRequiredError);
  const stale = client.saveMailbox({ ...mailbox, id: saved.id, label: "Home", etag: "stale" });
  await expect(stale).rejects.toThrow(ChangedError);
  await client.deleteMailbox(saved.id);
});

test("a refusal tells the field, the code and the request", async () => {
  const refused = await client.saveMailbox({ ...mailbox, label: "" }).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(InvalidRequestError);
  const { fields, requestId, status } = refused as InvalidRequestError;
  expect(Object.keys(fields)).toEqual(["label"]);
  expect(requestId).toMatch(/^[0-9a-f]{16}$/);
  expect(status).toBeGreaterThanOrEqual(400);
});

test("what is missing and who is unknown are errors of their own", async () => {
  await expect(client.getContact(NOBODY)).rejects.toThrow(NotFoundError);
  const stranger = createClient({ baseUrl: world.gateway, getToken: () => "no token" });
  await expect(stranger.listMailboxes()).rejects.toThrow(UnauthenticatedError);
  const nowhere = createClient({ baseUrl: "http://127.0.0.1:9", getToken: () => "any" });
  await expect(nowhere.listMailboxes()).rejects.toThrow(UnavailableError);
});

test("the token is asked for before every request", async () => {
  const tokens = ["no token", world.tokens[0] ?? ""];
  const renewed = createClient({
    baseUrl: world.gateway,
    getToken: () => Promise.resolve(tokens.shift() ?? ""),
  });
  await expect(renewed.listMailboxes()).rejects.toThrow(UnauthenticatedError);
  expect(await renewed.listMailboxes()).toEqual([]);
});

test("aborting is no error of the service", async () => {
  const controller = new AbortController();
  controller.abort();
  const aborted = await client.listMailboxes(controller.signal).catch((error: unknown) => error);
  expect((aborted as Error).name).toBe("AbortError");
});
