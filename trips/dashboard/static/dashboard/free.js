// The vehicles without a trip under way, below the trips: by keys and screen readers too.

import { _ } from "atw/i18n.js";
import { arrange, h, setText } from "./dom.js";
import { ago } from "./times.js";
import { vehicleName } from "./trips.js";

export class FreeVehicles {
  /** Adds its section to `groups`; `onSelect(vehicleId)` when one is chosen. */
  constructor(groups, onSelect) {
    this.onSelect = onSelect;
    this.rows = new Map();
    this.count = h("span", { class: "count" }, "0");
    this.list = h("ul", {});
    const summary = h("summary", {}, h("h2", {}, _("Vehicles without a trip")), this.count);
    this.root = h("details", { class: "group", hidden: true, ontoggle: () => this.#fill() }, summary, this.list);
    groups.append(this.root);
  }

  /** Of all `vehicles` those that nobody in `current` keeps busy, whose name has every word. */
  draw(vehicles, current, { query, nowMs, hidden }) {
    const words = query.toLowerCase().split(/\s+/).filter(Boolean);
    const named = (vehicle) => words.every((word) => vehicleName(vehicle).toLowerCase().includes(word));
    const free = [...vehicles.values()].filter((one) => Number.isInteger(one.id) && !current.has(one.id) && named(one));
    this.shown = { free: free.sort((a, b) => (a.name < b.name ? -1 : 1)), nowMs };
    this.root.hidden = hidden || free.length === 0;
    setText(this.count, String(free.length));
    this.#fill();
  }

  /** Marks the one that is selected; null: none. */
  mark(selected) {
    for (const [id, { button }] of this.rows) {
      if (id === selected) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
    }
  }

  // Rows only where somebody looks at them.
  #fill() {
    if (!this.root.open || this.root.hidden) return;
    const { free, nowMs } = this.shown;
    arrange(this.list, free.map((vehicle) => this.#row(vehicle, nowMs)));
    const kept = new Set(free.map(({ id }) => id));
    for (const id of this.rows.keys()) if (!kept.has(id)) this.rows.delete(id);
  }

  #row({ id, name, recorded_at }, nowMs) {
    if (!this.rows.has(id)) {
      const seen = h("span", { class: "crew" });
      const button = h("button", { type: "button", class: "row free", "data-free": id, onclick: () => this.onSelect(id) }, h("span", { class: "who" }), seen);
      this.rows.set(id, { root: h("li", { "data-hue": "idle" }, button), button, seen });
    }
    const row = this.rows.get(id);
    setText(row.button.firstChild, name);
    setText(row.seen, recorded_at ? ago(recorded_at, nowMs) : _("never"));
    return row.root;
  }
}
