/** The token of the page when it stands alone. An application that embeds the component gives its own. */

const KEY = "mailbox-svc-token";

/** Take a token out of `#token=…`, if one is there: nothing of it stays in the address or the history. */
export function takeToken(): string {
  const found = /^#token=(.+)$/.exec(location.hash)?.[1];
  if (found !== undefined) {
    history.replaceState(history.state, "", location.pathname + location.search);
    keepToken(decodeURIComponent(found));
  }
  return sessionStorage.getItem(KEY) ?? "";
}

export function keepToken(token: string): void {
  sessionStorage.setItem(KEY, token);
}

export function forgetToken(): void {
  sessionStorage.removeItem(KEY);
}
