// The list of trips: sections, rows, filters, keys.

import { _ } from "atw/i18n.js";
import { arrange, h, setText } from "./dom.js";
import { GROUPS, groupOf, isStuck, minutesLate, mobilityLabel, statusHue, statusLabel, viewed, VIEWS } from "./trips.js";

const PICKABLE = "scheduled";

export class TripList {
  /**
   * `parts` are elements, `clock` as of times.js; `on` holds `select(tripId)`, `pick(tripId)`,
   * `narrow()` when view or search changed.
   */
  constructor({ groups, filters, empty, search }, clock, on) {
    this.clock = clock;
    this.on = on;
    this.container = groups;
    this.empty = empty;
    this.search = search;
    this.rows = new Map();
    this.only = null;
    this.selected = null;
    this.picked = new Set();
    this.sections = new Map(VIEWS.map((view) => [view.id, section(view)]));
    this.buttons = new Map(VIEWS.map((view) => [view.id, this.#filter(view)]));
    groups.append(...GROUPS.map(({ id }) => this.sections.get(id).root));
    groups.append(...VIEWS.filter(({ holds }) => holds).map(({ id }) => this.sections.get(id).root));
    filters.append(...this.buttons.values());
    search.addEventListener("input", () => this.#narrow());
    groups.addEventListener("keydown", (event) => this.#walk(event));
  }

  /** Draws all trips (a Map by id); `context` is {nowMs, isToday, alarmed, picked}. */
  draw(trips, context) {
    this.trips = trips;
    this.context = context;
    this.redraw();
  }

  redraw() {
    if (!this.trips) return;
    const members = viewed(this.trips.values(), { ...this.context, query: this.search.value });
    for (const view of VIEWS) this.#drawSection(view, members.get(view.id));
    for (const id of this.rows.keys()) if (!this.trips.has(id)) this.rows.delete(id);
    const shown = this.only ? [members.get(this.only)] : GROUPS.map(({ id }) => members.get(id));
    this.#drawEmpty(shown.every((trips) => trips.length === 0));
  }

  /** Shows one view only (null: all sections). */
  narrow(view, query = this.search.value) {
    this.only = view;
    this.search.value = query;
    this.#narrow();
  }

  /** Marks the row of a trip (null: none) and brings it into view. */
  select(tripId) {
    this.rows.get(this.selected)?.button.removeAttribute("aria-current");
    this.selected = tripId;
    const row = this.rows.get(tripId);
    if (!row) return;
    row.button.setAttribute("aria-current", "true");
    const part = row.button.closest("details");
    if (part) part.open = true;
    row.root.scrollIntoView({ block: "nearest" });
  }

  /** The trip whose row has the focus, or null. */
  focused() {
    return Number(document.activeElement?.dataset?.trip) || null;
  }

  /** Goes one row on (1) or back (-1) from the one with the focus, or to the first. */
  step(step) {
    const buttons = [...this.container.querySelectorAll("details[open]:not([hidden]) .row")];
    const here = buttons.indexOf(document.activeElement);
    (here < 0 ? buttons[0] : buttons[here + step])?.focus();
  }

  #narrow() {
    this.redraw();
    this.on.narrow();
  }

  #filter(view) {
    const count = h("b", {}, "0");
    const button = h("button", { type: "button", "aria-pressed": "false", "data-view": view.id }, count, h("span", {}, view.label));
    button.addEventListener("click", () => this.narrow(this.only === view.id ? null : view.id));
    button.count = count;
    return button;
  }

  #drawSection(view, trips) {
    const part = this.sections.get(view.id);
    const isOnly = this.only === view.id;
    const button = this.buttons.get(view.id);
    setText(button.count, String(trips.length));
    button.setAttribute("aria-pressed", String(isOnly));
    button.classList.toggle("urgent", trips.length > 0 && ["risk", "alarms"].includes(view.id));
    setText(part.count, String(trips.length));
    // A trip has one row: only the sections that show it may hold it.
    const shown = isOnly || (this.only === null && !view.holds);
    part.root.hidden = !shown || trips.length === 0;
    if (isOnly) part.root.open = true;
    if (shown) arrange(part.list, trips.map((trip) => this.#row(trip).root));
  }

  #row(trip) {
    if (!this.rows.has(trip.id)) this.rows.set(trip.id, row(trip.id, this.on));
    const view = this.rows.get(trip.id);
    fillRow(view, trip, this.clock, this.context.nowMs);
    if (trip.id === this.selected) view.button.setAttribute("aria-current", "true");
    view.pick.disabled = trip.status !== PICKABLE;
    view.pick.checked = this.context.picked.has(trip.id);
    return view;
  }

  #drawEmpty(nothing) {
    this.empty.hidden = !nothing;
    const searched = this.search.value.trim();
    const text = this.only ? _("Nothing here now.") : _("No trips today yet.");
    setText(this.empty, searched ? _("No trip matches “{searched}”.", { searched }) : text);
  }

  #walk(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    this.step(step);
  }
}

function section(view) {
  const count = h("span", { class: "count" }, "0");
  const list = h("ul", {});
  const summary = h("summary", {}, h("h2", {}, view.label), count);
  const open = view.id !== "finished";
  return { root: h("details", { class: "group", open, hidden: true }, summary, list), list, count };
}

function row(id, on) {
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
    { type: "button", class: "row", onclick: () => on.select(id) },
    h("span", { class: "when" }, view.time, view.late),
    view.who,
    view.chip,
    view.way,
    view.crew,
  );
  view.pick = h("input", { type: "checkbox", class: "pick", "aria-label": _("Pick trip {id}", { id }), onchange: () => on.pick(id) });
  view.root = h("li", {}, view.pick, view.button);
  return view;
}

function fillRow(view, trip, clock, nowMs) {
  const late = minutesLate(trip, nowMs);
  setText(view.time, trip.scheduled_at ? clock.time(trip.scheduled_at) : "—");
  setText(view.late, late > 0 ? lateness(late) : trip.risk === "at_risk" ? _("at risk") : "");
  view.late.title = trip.why || (late > 0 ? _("{n} min late", { n: late }) : "");
  setText(view.who, trip.patient?.name ?? _("Trip {id}", { id: trip.id }));
  const state = isStuck(trip, nowMs) ? `${statusLabel(trip.status)} · ${_("too long")}` : statusLabel(trip.status);
  setText(view.chip, trip.pending ? `${state} · ${trip.pending}` : state);
  view.chip.toggleAttribute("data-pending", Boolean(trip.pending));
  setText(view.way, `${trip.pickup.address} → ${trip.dropoff.address}`);
  setText(view.crew, crew(trip));
  view.root.dataset.hue = statusHue(trip.status);
  view.root.draggable = groupOf(trip.status) !== "finished";
  view.button.dataset.trip = trip.id;
}

/** "+6 min", and in hours where minutes would say nothing any more. */
function lateness(minutes) {
  return minutes < 100 ? _("+{n} min", { n: minutes }) : _("+{n} h", { n: Math.round(minutes / 60) });
}

function crew(trip) {
  const names = [trip.vehicle?.name, trip.driver?.name].filter(Boolean);
  return names.length > 0 ? names.join(" · ") : mobilityLabel(trip.mobility);
}
