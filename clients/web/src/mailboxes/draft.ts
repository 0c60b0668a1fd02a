/** What the form holds, and what it says about it before anything is sent. */

import type { DraftBody, Mailbox, MailboxBody, Suggestion } from "mailboxes-client";

import { texts } from "../texts";

export interface Draft {
  readonly label: string;
  readonly user: string;
  readonly password: string;
  readonly host: string;
  /** As typed. */
  readonly port: string;
  readonly tls: boolean;
  /** The user has said that the password may go to the foreign server. */
  readonly confirmed: boolean;
}

/** A server that only the DNS speaks for: whoever can forge an answer could have named it. */
export interface ForeignServer {
  readonly domain: string;
  readonly host: string;
}

export type Field = keyof Draft;
export type FieldErrors = Readonly<Partial<Record<Field, string>>>;

const DESTINATION: readonly Field[] = ["host", "port", "tls", "user"];
/** Fields that are folded away where the provider is known. */
export const SERVER_FIELDS: readonly Field[] = ["host", "port", "tls", "user"];

export function isAddress(text: string): boolean {
  return /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(text.trim());
}

/** What is filled in for an address. */
export function draftFor(address: string, suggestion: Suggestion): Draft {
  return {
    label: suggestion.providerName ?? address.split("@")[1] ?? address,
    user: suggestion.user ?? address,
    password: "",
    confirmed: false,
    host: suggestion.host ?? "",
    port: String(suggestion.port ?? 993),
    tls: suggestion.source === "none" ? true : suggestion.tls,
  };
}

/** What is filled in for a mailbox that is there. */
export function draftOf(mailbox: Mailbox): Draft {
  const { label, user, host, port, tls } = mailbox;
  return { label, user, host, port: String(port), tls, password: "", confirmed: false };
}

/** The suggested server, when it is outside the address's domain and no provider's that is known (RFC 6186, 6). */
export function foreignServerOf(address: string, suggestion: Suggestion): ForeignServer | undefined {
  const { source, host, providerName } = suggestion;
  if (source !== "dns" || !host || providerName) return undefined;
  const domain = plain(address.split("@").at(-1) ?? "");
  const isWithin = plain(host) === domain || plain(host).endsWith(`.${domain}`);
  return isWithin ? undefined : { domain, host };
}

/** Whether the password would go there; a server that the user has typed is the user's own choice. */
export function goesTo(draft: Draft, server: ForeignServer | undefined): boolean {
  return server !== undefined && plain(draft.host) === plain(server.host);
}

function plain(host: string): string {
  return host.trim().toLowerCase().replace(/\.$/, "");
}

/** Whether the password goes elsewhere than it was entered for. */
export function goesElsewhere(draft: Draft, mailbox: Mailbox | undefined): boolean {
  if (!mailbox) return true;
  const stored = draftOf(mailbox);
  return DESTINATION.some((field) => draft[field] !== stored[field]);
}

/** What is missing or cannot be. Everything else is for the service and the server to say. */
export function mistakesIn(
  draft: Draft,
  needsPassword: boolean,
  foreign: ForeignServer | undefined,
): FieldErrors {
  const port = Number(draft.port);
  const mistakes: Partial<Record<Field, string>> = {};
  if (!draft.label.trim()) mistakes.label = texts.form.required;
  if (!draft.user.trim()) mistakes.user = texts.form.required;
  if (!draft.host.trim()) mistakes.host = texts.form.required;
  if (!Number.isInteger(port) || port < 1 || port > 65_535) mistakes.port = texts.form.portInvalid;
  if (needsPassword && !draft.password) mistakes.password = texts.form.required;
  if (goesTo(draft, foreign) && !draft.confirmed) mistakes.confirmed = texts.form.foreignMissing;
  return mistakes;
}

export function connectionOf(draft: Draft, mailbox: Mailbox | undefined): DraftBody {
  const { host, port, tls, user, password } = draft;
  return {
    id: mailbox?.id ?? null,
    host: host.trim(),
    port: Number(port),
    tls,
    user: user.trim(),
    password: password || null,
  };
}

export function bodyOf(draft: Draft, mailbox: Mailbox | undefined, id: string): MailboxBody {
  return { ...connectionOf(draft, mailbox), id, label: draft.label.trim(), etag: mailbox?.etag ?? null };
}
