// What a trip means to a dispatcher: groups, words, order. Pure; the time is handed in.

/** The sections of the list, in their order. */
export const GROUPS = [
  { id: "unassigned", label: "Unassigned", statuses: ["requested", "scheduled"] },
  {
    id: "active",
    label: "On the road",
    statuses: [
      "dispatched",
      "en_route_pickup",
      "arrived_pickup",
      "in_progress",
      "arrived_dropoff",
    ],
  },
  { id: "assigned", label: "Assigned", statuses: ["assigned"] },
  { id: "will_call", label: "Will call", statuses: ["will_call"] },
  {
    id: "finished",
    label: "Finished",
    statuses: ["completed", "cancelled", "no_show", "rejected", "missed"],
  },
];

// Each status: its words, and its hue (a custom property of the style sheet).
const STATUSES = {
  requested: ["Requested", "open"],
  scheduled: ["Scheduled", "open"],
  will_call: ["Will call", "done"],
  assigned: ["Assigned", "assigned"],
  dispatched: ["Dispatched", "assigned"],
  en_route_pickup: ["To pick-up", "driving"],
  arrived_pickup: ["At pick-up", "waiting"],
  in_progress: ["Aboard", "aboard"],
  arrived_dropoff: ["At drop-off", "arrived"],
  completed: ["Completed", "done"],
  cancelled: ["Cancelled", "trouble"],
  no_show: ["No-show", "trouble"],
  rejected: ["Turned down", "trouble"],
  missed: ["Missed", "trouble"],
};
const MOBILITIES = {
  ambulatory: "Ambulatory",
  wheelchair: "Wheelchair",
  bariatric_wheelchair: "Bariatric wheelchair",
  stretcher: "Stretcher",
  bariatric_stretcher: "Bariatric stretcher",
};
const BEFORE_PICKUP = new Set([
  "requested",
  "scheduled",
  "assigned",
  "dispatched",
  "en_route_pickup",
]);
const GROUP_OF = new Map(GROUPS.flatMap((group) => group.statuses.map((s) => [s, group.id])));
const ROAD = GROUPS.find((group) => group.id === "active").statuses;

/** The id of the section a status belongs to; new statuses of a newer server count as open. */
export function groupOf(status) {
  return GROUP_OF.get(status) ?? "unassigned";
}

export function statusLabel(status) {
  return STATUSES[status]?.[0] ?? status.replaceAll("_", " ");
}

export function statusHue(status) {
  return STATUSES[status]?.[1] ?? "done";
}

export function mobilityLabel(mobility) {
  return MOBILITIES[mobility] ?? mobility;
}

/**
 * Whole minutes late: by the estimate where there is one, else past the agreed pick-up time
 * and not there yet; 0 when on time.
 */
export function minutesLate(trip, nowMs) {
  if (trip.lateness_s !== undefined && trip.lateness_s !== null) {
    return Math.max(0, Math.floor(trip.lateness_s / 60));
  }
  if (!trip.scheduled_at || !BEFORE_PICKUP.has(trip.status)) return 0;
  return Math.max(0, Math.floor((nowMs - Date.parse(trip.scheduled_at)) / 60000));
}

/** Whether it stands too long in its state; the server says from when on. */
export function isStuck(trip, nowMs) {
  return Boolean(trip.stuck_at) && Date.parse(trip.stuck_at) <= nowMs;
}

/**
 * The trips that a snapshot taken now would hold (a Map by id): events bring others in, and
 * ended ones grow old. `reach` is {ended_shown_s, ahead_s}, the server's own limits.
 */
export function onBoard(trips, reach, nowMs) {
  return new Map([...trips].filter(([, trip]) => isOnBoard(trip, reach, nowMs)));
}

function isOnBoard(trip, reach, nowMs) {
  const changedLately = nowMs - Date.parse(trip.state_since) <= reach.ended_shown_s * 1000;
  if (groupOf(trip.status) === "finished") return changedLately;
  if (!trip.scheduled_at || changedLately) return true;
  return Date.parse(trip.scheduled_at) - nowMs <= reach.ahead_s * 1000;
}

/** Trips by section: `Map(id -> trips)`, each by time; what has ended: the latest first. */
export function grouped(trips, query) {
  const sections = new Map(GROUPS.map((group) => [group.id, []]));
  for (const trip of trips) {
    if (matches(trip, query)) sections.get(groupOf(trip.status)).push(trip);
  }
  for (const [id, members] of sections) {
    members.sort(byTime);
    if (id === "finished") members.reverse();
  }
  return sections;
}

function byTime(left, right) {
  const [a, b] = [left.scheduled_at ?? "~", right.scheduled_at ?? "~"];
  if (a === b) return left.id - right.id;
  return a < b ? -1 : 1;
}

/** Whether every word of the query is somewhere in what the row says. */
export function matches(trip, query) {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return true;
  const text = searchText(trip);
  return words.every((word) => text.includes(word));
}

function searchText(trip) {
  const { patient, pickup, dropoff, driver, vehicle } = trip;
  return [
    `#${trip.id}`,
    statusLabel(trip.status),
    mobilityLabel(trip.mobility),
    patient?.name,
    pickup?.address,
    dropoff?.address,
    driver?.name,
    vehicle?.name,
  ]
    .join(" ")
    .toLowerCase();
}

/** A vehicle's name; a marker of a trip without a known vehicle has the trip's. */
export function vehicleName(vehicle) {
  if (vehicle.name !== null) return vehicle.name;
  return Number.isInteger(vehicle.id) ? `Vehicle ${vehicle.id}` : `Trip ${vehicle.trip_ids[0]}`;
}

/** The trip that each vehicle is busy with: `Map(vehicle id -> trip)`, the furthest one. */
export function currentTrips(trips) {
  const current = new Map();
  for (const trip of trips) {
    if (!trip.vehicle || !ROAD.includes(trip.status)) continue;
    const known = current.get(trip.vehicle.id);
    if (!known || ROAD.indexOf(trip.status) > ROAD.indexOf(known.status)) {
      current.set(trip.vehicle.id, trip);
    }
  }
  return current;
}
