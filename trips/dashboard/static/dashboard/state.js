// What a client of a socket knows, and how each frame changes it (protocol atw.v1).
// No socket, no clock and no randomness in here: trips/realtime/client_state.py is
// the same in Python, and docs/protocol/vectors/*.json holds both to one behaviour.

const ACK_EVERY = 64;
const KEPT_NOTIFICATIONS = 200;
const POSITION = ["latitude", "longitude", "speed", "heading", "recorded_at"];
const STARTED = new Set(["en_route_pickup", "arrived_pickup", "in_progress", "arrived_dropoff"]);
const ENDED = new Set(["completed", "cancelled", "no_show", "rejected", "missed"]);
const ETA = ["eta", "lateness_s", "risk", "why", "suggestion"];
// A new login or another right is needed: trying again would only repeat the answer.
const FINAL_CODES = new Set([4401, 4403, 4404]);
// The server asked us to come back: too slow a reader (4408), a draining server (4012).
const PROMPT_CODES = new Set([4408, 4012]);

/**
 * @returns the state of a client that has never been connected. `trips` and `vehicles` are
 * maps by id as in the snapshot, `notifications` newest first, `offlineSince` in ms, `seq` the
 * last number applied, `stopped` the close code after which there is no reconnection.
 */
export function initialState() {
  return {
    stream: null,
    epoch: null,
    seq: null,
    status: "offline",
    offlineSince: null,
    stopped: null,
    trips: new Map(),
    vehicles: new Map(),
    notifications: [],
    unread: 0,
    tasks: new Map(),
    error: null,
    lastFrameAt: null,
    frames: 0,
    acked: 0,
    serverEpoch: null,
    waiting: false,
    waitedHeartbeats: 0,
    counters: { frames: 0, duplicates: 0, gaps: 0, resumes: 0, stale: 0, unknown: 0 },
  };
}

/** What happened: frames to send, and what has to be drawn again. */
function effects() {
  return { send: [], all: false, status: false, notifications: false, trips: [], vehicles: [] };
}

/** The socket is open (its `hello` follows). `now` in ms. */
export function opened(state, now) {
  const out = effects();
  state.lastFrameAt = now;
  state.frames = 0;
  state.acked = 0;
  state.waiting = false;
  setStatus(state, "catching-up", out);
  return out;
}

/** The socket is closed, with the close code or null. */
export function closed(state, code, now) {
  const out = effects();
  state.waiting = false;
  if (FINAL_CODES.has(code)) state.stopped = code;
  // The last sign of life is what the reader's picture is from, not our noticing.
  state.offlineSince ??= state.lastFrameAt ?? now;
  setStatus(state, "offline", out);
  return out;
}

/** One frame arrived. Changes the state and says what to send and to draw. */
export function received(state, frame, now) {
  const out = effects();
  state.lastFrameAt = now;
  state.counters.frames += 1;
  if (frame.type === "hello") return hello(state, frame, out);
  state.frames += 1;
  const control = CONTROL[frame.type];
  if (control) control(state, frame, out);
  else if (!Number.isInteger(frame.seq)) show(state, frame, out);
  else numbered(state, frame, out);
  if (state.frames - state.acked >= ACK_EVERY) acknowledge(state, out);
  return out;
}

/** Five seconds have passed: acknowledge what was received since the last time. */
export function ticked(state) {
  const out = effects();
  if (state.frames > state.acked) acknowledge(state, out);
  return out;
}

/**
 * How long to wait before connecting again, in ms; null means never. `attempt` counts from 0
 * since the board was last live, `random` lies in [0, 1).
 */
export function reconnectDelay(code, attempt, random) {
  if (FINAL_CODES.has(code)) return null;
  if (PROMPT_CODES.has(code) && attempt === 0) return 1000 * random;
  return Math.min(15000, 500 * 2 ** attempt) * (0.5 + 0.5 * random);
}

function hello(state, frame, out) {
  state.stream = frame.stream;
  state.serverEpoch = frame.epoch;
  resume(state, out);
  return out;
}

function resume(state, out, { fromScratch = false } = {}) {
  const known = state.epoch !== null && !fromScratch;
  out.send.push(
    known ? { type: "resume", epoch: state.epoch, since: state.seq } : { type: "resume" },
  );
  state.counters.resumes += 1;
  state.waiting = true;
  state.waitedHeartbeats = 0;
  setStatus(state, "catching-up", out);
}

function acknowledge(state, out) {
  out.send.push({ type: "ack", frames: state.frames });
  state.acked = state.frames;
}

function setStatus(state, status, out) {
  if (status === "live") state.offlineSince = null;
  if (status === state.status) return;
  state.status = status;
  out.status = true;
}

const CONTROL = { snapshot, resumed, heartbeat };

function snapshot(state, frame, out) {
  const sameEpoch = state.epoch === state.serverEpoch;
  const before = { trips: state.trips, vehicles: state.vehicles };
  state.trips = byId(frame.trips);
  state.vehicles = byId(frame.vehicles);
  if (sameEpoch) keepNewer(state, before);
  for (const eta of frame.etas ?? []) tripEta(state, eta, out);
  if (frame.notifications) state.notifications = frame.notifications.slice();
  state.unread = frame.unread ?? state.unread;
  state.epoch = state.serverEpoch;
  state.seq = frame.seq;
  state.waiting = false;
  out.all = true;
  setStatus(state, "live", out);
}

function byId(items) {
  return new Map((items ?? []).map((item) => [item.id, item]));
}

// A snapshot was read a moment before it arrived: a fix or a tap that overtook it stays.
function keepNewer(state, before) {
  for (const [id, trip] of state.trips) {
    const known = before.trips.get(id);
    if (known && known.version > trip.version) state.trips.set(id, known);
  }
  for (const vehicle of state.vehicles.values()) {
    const known = before.vehicles.get(vehicle.id);
    if (known && isLater(known.recorded_at, vehicle.recorded_at)) copy(POSITION, known, vehicle);
  }
}

function resumed(state, frame, out) {
  // recovered:false announces a snapshot, which ends the waiting.
  if (!frame.recovered) return;
  state.waiting = false;
  if (frame.seq > state.seq || state.epoch !== state.serverEpoch) {
    resume(state, out, { fromScratch: true });
  } else setStatus(state, "live", out);
}

function heartbeat(state, frame, out) {
  if (state.waiting) {
    // One answer may be on its way; after two heartbeats the question is lost.
    state.waitedHeartbeats += 1;
    if (state.waitedHeartbeats >= 2) resume(state, out);
  } else if (frame.seq > state.seq) resume(state, out);
}

function numbered(state, frame, out) {
  if (state.epoch === null || state.epoch !== state.serverEpoch) return;
  if (frame.seq <= state.seq) {
    state.counters.duplicates += 1;
  } else if (frame.seq === state.seq + 1) {
    state.seq = frame.seq;
    show(state, frame, out);
  } else if (!state.waiting) {
    state.counters.gaps += 1;
    resume(state, out);
  }
}

function show(state, frame, out) {
  const shower = SHOWERS[frame.type];
  if (shower) shower(state, frame, out);
  else state.counters.unknown += 1;
}

const SHOWERS = {
  "trip.event": tripEvent,
  "trip.eta": tripEta,
  "gps.batch": (state, frame, out) => frame.fixes.forEach((fix) => position(state, fix, out)),
  gps_update: position,
  notification,
  task: (state, frame) => state.tasks.set(frame.id, frame),
  error: (state, frame) => void (state.error = frame),
  ack: () => {},
};

function tripEvent(state, frame, out) {
  const known = state.trips.get(frame.trip_id);
  if (known && known.version >= frame.version) return;
  const trip = { ...frame.trip };
  if (known && !ENDED.has(trip.status)) {
    for (const key of ETA) if (!(key in trip) && key in known) trip[key] = known[key];
  }
  state.trips.set(frame.trip_id, trip);
  out.trips.push(frame.trip_id);
  load(state, trip, out);
}

// A vehicle carries its started trips, the newest first; its driver is the first one's.
function load(state, trip, out) {
  const carrier = STARTED.has(trip.status) ? trip.vehicle?.id : undefined;
  const since = (id) => state.trips.get(id)?.state_since ?? "";
  for (const vehicle of state.vehicles.values()) {
    if (!Number.isInteger(vehicle.id)) continue;
    const aboard = vehicle.trip_ids.filter((id) => id !== trip.id);
    if (vehicle.id === carrier) {
      aboard.unshift(trip.id);
      aboard.sort((a, b) => (since(a) < since(b) ? 1 : since(a) > since(b) ? -1 : 0));
    }
    if (String(aboard) === String(vehicle.trip_ids)) continue;
    vehicle.trip_ids = aboard;
    vehicle.driver_id = state.trips.get(aboard[0])?.driver?.id ?? null;
    out.vehicles.push(vehicle.id);
  }
}

function tripEta(state, frame, out) {
  const trip = state.trips.get(frame.trip_id);
  // One that was under way when the trip ended comes too late.
  if (!trip || ENDED.has(trip.status)) return;
  for (const key of ETA) if (key in frame) trip[key] = frame[key];
  out.trips.push(frame.trip_id);
}

function position(state, fix, out) {
  const known = state.vehicles.get(markerOf(fix));
  if (known && !isLater(fix.recorded_at, known.recorded_at)) {
    state.counters.stale += 1;
    return;
  }
  const vehicle = known ?? unnamedVehicle(fix);
  copy(POSITION, fix, vehicle);
  state.vehicles.set(vehicle.id, vehicle);
  out.vehicles.push(vehicle.id);
}

// A driver on a trip without a known vehicle has a marker of the trip's own.
function markerOf(fix) {
  return fix.vehicle_id ?? `trip:${fix.trip_id}`;
}

function unnamedVehicle(fix) {
  const tripIds = fix.trip_id === null ? [] : [fix.trip_id];
  return { id: markerOf(fix), name: null, trip_ids: tripIds, driver_id: null };
}

function notification(state, { notification: notice }, out) {
  const shown = state.notifications;
  const isRead = notice.read_at !== null;
  const known = shown.findIndex((one) => one.id === notice.id);
  // One that is older than all that is shown was read elsewhere.
  if (known >= 0 || (isRead && shown.length > 0 && notice.id < shown.at(-1).id)) {
    if (!isRead || (known >= 0 && shown[known].read_at !== null)) return;
    if (known >= 0) shown[known] = notice;
    state.unread = Math.max(0, state.unread - 1);
  } else {
    shown.unshift(notice);
    shown.length = Math.min(shown.length, KEPT_NOTIFICATIONS);
    if (!isRead) state.unread += 1;
  }
  out.notifications = true;
}

function copy(keys, from, to) {
  for (const key of keys) to[key] = from[key];
}

// Times are UTC with a Z; without it "…:00" sorts before "…:00.5", as it should.
function isLater(left, right) {
  if (!left || !right) return Boolean(left);
  return left.slice(0, -1) > right.slice(0, -1);
}
