// Times as the company reads them. Pure; the time zone and the present are handed in.

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
  if (seconds < 90) return `${seconds} s ago`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min ago`;
  return `${Math.round(seconds / 3600)} h ago`;
}

function formatter(options) {
  return new Intl.DateTimeFormat("en-GB", { hourCycle: "h23", ...options });
}

function dateOf(moment) {
  return new Date(moment);
}

function isZone(part) {
  return part.type === "timeZoneName";
}
