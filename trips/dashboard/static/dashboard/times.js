// Times as the company reads them. Pure; the time zone and the present are handed in.

import { _, locale } from "atw/i18n.js";

/** Formatters for one IANA time zone; each takes an ISO time or ms and gives text. */
export function clockOf(timeZone) {
  const short = formatter({ timeZone, hour: "2-digit", minute: "2-digit" });
  const long = formatter({ timeZone, hour: "2-digit", minute: "2-digit", second: "2-digit" });
  const day = formatter({ timeZone, weekday: "short", day: "numeric", month: "short" });
  const zone = formatter({ timeZone, timeZoneName: "short" });
  return {
    time: (moment) => short.format(dateOf(moment)),
    seconds: (moment) => long.format(dateOf(moment)),
    day: (moment) => day.format(dateOf(moment)),
    zone: (moment) => zone.formatToParts(dateOf(moment)).find(isZone).value,
  };
}

/** "4 s ago", "3 min ago", "2 h ago"; never "in the future" when clocks differ a little. */
export function ago(iso, nowMs) {
  const seconds = Math.max(0, Math.round((nowMs - Date.parse(iso)) / 1000));
  if (seconds < 90) return _("{n} s ago", { n: seconds });
  if (seconds < 5400) return _("{n} min ago", { n: Math.round(seconds / 60) });
  return _("{n} h ago", { n: Math.round(seconds / 3600) });
}

/** The moment, ISO with Z, that a `datetime-local` field means in an IANA time zone. */
export function fromLocal(text, timeZone) {
  const wanted = Date.parse(`${text}Z`);
  const first = wanted - offsetMs(wanted, timeZone);
  // Once more: the offset at the first guess may be the one before a change of the clocks.
  return new Date(wanted - offsetMs(first, timeZone)).toISOString();
}

function offsetMs(moment, timeZone) {
  const options = { timeZone, hourCycle: "h23", dateStyle: "short", timeStyle: "medium" };
  const local = new Intl.DateTimeFormat("sv-SE", options).format(moment);
  return Date.parse(`${local.replace(" ", "T")}Z`) - Math.floor(moment / 1000) * 1000;
}

function formatter(options) {
  return new Intl.DateTimeFormat(locale, { hourCycle: "h23", ...options });
}

function dateOf(moment) {
  return new Date(moment);
}

function isZone(part) {
  return part.type === "timeZoneName";
}
