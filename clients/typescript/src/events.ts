/**
 * Server-sent events over fetch, for EventSource cannot send a bearer token.
 * The format is that of https://html.spec.whatwg.org/multipage/server-sent-events.html.
 */

/** One event of a stream. */
export interface ServerEvent {
  /** What to send as `Last-Event-ID` to go on after this one; empty when the server names none. */
  readonly id: string;
  readonly type: string;
  readonly data: string;
  /** Milliseconds that the server wants to be left alone after a cut, when it has said so. */
  readonly retry: number | undefined;
}

/** Read events until the stream ends; leaving the loop closes the connection. */
export async function* eventsOf(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerEvent, void, void> {
  const parser = new EventParser();
  const reader = body.pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>).getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield* parser.push(value);
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

class EventParser {
  private rest = "";
  private id = "";
  private type = "";
  private data: string[] = [];
  private retry: number | undefined;

  *push(text: string): Generator<ServerEvent, void, void> {
    const lines = (this.rest + text).split(/\r\n|\n|\r(?!$)/);
    this.rest = lines.pop() ?? "";
    for (const line of lines) {
      if (line) {
        this.take(line);
        continue;
      }
      const event = this.complete();
      if (event) yield event;
    }
  }

  private take(line: string): void {
    const colon = line.indexOf(":");
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "data") this.data.push(value);
    else if (name === "event") this.type = value;
    else if (name === "id" && !value.includes("\0")) this.id = value;
    else if (name === "retry" && /^\d+$/.test(value)) this.retry = Number(value);
  }

  private complete(): ServerEvent | undefined {
    const { data, type, id, retry } = this;
    this.data = [];
    this.type = "";
    return data.length ? { id, type: type || "message", data: data.join("\n"), retry } : undefined;
  }
}
