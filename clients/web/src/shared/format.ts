/** Numbers and times as people read them. */

import { texts } from "../texts";

const RELATIVE = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const MONTH = new Intl.DateTimeFormat("en", { month: "short", year: "numeric" });
const MOMENT = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "short" });
const STEPS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ["year", 31_557_600],
  ["month", 2_629_800],
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
];

/** "5 minutes ago", "in 2 hours"; less than a minute is now. */
export function relative(time: string, now: number = Date.now()): string {
  const seconds = (Date.parse(time) - now) / 1000;
  for (const [unit, size] of STEPS) {
    if (Math.abs(seconds) >= size) return RELATIVE.format(Math.trunc(seconds / size), unit);
  }
  return texts.common.now;
}

/** "Nov 2026" */
export function month(time: string): string {
  return MONTH.format(new Date(time));
}

/** "Nov 28, 2026, 9:30 AM" */
export function moment(time: string): string {
  return MOMENT.format(new Date(time));
}
