import { useEffect, useState } from "react";

/** How often it is looked at the clock, in milliseconds. */
const TICK = 30_000;

/** The time now, and again and again: else "just now" would stay for as long as the page is open. */
export function useNow(): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => {
      setNow(Date.now());
    }, TICK);
    return () => {
      clearInterval(timer);
    };
  }, []);
  return now;
}
