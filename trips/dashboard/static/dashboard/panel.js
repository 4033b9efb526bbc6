// The panel of what is selected: a trip with its road and what may be done, or a vehicle.

import { _, ngettext } from "atw/i18n.js";
import { actionLabel, arrangedActions, GIVING, isEnding } from "./actions.js";
import { Details } from "./details.js";
import { h, setText } from "./dom.js";
import { ago } from "./times.js";
import { minutesLate, mobilityLabel, statusHue, statusLabel, vehicleName } from "./trips.js";

const ROAD = [
  "assigned",
  "dispatched",
  "en_route_pickup",
  "arrived_pickup",
  "in_progress",
  "arrived_dropoff",
  "completed",
];

// A suggestion that somebody has followed already is no news.
const SUGGESTED = { en_route_pickup: "arrive_pickup", in_progress: "arrive_dropoff" };

export class Panel {
  /** `onClose()` when it is closed; `onAction({action, requires})` when a button is pressed. */
  constructor(root, clock, { onClose, onAction }) {
    this.root = root;
    this.clock = clock;
    this.onClose = onClose;
    this.onAction = onAction;
    this.key = null;
    this.details = null;
    this.actions = h("div", { class: "actions" });
  }

  hide() {
    this.root.hidden = true;
    this.key = null;
    this.details = null;
  }

  showTrip(trip, vehicle, nowMs) {
    const late = minutesLate(trip, nowMs);
    const seen = lastFix(vehicle, nowMs);
    this.#detailsOf(trip);
    if (this.#isShown(`trip ${trip.id} ${trip.version} ${trip.pending} ${late} ${estimate(trip, this.clock)}`, seen)) return;
    const day = trip.scheduled_at ? this.clock.day(trip.scheduled_at) : _("No time yet");
    const name = _("Trip {id}", { id: trip.id });
    this.#show(
      this.#head(trip.patient?.name ?? name, `${name} · ${day}`),
      h("p", { class: "chips" }, chips(trip, late)),
      road(trip.status),
      this.#stops(trip),
      this.actions,
      intake(trip),
      h("dl", { class: "facts" }, this.#facts(trip)),
      this.details.root,
    );
  }

  showVehicle(vehicle, nowMs) {
    const seen = lastFix(vehicle, nowMs);
    this.details = null;
    if (this.#isShown(`vehicle ${vehicle.id}`, seen)) return;
    this.#show(
      this.#head(vehicleName(vehicle), _("No trip under way")),
      h("dl", { class: "facts" }, this.#seen()),
    );
  }

  /** Shows something else of its own keys and focus, until a trip or vehicle is shown again. */
  showOther(element) {
    if (this.key === element) return;
    this.key = element;
    this.#show(element);
  }

  /** The buttons of what may be done now, from the server's answer; null: not known yet. */
  showActions(trip) {
    const key = trip && `${trip.id} ${trip.version}`;
    if (key === this.actionsKey) return;
    this.actionsKey = key;
    const rows = arrangedActions(trip?.actions ?? []);
    const [next, more] = [rows.next, rows.more].map((row) => row.map((one) => this.#button(one)));
    next[0]?.classList.replace("quiet", "primary");
    const others = h("details", { hidden: more.length === 0 }, h("summary", {}, _("More")), h("div", { class: "buttons" }, more));
    this.actions.replaceChildren(h("div", { class: "buttons" }, next), others);
  }

  #button(one) {
    const look = isEnding(one.action) ? "danger" : "quiet";
    const key = one.action === "assign" && h("kbd", { "aria-hidden": "true" }, "a");
    const label = actionLabel(one.action) + (GIVING.has(one.action) ? "…" : "");
    return h("button", { type: "button", class: `${look} action`, "data-action": one.action, onclick: () => this.onAction(one) }, label, key);
  }

  #detailsOf(trip) {
    if (this.details?.id !== trip.id) {
      this.details = new Details(trip.id, this.clock);
      this.showActions(null);
    }
    this.details.update(trip.version);
  }

  // What is there already stays: only the age of the last fix grows with every fix.
  #isShown(key, seen) {
    this.seen ??= h("dd", {});
    setText(this.seen, seen);
    if (this.key === key) return true;
    this.key = key;
    return false;
  }

  #seen() {
    return [h("dt", {}, _("Last seen")), this.seen];
  }

  #show(...parts) {
    const focused = this.root.contains(document.activeElement) && document.activeElement;
    this.root.replaceChildren(...parts);
    this.root.hidden = false;
    if (!focused) return;
    (this.root.contains(focused) ? focused : this.root.querySelector(".close")).focus();
  }

  #head(title, subtitle) {
    const close = { type: "button", class: "close", "aria-label": _("Close"), onclick: this.onClose };
    return h(
      "header",
      {},
      h("div", {}, h("h2", {}, title), h("p", {}, subtitle)),
      h("button", close, "×"),
    );
  }

  #stops(trip) {
    const when = trip.scheduled_at ? this.clock.time(trip.scheduled_at) : _("Will call");
    const due = trip.appointment_at ? _("by {at}", { at: this.clock.time(trip.appointment_at) }) : "";
    return h(
      "ol",
      { class: "stops" },
      stop(_("Pick-up"), when, trip.pickup.address),
      stop(_("Drop-off"), due, trip.dropoff.address),
    );
  }

  #facts(trip) {
    const said = estimate(trip, this.clock);
    return [
      fact(_("Driver"), trip.driver?.name ?? _("Nobody yet")),
      fact(_("Vehicle"), trip.vehicle?.name ?? _("None yet")),
      trip.facility ? fact(_("Facility"), trip.facility.name) : [],
      needs(trip) ? fact(_("Needs"), needs(trip)) : [],
      trip.notes ? fact(_("Notes"), trip.notes) : [],
      said ? fact(_("Estimate"), said) : [],
      this.#seen(),
    ].flat();
  }
}

function chips(trip, late) {
  return [
    h("span", { class: "chip", "data-hue": statusHue(trip.status) }, statusLabel(trip.status)),
    h("span", { class: "chip", "data-hue": "done" }, mobilityLabel(trip.mobility)),
    late > 0 && h("span", { class: "chip", "data-hue": "trouble" }, _("{n} min late", { n: late })),
    trip.pending && h("span", { class: "chip", "data-hue": "open", "data-pending": true }, trip.pending),
  ];
}

// To the pages that change what was agreed.
function intake({ id, return_of }) {
  const back = return_of === null && h("a", { class: "quiet small-button", href: `/dispatch/trips/new/?return_of=${id}` }, _("Book the way back"));
  return h("p", { class: "buttons" }, h("a", { class: "quiet small-button", href: `/dispatch/trips/${id}/edit/` }, _("Edit")), back);
}

function road(status) {
  const reached = ROAD.indexOf(status);
  if (reached < 0) return "";
  const label = _("Step {n} of {all}: {state}", { n: reached + 1, all: ROAD.length, state: statusLabel(status) });
  const steps = ROAD.map((step, index) => h("i", { class: index <= reached ? "reached" : null, title: statusLabel(step) }));
  return h("p", { class: "road", role: "img", "aria-label": label }, steps);
}

// The arrival, why it is judged so, and where the position says that it has come to pass.
function estimate(trip, clock) {
  const there = trip.suggestion && trip.suggestion === SUGGESTED[trip.status] && _("seems to be at the door");
  return [trip.eta && clock.time(trip.eta), trip.why, there].filter(Boolean).join(", ");
}

function needs(trip) {
  const escorts = trip.escorts > 0 ? [ngettext("{n} escort", "{n} escorts", trip.escorts)] : [];
  return [...(trip.needs ?? []), ...escorts].join(", ");
}

function stop(kind, when, address) {
  const head = h("span", { class: "kind" }, kind, when && h("b", {}, when));
  return h("li", {}, head, h("span", { class: "address" }, address));
}

function fact(name, value) {
  return [h("dt", {}, name), h("dd", {}, value)];
}

function lastFix(vehicle, nowMs) {
  if (!vehicle?.recorded_at) return _("never");
  const moving = vehicle.speed > 1 ? _("moving") : _("standing");
  return `${ago(vehicle.recorded_at, nowMs)}, ${moving}`;
}
