/** What is said about a contact in more than one place. */

import type { Contact } from "mailboxes-client";

import { month } from "../shared/format";
import { texts } from "../texts";

export type Kind = Exclude<Contact["kind"], "unknown">;
export const KINDS: readonly Kind[] = ["person", "role", "list", "automated"];

export const KIND_COLORS: Readonly<Record<Contact["kind"], string>> = {
  person: "indigo",
  role: "teal",
  list: "grape",
  automated: "gray",
  unknown: "gray",
};

/** The name, or the address of whoever has none. */
export function nameOf(contact: Contact): string {
  return contact.displayName || contact.address;
}

export function initialsOf(contact: Contact): string {
  const words = nameOf(contact)
    .replace(/@.*/, "")
    .split(/[\s._-]+/)
    .filter((word) => /^\p{L}/u.test(word));
  const letters = words.length > 1 ? [words[0], words.at(-1)] : words;
  return (
    letters
      .map((word) => String.fromCodePoint(word?.codePointAt(0) ?? 32).toUpperCase())
      .join("")
      .trim() || "?"
  );
}

/** One of the palette's colours, the same for the same contact. */
export function colorOf(contact: Contact): string {
  const colors = ["indigo", "teal", "grape", "cyan", "pink", "violet", "blue", "orange"];
  let sum = 0;
  for (const letter of contact.address.toLowerCase()) sum = (sum * 31 + letter.charCodeAt(0)) % 9973;
  return colors[sum % colors.length] ?? "indigo";
}

/** "Mail from Mar 2021 to Nov 2026: 12 sent to them, 8 received" */
export function activityOf({ firstAt, lastAt, wroteTo, received, seenTogether }: Contact): string {
  const counts = [
    wroteTo ? texts.contacts.sent(wroteTo) : "",
    received ? texts.contacts.received(received) : "",
    seenTogether ? texts.contacts.together(seenTogether) : "",
  ].filter(Boolean);
  const span = firstAt && lastAt ? texts.contacts.activity(month(firstAt), month(lastAt)) : "";
  return [span, counts.join(", ")].filter(Boolean).join(": ");
}
