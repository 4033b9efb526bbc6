// A day and a time of the company's clock, and the moment that they mean. Pure.

import { fromLocal } from "../dashboard/times.js";

const DAY_MS = 86_400_000;

/** `{day: "2026-11-20", time: "08:30"}` of a moment, in an IANA time zone; empty for none. */
export function localParts(iso, timeZone) {
  if (!iso) return { day: "", time: "" };
  const options = { timeZone, hourCycle: "h23", dateStyle: "short", timeStyle: "short" };
  const [day, time] = new Intl.DateTimeFormat("sv-SE", options).format(new Date(iso)).split(" ");
  return { day, time };
}

/** The moment as ISO; null where day or time is missing. */
export function momentOf(day, time, timeZone) {
  return day && time ? fromLocal(`${day}T${time}`, timeZone) : null;
}

/** The day of the way back: the next one where its time is earlier than the pick-up. */
export function returnDay(day, pickupTime, returnTime) {
  return day && pickupTime && returnTime && returnTime <= pickupTime ? shifted(day, 1) : day;
}

/** "2026-11-21" of ("2026-11-20", 1). */
export function shifted(day, days) {
  return new Date(Date.parse(`${day}T00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);
}
