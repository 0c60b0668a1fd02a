/** Numbers and times as people read them. */

import { texts } from "../texts";

// In numbers always: "yesterday" would be wrong of what was 40 hours ago.
const RELATIVE = new Intl.RelativeTimeFormat("en", { numeric: "always" });
const MONTH = new Intl.DateTimeFormat("en", { month: "short", year: "numeric" });
const MOMENT = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "short" });
const STEPS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ["year", 31_557_600],
  ["month", 2_629_800],
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
];

/** "5 minutes ago". Less than a minute is just now, and so is what only another clock can have seen. */
export function ago(time: string, now: number): string {
  return relative(Math.min(Date.parse(time) - now, 0)) ?? texts.common.now;
}

/** "in 2 hours". Less than a minute is any moment, and so is what should have been already. */
export function until(time: string, now: number): string {
  return relative(Math.max(Date.parse(time) - now, 0)) ?? texts.common.soon;
}

function relative(milliseconds: number): string | undefined {
  const seconds = milliseconds / 1000;
  const [unit, size] = STEPS.find(([, step]) => Math.abs(seconds) >= step) ?? [];
  return unit && size ? RELATIVE.format(Math.trunc(seconds / size), unit) : undefined;
}

/** "Nov 2026" */
export function month(time: string): string {
  return MONTH.format(new Date(time));
}

/** "Nov 28, 2026, 9:30 AM" */
export function moment(time: string): string {
  return MOMENT.format(new Date(time));
}
