import { expect, test } from "vitest";

import { eventsOf, type ServerEvent } from "../src/events.js";

async function read(...pieces: Uint8Array[]): Promise<ServerEvent[]> {
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      for (const piece of pieces) controller.enqueue(piece);
      controller.close();
    },
  });
  const events: ServerEvent[] = [];
  for await (const event of eventsOf(body)) events.push(event);
  return events;
}

const TEXT =
  'retry: 2000\r\n: a comment\r\n\r\nevent: progress\ndata: {"folder":\ndata: "Entwürfe"}\nid: 7\n\ndata:last\n\ndata: cut';

test("events are the same wherever the stream is cut into pieces", async () => {
  const bytes = new TextEncoder().encode(TEXT);
  const whole = await read(bytes);
  expect(whole).toEqual([
    { id: "7", type: "progress", data: '{"folder":\n"Entwürfe"}', retry: 2000 },
    { id: "7", type: "message", data: "last", retry: 2000 },
  ]);
  for (let cut = 1; cut < bytes.length; cut += 1) {
    expect(await read(bytes.slice(0, cut), bytes.slice(cut)), `cut at ${cut}`).toEqual(whole);
  }
});
