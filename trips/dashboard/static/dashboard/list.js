// The list of trips: sections, rows, filters, keys.

import { arrange, h, setText } from "./dom.js";
import { GROUPS, grouped, isStuck, minutesLate, mobilityLabel, statusHue, statusLabel } from "./trips.js";

export class TripList {
  /** `onSelect(tripId)` when a row is chosen; `clock` as of times.js. */
  constructor({ groups, filters, empty, search }, clock, onSelect) {
    this.clock = clock;
    this.onSelect = onSelect;
    this.container = groups;
    this.empty = empty;
    this.search = search;
    this.rows = new Map();
    this.only = null;
    this.selected = null;
    this.sections = new Map(GROUPS.map((group) => [group.id, section(group)]));
    this.buttons = new Map(GROUPS.map((group) => [group.id, this.#filter(group)]));
    groups.append(...[...this.sections.values()].map((part) => part.root));
    filters.append(...this.buttons.values());
    search.addEventListener("input", () => this.redraw());
    groups.addEventListener("keydown", (event) => this.#walk(event));
  }

  /** Draws all trips (a Map by id), at the server's time `nowMs`. */
  draw(trips, nowMs) {
    this.trips = trips;
    this.nowMs = nowMs;
    this.redraw();
  }

  redraw() {
    const members = grouped(this.trips.values(), this.search.value);
    for (const group of GROUPS) this.#drawSection(group, members.get(group.id));
    for (const id of this.rows.keys()) if (!this.trips.has(id)) this.rows.delete(id);
    this.#drawEmpty([...members.values()].every((trips) => trips.length === 0));
  }

  /** Marks the row of a trip (null: none) and brings it into view. */
  select(tripId) {
    this.rows.get(this.selected)?.button.removeAttribute("aria-current");
    this.selected = tripId;
    const row = this.rows.get(tripId);
    if (!row) return;
    row.button.setAttribute("aria-current", "true");
    row.button.closest("details").open = true;
    row.root.scrollIntoView({ block: "nearest" });
  }

  #filter(group) {
    const count = h("b", {}, "0");
    const button = h("button", { type: "button", "aria-pressed": "false" }, count, group.label);
    button.addEventListener("click", () => {
      this.only = this.only === group.id ? null : group.id;
      this.redraw();
    });
    button.count = count;
    return button;
  }

  #drawSection(group, trips) {
    const part = this.sections.get(group.id);
    const hidden = trips.length === 0 || (this.only !== null && this.only !== group.id);
    const button = this.buttons.get(group.id);
    setText(button.count, String(trips.length));
    button.setAttribute("aria-pressed", String(this.only === group.id));
    setText(part.count, String(trips.length));
    part.root.hidden = hidden;
    if (this.only === group.id) part.root.open = true;
    arrange(part.list, trips.map((trip) => this.#row(trip).root));
  }

  #row(trip) {
    if (!this.rows.has(trip.id)) this.rows.set(trip.id, row(trip.id, this.onSelect));
    const view = this.rows.get(trip.id);
    fillRow(view, trip, this.clock, this.nowMs);
    return view;
  }

  #drawEmpty(nothing) {
    this.empty.hidden = !nothing;
    const searched = this.search.value.trim();
    setText(this.empty, searched ? `No trip matches “${searched}”.` : "No trips today yet.");
  }

  #walk(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    const buttons = [...this.container.querySelectorAll("details[open]:not([hidden]) .row")];
    const next = buttons[buttons.indexOf(document.activeElement) + step];
    if (!next) return;
    event.preventDefault();
    next.focus();
  }
}

function section(group) {
  const count = h("span", { class: "count" }, "0");
  const list = h("ul", {});
  const summary = h("summary", {}, h("h2", {}, group.label), count);
  const open = group.id !== "finished";
  return { root: h("details", { class: "group", open, hidden: true }, summary, list), list, count };
}

function row(id, onSelect) {
  const part = (name) => h("span", { class: name });
  const view = {
    time: part("time"),
    late: part("late"),
    who: part("who"),
    chip: part("chip"),
    way: part("way"),
    crew: part("crew"),
  };
  view.button = h(
    "button",
    { type: "button", class: "row", onclick: () => onSelect(id) },
    h("span", { class: "when" }, view.time, view.late),
    view.who,
    view.chip,
    view.way,
    view.crew,
  );
  view.root = h("li", {}, view.button);
  return view;
}

function fillRow(view, trip, clock, nowMs) {
  const late = minutesLate(trip, nowMs);
  setText(view.time, trip.scheduled_at ? clock.time(trip.scheduled_at) : "—");
  setText(view.late, late > 0 ? `+${late} min` : trip.risk === "at_risk" ? "at risk" : "");
  view.late.title = trip.why || (late > 0 ? `${late} min late` : "");
  setText(view.who, trip.patient?.name ?? `Trip ${trip.id}`);
  setText(view.chip, statusLabel(trip.status) + (isStuck(trip, nowMs) ? " · too long" : ""));
  setText(view.way, `${trip.pickup.address} → ${trip.dropoff.address}`);
  setText(view.crew, crew(trip));
  view.button.dataset.hue = statusHue(trip.status);
  view.button.dataset.trip = trip.id;
}

function crew(trip) {
  const names = [trip.vehicle?.name, trip.driver?.name].filter(Boolean);
  return names.length > 0 ? names.join(" · ") : mobilityLabel(trip.mobility);
}
