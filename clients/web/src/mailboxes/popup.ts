/** Connecting an account in a window of the provider's; docs/oauth.md, "The popup", has the other side. */

import type { MailboxesClient } from "mailboxes-client";

const MESSAGE_TYPE = "mailbox-svc:oauth";
/** Milliseconds between looks at whether the window is closed, and for its last words to arrive. */
const LOOK = 500;

export type PopupResult =
  | { readonly ok: true; readonly mailboxId: string }
  | { readonly ok: false; readonly error: string }
  /** Closed by the user, or it looks so: some providers cut the two windows apart. */
  | { readonly ok: false; readonly closed: true };

/** Open the window. To be called in the click itself: later the browser would block it. */
export function openPopup(): Window | null {
  return window.open("", "connect", "popup,width=560,height=720");
}

interface Attempt {
  readonly client: MailboxesClient;
  /** The gateway's origin, the only one whose words count. */
  readonly origin: string;
  readonly popup: Window;
  readonly provider: string;
  readonly loginHint?: string | undefined;
  readonly mailboxId?: string | undefined;
}

/** Send the window to the provider, and wait for what comes of it. Raises what the start is refused with. */
export async function connectIn(attempt: Attempt): Promise<PopupResult> {
  const { client, provider, popup, loginHint, mailboxId } = attempt;
  try {
    const { authorizationUrl } = await client.startAuthorization(provider, {
      loginHint: loginHint ?? null,
      mailboxId: mailboxId ?? null,
    });
    const result = heard(popup, attempt.origin);
    popup.location.href = authorizationUrl;
    return await result;
  } catch (error) {
    popup.close();
    throw error;
  }
}

function heard(popup: Window, origin: string): Promise<PopupResult> {
  return new Promise((resolve) => {
    const channel = new BroadcastChannel(MESSAGE_TYPE); // where the provider has cut off the opener
    const end = (result: PopupResult) => {
      clearInterval(watch);
      removeEventListener("message", hear);
      channel.close();
      resolve(result);
    };
    const take = (data: unknown) => {
      const result = resultOf(data);
      if (result) end(result);
    };
    const hear = (event: MessageEvent) => {
      if (event.origin === origin) take(event.data);
    };
    const watch = setInterval(() => {
      if (popup.closed) setTimeout(end, LOOK, { ok: false, closed: true });
    }, LOOK);
    addEventListener("message", hear);
    channel.onmessage = (event) => {
      take(event.data);
    };
  });
}

function resultOf(data: unknown): PopupResult | undefined {
  if (typeof data !== "object" || data === null) return undefined;
  const said = data as Record<string, unknown>;
  if (said.type !== MESSAGE_TYPE) return undefined;
  if (said.ok === true && typeof said.mailboxId === "string") return { ok: true, mailboxId: said.mailboxId };
  return { ok: false, error: String(said.error) };
}
