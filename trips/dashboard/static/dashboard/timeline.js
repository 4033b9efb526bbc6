// The story of a trip in words. Pure.

import { _, locale } from "atw/i18n.js";

const EVENTS = {
  "trip.requested": _("Booked"),
  "trip.scheduled": _("Scheduled"),
  "trip.rejected": _("Turned down"),
  "trip.assigned": _("Assigned"),
  "trip.unassigned": _("Taken off the driver"),
  "trip.declined": _("Declined by the driver"),
  "trip.dispatched": _("Sent to the driver"),
  "trip.en_route_pickup": _("On the way"),
  "trip.arrived_pickup": _("At pick-up"),
  "trip.picked_up": _("Aboard"),
  "trip.arrived_dropoff": _("At drop-off"),
  "trip.completed": _("Completed"),
  "trip.no_show": _("No-show"),
  "trip.cancelled": _("Cancelled"),
  "trip.ready": _("Ready to be picked up"),
  "trip.missed": _("Missed"),
  "trip.transferred": _("Moved to another vehicle"),
  "trip.undone": _("Undone"),
  "trip.stuck": _("Too long in its state"),
  "trip.changed": _("Details changed"),
  "trip.confirmed": _("Confirmed by the patient"),
  "trip.corrected": _("Time corrected"),
  "trip.remeasured": _("Measured again"),
};
const SOURCES = {
  dispatcher: _("Dispatcher"),
  driver: _("Driver"),
  requester: _("Patient or facility"),
  system: _("The system"),
};
// Events that say that somebody stood somewhere.
const AT_A_STOP = new Set(["arrived_pickup", "picked_up", "arrived_dropoff", "completed", "no_show"].map((name) => `trip.${name}`));
// A phone's clock and ours never agree to the second.
const LATE_S = 60;
const OLD_POSITION_S = 60;

/** `{title, by, at, sent, where, said, inferred}` of one event of the evidence. */
export function told(event, clock) {
  return {
    title: EVENTS[event.event] ?? event.event,
    by: event.inferred ? _("inferred: nobody tapped it") : (event.actor_name ?? SOURCES[event.source] ?? event.source),
    at: clock.seconds(event.occurred_at),
    day: clock.day(event.occurred_at),
    sent: sentLater(event, clock),
    where: where(event),
    said: event.message,
    inferred: event.inferred,
  };
}

function sentLater(event, clock) {
  const seconds = (Date.parse(event.recorded_at) - Date.parse(event.occurred_at)) / 1000;
  return seconds > LATE_S ? _("reached us at {at}", { at: clock.seconds(event.recorded_at) }) : "";
}

function where(event) {
  if (!AT_A_STOP.has(event.event) || event.latitude === null || event.stop_distance_m === null) return "";
  const from = _("{distance} from the stop", { distance: distance(event.stop_distance_m) });
  const old = event.position_age_s > OLD_POSITION_S;
  return old ? `${from}, ${_("seen {n} min before", { n: Math.round(event.position_age_s / 60) })}` : from;
}

/** "80 m", "4.2 km". */
export function distance(meters) {
  return meters < 1000 ? `${Math.round(meters / 10) * 10} m` : `${(meters / 1000).toFixed(1)} km`;
}

const FATES = {
  queued: [_("waiting"), "open"],
  claimed: [_("being sent"), "open"],
  sent: [_("sent"), "aboard"],
  failed: [_("failed"), "trouble"],
  unknown: [_("no answer came"), "trouble"],
  skipped: [_("not sent"), "done"],
};
const CHANNELS = { in_app: _("in the app"), email: _("mail"), sms: _("SMS"), push: _("push") };
const READERS = {
  driver: _("Driver"),
  patient: _("Patient"),
  facility: _("Facility"),
  dispatcher: _("Dispatcher"),
  biller: _("Biller"),
  admin: _("Admin"),
  address: _("By address"),
};

/** `{what, to, state, hue, at}` of one notice. */
export function noticeTold(notice, clock) {
  const [state, hue] = FATES[notice.state] ?? [notice.state, "done"];
  const kind = notice.kind.replaceAll("_", " ");
  return {
    what: kind[0].toUpperCase() + kind.slice(1),
    to: `${READERS[notice.to] ?? notice.to}, ${CHANNELS[notice.channel] ?? notice.channel}`,
    state: notice.read_at ? _("read") : state,
    hue,
    at: clock.time(notice.sent_at ?? notice.at),
  };
}

/** Money as people write it. */
export function money(cents, currency) {
  return new Intl.NumberFormat(locale, { style: "currency", currency, currencyDisplay: "narrowSymbol" }).format(cents / 100);
}
