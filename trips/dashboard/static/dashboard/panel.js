// The panel of what is selected: a trip with its road, or a vehicle without a trip.

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
  /** `onClose()` when it is closed by its button or by Escape. */
  constructor(root, clock, onClose) {
    this.root = root;
    this.clock = clock;
    this.onClose = onClose;
    this.key = null;
  }

  hide() {
    this.root.hidden = true;
    this.key = null;
  }

  showTrip(trip, vehicle, nowMs) {
    const late = minutesLate(trip, nowMs);
    const seen = lastFix(vehicle, nowMs);
    if (this.#isShown(`trip ${trip.id} ${trip.version} ${late} ${estimate(trip, this.clock)}`, seen)) return;
    const day = trip.scheduled_at ? this.clock.day(trip.scheduled_at) : "No time yet";
    this.#show(
      this.#head(trip.patient?.name ?? `Trip ${trip.id}`, `Trip ${trip.id} · ${day}`),
      h("p", { class: "chips" }, chips(trip, late)),
      road(trip.status),
      this.#stops(trip),
      h("dl", { class: "facts" }, this.#facts(trip)),
    );
  }

  showVehicle(vehicle, nowMs) {
    const seen = lastFix(vehicle, nowMs);
    if (this.#isShown(`vehicle ${vehicle.id}`, seen)) return;
    this.#show(
      this.#head(vehicleName(vehicle), "No trip under way"),
      h("dl", { class: "facts" }, this.#seen()),
    );
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
    return [h("dt", {}, "Last seen"), this.seen];
  }

  #show(...parts) {
    const hadFocus = this.root.contains(document.activeElement);
    this.root.replaceChildren(...parts);
    this.root.hidden = false;
    if (hadFocus) this.root.querySelector(".close").focus();
  }

  #head(title, subtitle) {
    const close = { type: "button", class: "close", "aria-label": "Close", onclick: this.onClose };
    return h(
      "header",
      {},
      h("div", {}, h("h2", {}, title), h("p", {}, subtitle)),
      h("button", close, "×"),
    );
  }

  #stops(trip) {
    const when = trip.scheduled_at ? this.clock.time(trip.scheduled_at) : "Will call";
    const due = trip.appointment_at ? `by ${this.clock.time(trip.appointment_at)}` : "";
    return h(
      "ol",
      { class: "stops" },
      stop("Pick-up", when, trip.pickup.address),
      stop("Drop-off", due, trip.dropoff.address),
    );
  }

  #facts(trip) {
    const said = estimate(trip, this.clock);
    return [
      fact("Driver", trip.driver?.name ?? "Nobody yet"),
      fact("Vehicle", trip.vehicle?.name ?? "None yet"),
      trip.facility ? fact("Facility", trip.facility.name) : [],
      needs(trip) ? fact("Needs", needs(trip)) : [],
      trip.notes ? fact("Notes", trip.notes) : [],
      said ? fact("Estimate", said) : [],
      this.#seen(),
    ].flat();
  }
}

function chips(trip, late) {
  return [
    h("span", { class: "chip", "data-hue": statusHue(trip.status) }, statusLabel(trip.status)),
    h("span", { class: "chip", "data-hue": "done" }, mobilityLabel(trip.mobility)),
    late > 0 && h("span", { class: "chip", "data-hue": "trouble" }, `${late} min late`),
  ];
}

function road(status) {
  const reached = ROAD.indexOf(status);
  if (reached < 0) return "";
  const label = `Step ${reached + 1} of ${ROAD.length}: ${statusLabel(status)}`;
  const steps = ROAD.map((_, index) => h("i", { class: index <= reached ? "reached" : null }));
  return h("p", { class: "road", role: "img", "aria-label": label }, steps);
}

// The arrival, why it is judged so, and where the position says that it has come to pass.
function estimate(trip, clock) {
  const there = trip.suggestion === SUGGESTED[trip.status] && "seems to be at the door";
  return [trip.eta && clock.time(trip.eta), trip.why, there].filter(Boolean).join(", ");
}

function needs(trip) {
  const escorts = trip.escorts > 0 ? [`${trip.escorts} escort${trip.escorts > 1 ? "s" : ""}`] : [];
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
  if (!vehicle?.recorded_at) return "never";
  const moving = vehicle.speed > 1 ? "moving" : "standing";
  return `${ago(vehicle.recorded_at, nowMs)}, ${moving}`;
}
