// Who could take a trip: ranked, with what speaks against each. Chosen by click or Enter.

import { _, ngettext } from "atw/i18n.js";
import { call, why } from "./api.js";
import { h } from "./dom.js";
import { distance } from "./timeline.js";

export class Candidates {
  /** `onChoose(candidate)`, `onLook(vehicleId | null)` for the one pointed at, `onClose()`. */
  constructor(clock, { onChoose, onLook, onClose }) {
    this.clock = clock;
    this.on = { choose: onChoose, look: onLook };
    this.list = h("div", { class: "candidates", "aria-busy": "true" });
    const close = h("button", { type: "button", class: "close", "aria-label": _("Back to the trip"), onclick: onClose }, "×");
    this.title = h("p", {});
    const head = h("header", {}, h("div", {}, h("h2", {}, _("Who takes it?")), this.title), close);
    this.root = h("div", {}, head, this.list);
    this.list.addEventListener("keydown", (event) => this.#walk(event));
    this.list.append(...Array.from({ length: 4 }, () => h("span", { class: "skeleton candidate" })));
  }

  /** Asks for the candidates of `trip` and shows them; the first one gets the focus. */
  async load(trip) {
    this.title.textContent = `${trip.patient?.name ?? _("Trip {id}", { id: trip.id })} · ${trip.scheduled_at ? this.clock.time(trip.scheduled_at) : _("no time yet")}`;
    const answer = await call("GET", `/api/trips/${trip.id}/candidates/`);
    this.list.removeAttribute("aria-busy");
    if (!answer.ok) return this.list.replaceChildren(h("p", { class: "banner", "data-hue": "trouble" }, why(answer)));
    this.#draw(answer.body.results, trip);
    if (this.root.isConnected) (this.list.querySelector("button") ?? this.root.querySelector(".close")).focus();
  }

  #draw(results, trip) {
    const fitting = results.filter(({ refusals }) => refusals.length === 0);
    const refused = results.filter(({ refusals }) => refusals.length > 0);
    const count = ngettext("{n} vehicle cannot take it", "{n} vehicles cannot take it", refused.length);
    this.list.replaceChildren(
      fitting.length > 0
        ? h("ol", {}, fitting.map((one, index) => this.#row(one, index, trip)))
        : h("p", { class: "nothing" }, _("No vehicle can take this trip at its time.")),
      ...(refused.length > 0 ? [h("details", { class: "refused", open: fitting.length === 0 }, h("summary", {}, count), h("ul", {}, refused.map(refusal)))] : []),
    );
  }

  #row(one, index, trip) {
    const look = (id) => () => this.on.look(id);
    const [show, leave] = [look(one.vehicle.id), look(null)];
    const has = trip.vehicle?.id === one.vehicle.id;
    const name = h("b", {}, one.vehicle.name, has && h("span", { class: "muted" }, ` · ${_("has it now")}`));
    const late = lateness(one.lateness_s);
    return h("li", {}, h("button",
      { type: "button", class: "candidate", "data-vehicle-choice": one.vehicle.id, onclick: () => this.on.choose(one),
        onpointerenter: show, onpointerleave: leave, onfocus: show, onblur: leave },
      h("span", { class: "rank", "aria-hidden": "true" }, String(index + 1)),
      name,
      h("span", { class: "chip", "data-hue": one.lateness_s >= 60 ? "waiting" : "aboard" }, late),
      h("span", { class: "muted" }, one.driver.name),
      h("span", { class: "muted reasons" }, this.#reasons(one))));
  }

  #reasons(one) {
    return [
      one.distance_m === null ? _("position unknown") : distance(one.distance_m),
      one.eta && _("there at {at}", { at: this.clock.time(one.eta) }),
      one.others_lateness_s >= 60 && _("others +{n} min", { n: Math.round(one.others_lateness_s / 60) }),
      one.free && free(one.free),
    ].filter(Boolean).join(" · ");
  }

  #walk(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    const buttons = [...this.list.querySelectorAll("button.candidate")];
    buttons[buttons.indexOf(document.activeElement) + step]?.focus();
    event.preventDefault();
  }
}

function lateness(seconds) {
  const minutes = Math.round((seconds ?? 0) / 60);
  return minutes > 0 ? _("{n} min late", { n: minutes }) : _("on time");
}

function free(places) {
  const left = Object.entries(places).filter(([, n]) => n > 0).map(([kind, n]) => `${n} ${kind}`);
  return left.length > 0 && _("free: {places}", { places: left.join(", ") });
}

function refusal(one) {
  return h("li", {}, h("b", {}, one.vehicle.name), one.refusals.map(({ text }) => h("span", {}, text)));
}
