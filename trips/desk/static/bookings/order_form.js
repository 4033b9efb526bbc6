// The fields of a standing order, and what they mean: in words, and as the next days.

import { _ } from "atw/i18n.js";
import { call, why } from "../dashboard/api.js";
import { h } from "../dashboard/dom.js";
import { at, config, read } from "./form.js";
import { stops } from "./place.js";
import { choose, fillRide, rideErrors, rideOf } from "./ride.js";
import { partsOf, ruleOf } from "./rule.js";

const WAIT_MS = 350;
const HELD = { skipped: _("left out"), paused: _("paused"), holiday: _("holiday") };

export class OrderForm {
  /** `onChange()` after each change. */
  constructor(onChange) {
    this.form = at("form");
    this.stops = stops(() => this.stops && onChange());
    this.form.addEventListener("input", () => (this.#arrange(), onChange()));
    this.#arrange();
  }

  /** The fields as the API takes them. */
  values() {
    const typed = read(this.form);
    const timed = typed.return_kind === "timed";
    return {
      pickup: this.stops.pickup.value,
      dropoff: this.stops.dropoff.value,
      rule: this.#rule(typed),
      last_day: typed.last_day || null,
      pickup_time: typed.pickup_time || null,
      appointment_time: typed.appointment_time || null,
      return_kind: typed.return_kind,
      return_time: timed ? typed.return_time || null : null,
      except_holidays: at("f-except_holidays").checked,
      ...rideOf(this.form),
    };
  }

  errors() {
    const typed = read(this.form);
    const { pickup, dropoff } = this.stops;
    const timed = typed.return_kind === "timed" && !typed.return_time;
    return [
      ...pickup.missing(),
      ...dropoff.missing(),
      ...(this.#rule(typed) ? [] : [["rule", _("Which days?")]]),
      ...(typed.pickup_time ? [] : [["pickup_time", _("A pick-up time is needed.")]]),
      ...(timed ? [["return_time", _("A time for the way back is needed.")]] : []),
      ...rideErrors(this.form),
    ];
  }

  fill(order) {
    const { form } = this;
    this.stops.pickup.set(order.pickup);
    this.stops.dropoff.set(order.dropoff);
    fillRide(form, order);
    const parts = partsOf(order.rule);
    form.elements.frequency.value = parts ? parts.frequency : "OWN";
    form.elements.interval.value = parts?.interval ?? 1;
    form.elements.rule.value = order.rule;
    for (const box of form.querySelectorAll("[name=days]")) box.checked = parts?.days.includes(box.value) ?? false;
    for (const name of ["first_day", "last_day", "pickup_time", "appointment_time", "return_kind", "return_time"]) {
      if (form.elements[name]) choose(form.elements[name], order[name] ?? "");
    }
    at("f-except_holidays").checked = order.except_holidays;
    this.#arrange();
    this.stops.fit();
  }

  #rule({ frequency, interval, rule }) {
    if (frequency === "OWN") return rule;
    const days = [...this.form.querySelectorAll("[name=days]:checked")].map((box) => box.value);
    if (frequency === "WEEKLY" && days.length === 0) return "";
    return ruleOf({ frequency, interval: Number(interval || 1), days });
  }

  /** Only what counts is shown. */
  #arrange() {
    const { frequency, return_kind } = read(this.form);
    at("weekdays").hidden = frequency !== "WEEKLY";
    at("f-interval").closest(".field").hidden = frequency === "OWN";
    at("f-rule").closest(".field").hidden = frequency !== "OWN";
    at("f-return_time").closest(".field").hidden = return_kind !== "timed";
  }
}

/** The rows of a preview; `buttons(day)` gives what may be done about a day. */
export function dayRows(days, clock, buttons = () => []) {
  const time = (iso) => (iso ? clock.time(iso) : "–");
  return days.map((day) => {
    const held = day.held_back && h("span", { class: "chip", "data-hue": "open" }, HELD[day.held_back] ?? day.held_back);
    const trips = day.trips.map((id) => h("a", { href: `${config.board}?trip=${id}` }, `#${id} `));
    const made = day.trips.length > 0 ? trips : h("span", { class: "muted" }, held ? "" : _("not made yet"));
    const cells = [clock.day(day.pickup_at), time(day.pickup_at), time(day.appointment_at), time(day.return_at)];
    return h("tr", { "data-held": day.held_back || null }, h("th", { scope: "row" }, cells[0]), cells.slice(1).map((cell) => h("td", {}, cell)), h("td", {}, held, made), h("td", {}, buttons(day)));
  });
}

/** Shows what a draft means, a moment after it was changed. */
export class Draft {
  constructor(clock) {
    this.clock = clock;
    this.asked = 0;
  }

  ask(body) {
    clearTimeout(this.timer);
    const turn = (this.asked += 1);
    this.timer = setTimeout(async () => {
      const answer = await call("POST", "/api/standing-orders/preview/?count=12", body);
      if (turn === this.asked) this.#show(answer);
    }, WAIT_MS);
  }

  #show(answer) {
    at("rhythm").textContent = answer.ok ? answer.body.words : why(answer);
    at("days-rows").replaceChildren(...(answer.ok ? dayRows(answer.body.days, this.clock) : []));
    at("days-table").hidden = !answer.ok;
  }
}
