// The days of a standing order as a form has them, and as RFC 5545 writes them. Pure.

export const WEEKDAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];
const UNITS = new Set(["DAILY", "WEEKLY", "MONTHLY"]);

/** The rule of `{frequency, interval, days}`; days of the week count for weeks only. */
export function ruleOf({ frequency, interval, days }) {
  const parts = [`FREQ=${frequency}`];
  if (interval > 1) parts.push(`INTERVAL=${interval}`);
  const chosen = WEEKDAYS.filter((day) => days.includes(day));
  if (frequency === "WEEKLY" && chosen.length > 0) parts.push(`BYDAY=${chosen.join(",")}`);
  return parts.join(";");
}

/** `{frequency, interval, days}` of a rule; null where a form of three fields cannot say it. */
export function partsOf(rule) {
  const parts = new Map(rule.split(";").map((part) => part.split("=")));
  const [frequency, interval, days] = [parts.get("FREQ"), Number(parts.get("INTERVAL") ?? 1), parts.get("BYDAY")?.split(",") ?? []];
  // The server writes down the first day of the week, too.
  if (parts.get("WKST") === "MO") parts.delete("WKST");
  const others = [...parts.keys()].some((name) => !["FREQ", "INTERVAL", "BYDAY"].includes(name));
  const plain = days.every((day) => WEEKDAYS.includes(day)) && (frequency === "WEEKLY" || days.length === 0);
  return UNITS.has(frequency) && plain && !others ? { frequency, interval, days } : null;
}
