// Pure.

const NEAR_MS = 90 * 60_000;
const OVER = new Set(["cancelled", "rejected", "no_show", "missed"]);

/** Whether a trip of the same patient and day may be meant by a new one at `scheduledAt` (ISO). */
export function isTwin(trip, scheduledAt) {
  if (OVER.has(trip.status)) return false;
  if (!scheduledAt || !trip.scheduled_at) return true;
  return Math.abs(Date.parse(trip.scheduled_at) - Date.parse(scheduledAt)) <= NEAR_MS;
}
