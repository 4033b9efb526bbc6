// What a trip means to a dispatcher: groups, words, order. Pure; the time is handed in.

import { _ } from "atw/i18n.js";

/** The sections of the list, in their order. */
export const GROUPS = [
  { id: "unassigned", label: _("Unassigned"), statuses: ["requested", "scheduled"] },
  {
    id: "active",
    label: _("On the road"),
    statuses: [
      "dispatched",
      "en_route_pickup",
      "arrived_pickup",
      "in_progress",
      "arrived_dropoff",
    ],
  },
  { id: "assigned", label: _("Assigned"), statuses: ["assigned"] },
  { id: "will_call", label: _("Will call"), statuses: ["will_call"] },
  {
    id: "finished",
    label: _("Finished"),
    statuses: ["completed", "cancelled", "no_show", "rejected", "missed"],
  },
];

// Each status: its words, and its hue (a custom property of the style sheet).
const STATUSES = {
  requested: [_("Requested"), "open"],
  scheduled: [_("Scheduled"), "open"],
  will_call: [_("Will call"), "done"],
  assigned: [_("Assigned"), "assigned"],
  dispatched: [_("Dispatched"), "assigned"],
  en_route_pickup: [_("To pick-up"), "driving"],
  arrived_pickup: [_("At pick-up"), "waiting"],
  in_progress: [_("Aboard"), "aboard"],
  arrived_dropoff: [_("At drop-off"), "arrived"],
  completed: [_("Completed"), "done"],
  cancelled: [_("Cancelled"), "trouble"],
  no_show: [_("No-show"), "trouble"],
  rejected: [_("Turned down"), "trouble"],
  missed: [_("Missed"), "trouble"],
};
const MOBILITIES = {
  ambulatory: _("Ambulatory"),
  wheelchair: _("Wheelchair"),
  bariatric_wheelchair: _("Bariatric wheelchair"),
  stretcher: _("Stretcher"),
  bariatric_stretcher: _("Bariatric stretcher"),
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

/** The ways to narrow the list, in the order of their buttons. */
export const VIEWS = [
  GROUPS[0],
  { id: "risk", label: _("Late, at risk"), holds: (trip, { nowMs }) => isAtRisk(trip, nowMs) },
  GROUPS[1],
  GROUPS[3],
  { id: "today", label: _("Today"), holds: (trip, { isToday }) => Boolean(trip.scheduled_at) && isToday(trip.scheduled_at) },
  GROUPS[2],
  { id: "alarms", label: _("Alarms"), holds: (trip, { alarmed }) => alarmed.has(trip.id) },
  GROUPS[4],
];

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

/** Whether somebody should look at it now: late, or about to be, or too long in its state. */
export function isAtRisk(trip, nowMs) {
  if (groupOf(trip.status) === "finished") return false;
  const judged = trip.risk === "late" || trip.risk === "at_risk";
  return judged || minutesLate(trip, nowMs) > 0 || isStuck(trip, nowMs);
}

/** Trips by view, `Map(id -> trips)`; `context` is {query, nowMs, isToday(iso), alarmed}. */
export function viewed(trips, context) {
  const all = [...trips];
  const members = grouped(all, context.query);
  for (const view of VIEWS) {
    if (!view.holds) continue;
    const held = all.filter((trip) => matches(trip, context.query) && view.holds(trip, context));
    members.set(view.id, held.sort(byTime));
  }
  return members;
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
  return Number.isInteger(vehicle.id) ? _("Vehicle {id}", { id: vehicle.id }) : _("Trip {id}", { id: vehicle.trip_ids[0] });
}

/** What a marker says of its age: 0 fresh, then ever paler (1.5, 5 and 30 minutes). */
export function staleness(recordedAt, nowMs) {
  const seconds = (nowMs - Date.parse(recordedAt)) / 1000;
  return [90, 300, 1800].filter((limit) => seconds > limit).length;
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
