// Behind a trip: its story, what was said about it, its price. Read when a tab is opened, and
// again when the trip has moved on.

import { _ } from "atw/i18n.js";
import { call, why } from "./api.js";
import { h } from "./dom.js";
import { distance, money, noticeTold, told } from "./timeline.js";

export class Details {
  /** Of the trip `id`; `clock` as of times.js. */
  constructor(id, clock) {
    this.id = id;
    this.clock = clock;
    this.version = null;
    this.body = h("div", { class: "tab-body", role: "tabpanel", id: "detail", tabindex: "0" });
    this.tabs = TABS.map((tab) => this.#tab(tab));
    const bar = h("div", { class: "tabs", role: "tablist", "aria-label": _("About the trip") }, this.tabs);
    bar.addEventListener("keydown", (event) => this.#walk(event));
    this.root = h("section", { class: "details" }, bar, this.body);
    this.#mark(TABS[0]);
  }

  /** The trip is at `version`: what is shown is read again where it is older. */
  update(version) {
    if (version === this.version) return;
    this.version = version;
    this.#read();
  }

  #tab(tab) {
    const open = () => (this.#mark(tab), this.#read());
    return h("button", { type: "button", role: "tab", id: `tab-${tab.id}`, "aria-controls": "detail", onclick: open }, tab.label);
  }

  #mark(tab) {
    this.open = tab;
    this.tabs.forEach((button, index) => {
      const selected = TABS[index] === tab;
      button.setAttribute("aria-selected", String(selected));
      button.tabIndex = selected ? 0 : -1;
    });
    this.body.setAttribute("aria-labelledby", `tab-${tab.id}`);
    this.body.replaceChildren(...Array.from({ length: 3 }, () => h("span", { class: "skeleton" })));
  }

  #walk(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    const next = this.tabs[(TABS.indexOf(this.open) + step + TABS.length) % TABS.length];
    next.focus();
    next.click();
  }

  async #read() {
    const { open, version } = this;
    const answer = await open.read(this.id);
    if (open !== this.open || version !== this.version) return;
    const empty = h("p", { class: "muted" }, open.empty);
    if (!answer.ok) this.body.replaceChildren(h("p", { class: "muted" }, why(answer)));
    else this.body.replaceChildren(open.draw(answer.body, this.clock) ?? empty);
  }
}

const TABS = [
  {
    id: "story",
    label: _("History"),
    empty: _("Nothing happened yet."),
    read: (id) => call("GET", `/api/trips/${id}/evidence/`),
    draw: story,
  },
  {
    id: "notices",
    label: _("Messages"),
    empty: _("Nobody was told anything about this trip."),
    read: (id) => call("GET", `/api/trips/${id}/notices/`),
    draw: notices,
  },
  {
    id: "price",
    label: _("Price"),
    empty: _("No price."),
    read: (id) => call("POST", "/api/rates/quote/", { trip: id }),
    draw: price,
  },
];

function story(evidence, clock) {
  const rows = evidence.events.map((event) => told(event, clock)).reverse();
  const faults = evidence.chain_faults.length > 0;
  const broken = faults && h("p", { class: "banner", "data-hue": "trouble" }, _("The log was changed by somebody; its hashes do not fit."));
  return h("div", {}, broken, driven(evidence.measurement), h("ol", { class: "story" }, rows.map(happening)));
}

function happening(one) {
  const more = [one.by, one.sent, one.where].filter(Boolean).join(" · ");
  return h("li", { "data-inferred": one.inferred },
    h("time", { title: one.day }, one.at),
    h("div", {}, h("b", {}, one.title), h("span", { class: "muted" }, more), one.said && h("q", {}, one.said)));
}

function driven(measurement) {
  if (!measurement) return null;
  const values = { loaded: distance(measurement.loaded_distance_m), planned: distance(measurement.planned_distance_m ?? 0) };
  return h("p", { class: "muted" }, _("Driven with the patient: {loaded}; planned: {planned}.", values));
}

function notices(rows, clock) {
  if (rows.length === 0) return null;
  return h("ul", { class: "notices" }, rows.map((row) => {
    const one = noticeTold(row, clock);
    return h("li", {}, h("time", {}, one.at),
      h("div", {}, h("b", {}, one.what), h("span", { class: "muted" }, one.to)),
      h("span", { class: "chip", "data-hue": one.hue }, one.state));
  }));
}

function price(quote) {
  const amount = (cents) => money(cents, quote.currency);
  const rows = quote.lines.map((line) => h("tr", {}, h("td", {}, line.description), h("td", { class: "number" }, amount(line.amount_cents))));
  const total = h("tr", {}, h("th", { scope: "row" }, _("Total")), h("td", { class: "number" }, amount(quote.total_cents)));
  return h("div", {}, h("table", { class: "table price" }, h("tbody", {}, rows), h("tfoot", {}, total)),
    h("p", { class: "muted" }, quote.assumptions.join(" ")));
}
