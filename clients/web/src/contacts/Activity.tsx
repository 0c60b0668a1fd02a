/** When there was mail with somebody, and how much in which direction, at a glance. */

import { Tooltip } from "@mantine/core";
import type { Contact } from "mailboxes-client";

import { activityOf } from "./people";

const WIDTH = 132;
const HEIGHT = 26;
/** Pixels on each side of the line in the middle, at most. */
const REACH = 11;
const THINNEST = 2;

/** The time that all pictures of a list share, so that they can be compared. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

export function spanOf(contacts: readonly Contact[]): Span {
  const now = Date.now();
  const starts = contacts.flatMap(({ firstAt }) => (firstAt ? [Date.parse(firstAt)] : []));
  return { from: Math.min(now - 30 * 86_400_000, ...starts), to: now };
}

export function Activity({ contact, span }: { readonly contact: Contact; readonly span: Span }) {
  const words = activityOf(contact);
  if (!contact.firstAt || !contact.lastAt) return <span>{words}</span>;
  const x = (time: string) => ((Date.parse(time) - span.from) / (span.to - span.from)) * (WIDTH - 4);
  const left = x(contact.firstAt);
  const width = Math.max(4, x(contact.lastAt) - left + 4);
  const middle = HEIGHT / 2;
  const sent = thickness(contact.wroteTo);
  const received = thickness(contact.received + contact.seenTogether);
  return (
    <Tooltip label={words}>
      <svg width={WIDTH} height={HEIGHT} role="img" aria-label={words}>
        <rect className="picture-track" x={0} y={middle - 0.5} width={WIDTH} height={1} />
        {sent > 0 && (
          <rect
            className="picture-sent"
            x={left}
            y={middle - 0.5 - sent}
            width={width}
            height={sent}
            rx={1.5}
          />
        )}
        {received > 0 && (
          <rect
            className="picture-received"
            x={left}
            y={middle + 0.5}
            width={width}
            height={received}
            rx={1.5}
          />
        )}
      </svg>
    </Tooltip>
  );
}

/** Ten times as many messages are one step thicker: a few must be seen beside thousands. */
function thickness(messages: number): number {
  return messages ? Math.min(REACH, THINNEST + Math.log10(messages) * 3) : 0;
}
