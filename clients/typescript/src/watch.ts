/** Harvest progress as an async iterator that outlives a cut connection. */

import { MailboxesError, noAnswer, UnavailableError } from "./errors.js";
import { eventsOf } from "./events.js";

/** Opens the stream of a harvest, after the event of this id. */
export type OpenStream = (lastEventId: string, signal: AbortSignal | undefined) => Promise<Response>;

/** Milliseconds before the next try after one, two, … cuts in a row without any news. */
const WAITS: readonly number[] = [500, 1000, 2000, 4000, 8000];
const NO_CONTENT = 204;

/**
 * Yield the harvest whenever it has moved on, until it has ended. A connection that is cut is opened again, and
 * nothing that was seen comes twice. Ends silently when `signal` is aborted.
 */
export async function* watch<T>(
  open: OpenStream,
  signal: AbortSignal | undefined,
): AsyncGenerator<T, void, void> {
  let lastEventId = "";
  let wait: number | undefined;
  for (let cuts = 0; !signal?.aborted; cuts += 1) {
    try {
      const response = await open(lastEventId, signal);
      if (response.status === NO_CONTENT || !response.body) return; // all was seen
      for await (const event of eventsOf(response.body)) {
        if (event.type === "problem") break; // asking again tells which
        cuts = 0;
        lastEventId = event.id || lastEventId;
        wait = event.retry;
        yield JSON.parse(event.data) as T;
        if (event.type === "end") return;
      }
    } catch (error) {
      if (isAbort(signal)) return;
      const refusal = error instanceof MailboxesError ? error : noAnswer(error);
      if (cuts >= WAITS.length || !(refusal instanceof UnavailableError)) throw refusal;
    }
    if (cuts >= WAITS.length) throw noAnswer(undefined);
    await pause(Math.max(wait ?? 0, WAITS[cuts] ?? 0), signal);
  }
}

function isAbort(signal: AbortSignal | undefined): boolean {
  return signal?.aborted ?? false;
}

function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    signal?.addEventListener("abort", end);
  });
}
