// What a driver's phone concludes. Pure: time, position and the server's table are handed in.

const EARTH_M = 6371008.8;
const STARTED = ["en_route_pickup", "arrived_pickup", "in_progress", "arrived_dropoff"];
const BEFORE_PICKUP = ["assigned", "dispatched", "en_route_pickup", "arrived_pickup"];
/** The server lets a driver take a step back for so long. */
export const UNDO_MS = 120_000;
const MOVED_M = 15;
const MOVING_EVERY_MS = 3_000;
const STANDING_EVERY_MS = 30_000;

/**
 * The trips as they are once the unsent taps arrive. `life` is the server's table: by status
 * `{next, actions: {action: {to, requires}}}`. Such a trip has `unsent: true`.
 */
export function withTaps(trips, items, life) {
  const taps = items.filter((item) => item.kind === "tap" && !item.refused);
  return trips.map((trip) => taps.filter((tap) => tap.trip_id === trip.id).reduce(tapped, { ...trip }));

  function tapped(trip, tap) {
    if (tap.action === "undo" && trip.before) return { ...trip.before, unsent: true };
    const to = life[trip.status]?.actions[tap.action]?.to;
    const moved = to ? { status: to, state_since: tap.at, before: trip } : {};
    return { ...trip, ...moved, unsent: true };
  }
}

/** What the driver may do to a trip: the server's word, or its table while taps are unsent. */
export function actionsOf(trip, life) {
  const table = life[trip.status]?.actions ?? {};
  if (trip.unsent) return Object.keys(table);
  return (trip.actions ?? []).map((one) => one.action);
}

/** The one large step, or null. */
export function nextStep(trip, life) {
  const step = life[trip.status]?.next ?? null;
  return step && actionsOf(trip, life).includes(step) ? step : null;
}

/** Whether the driver still has something to do for it. */
export function isOpen(trip) {
  return BEFORE_PICKUP.includes(trip.status) || STARTED.includes(trip.status);
}

export function isStarted(trip) {
  return STARTED.includes(trip.status);
}

/** `{current, next, done}`: the trip at hand (the chosen one, else what is under way, else the first), the others. */
export function arranged(trips, chosenId) {
  const inTime = [...trips].sort(byTime);
  const open = inTime.filter(isOpen);
  const chosen = inTime.find((trip) => trip.id === chosenId);
  const current = chosen ?? open.find(isStarted) ?? open[0] ?? null;
  const others = (list) => list.filter((trip) => trip !== current);
  return { current, next: others(open), done: others(inTime.filter((trip) => !isOpen(trip))) };
}

function byTime(a, b) {
  return (a.scheduled_at ?? "~").localeCompare(b.scheduled_at ?? "~") || a.id - b.id;
}

/** "pickup" or "dropoff": where the driver goes, or stands, now. */
export function stopOf(trip) {
  return BEFORE_PICKUP.includes(trip.status) ? "pickup" : "dropoff";
}

/**
 * What the rules of a no-show say now: `{until, waits_ms, distance_m, near}`. The wait clock runs
 * from the arrival, but not before the agreed time. `distance_m` is null without a position.
 */
export function noShow(trip, company, now, position) {
  const began = Math.max(Date.parse(trip.state_since), Date.parse(trip.scheduled_at ?? trip.state_since));
  const until = began + company.no_show_wait_minutes * 60_000;
  const distance_m = position ? distance(position, trip.pickup) : null;
  const near = distance_m === null ? null : distance_m <= company.at_door_radius_m;
  return { until, waits_ms: Math.max(0, until - now), distance_m, near };
}

/** Metres between two `{latitude, longitude}`. */
export function distance(a, b) {
  const rad = Math.PI / 180;
  const [f, g] = [a.latitude * rad, b.latitude * rad];
  const across = Math.sin(((b.longitude - a.longitude) * rad) / 2) ** 2;
  const along = Math.sin((g - f) / 2) ** 2;
  return 2 * EARTH_M * Math.asin(Math.sqrt(along + Math.cos(f) * Math.cos(g) * across));
}

/** In how many ms a position is worth a place in the queue after the one kept last; 0: now. */
export function worthKeepingIn(last, fix, now) {
  if (!last) return 0;
  const every = distance(last, fix) >= MOVED_M ? MOVING_EVERY_MS : STANDING_EVERY_MS;
  return Math.max(0, Date.parse(last.recorded_at) + every - now);
}

/** One position of the Geolocation API as the server takes it. */
export function fixOf(found, battery, id) {
  const { latitude, longitude, speed, heading, accuracy, altitude } = found.coords;
  const known = { speed, heading, accuracy, altitude, battery };
  const more = Object.entries(known).filter(([, value]) => Number.isFinite(value));
  const recorded_at = new Date(found.timestamp).toISOString();
  return { latitude, longitude, recorded_at, id, ...Object.fromEntries(more) };
}

/** What an answer means for what was sent: "done", "later", "refused" or "signed-out". 0: no answer. */
export function verdict(status) {
  if (status >= 200 && status < 300) return "done";
  if (status === 401) return "signed-out";
  return status === 0 || [408, 425, 429].includes(status) || status >= 500 ? "later" : "refused";
}

/** How long to wait before trying again, in ms; `random` lies in [0, 1). */
export function pause(attempt, retryAfterS, random) {
  if (retryAfterS > 0) return retryAfterS * 1000;
  return Math.min(15_000, 1000 * 2 ** attempt) * (0.5 + 0.5 * random);
}

/** Which item goes next: in order, but a picture does not hold up taps. */
export function upNext(items, userId) {
  const mine = items.filter((item) => item.user_id === userId && !item.refused);
  return mine.find((item) => item.kind !== "file") ?? mine[0] ?? null;
}

/** How far the phone's clock is from the server's, in ms (above zero: fast). */
export function clockError(serverNow, sentAt, receivedAt) {
  return (sentAt + receivedAt) / 2 - Date.parse(serverNow);
}
