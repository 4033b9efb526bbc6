// What the trip will cost, asked again when something changes that a price rests on.

import { _ } from "atw/i18n.js";
import { call, why } from "../dashboard/api.js";
import { h } from "../dashboard/dom.js";
import { money } from "../dashboard/timeline.js";
import { at } from "./form.js";

const WAIT_MS = 400;

export class Quote {
  constructor() {
    this.root = at("quote");
    this.asked = 0;
  }

  /** For `{pickup, dropoff, mobility, …}` as the quote takes it; null: not enough is known. */
  ask(body, { legs = 1 } = {}) {
    const key = JSON.stringify([body, legs]);
    if (key === this.key) return;
    this.key = key;
    clearTimeout(this.timer);
    if (!body) return void this.root.replaceChildren(h("p", { class: "muted" }, _("Shown when both stops are known.")));
    const turn = (this.asked += 1);
    this.timer = setTimeout(async () => {
      const answer = await call("POST", "/api/rates/quote/", body);
      if (turn === this.asked) this.#show(answer, legs);
    }, WAIT_MS);
  }

  #show(answer, legs) {
    if (!answer.ok) return void this.root.replaceChildren(h("p", { class: "muted" }, _("No price: {reason}", { reason: why(answer) })));
    const { lines, currency, total_cents, assumptions } = answer.body;
    const rows = lines.map((line) => h("tr", {}, h("td", {}, line.description), h("td", { class: "number" }, money(line.amount_cents, currency))));
    const name = legs > 1 ? _("Each way") : _("Total");
    const foot = h("tr", {}, h("th", { scope: "row" }, name), h("td", { class: "number" }, money(total_cents, currency)));
    const table = h("table", { class: "table" }, h("tbody", {}, rows), h("tfoot", {}, foot));
    this.root.replaceChildren(table, h("p", { class: "small" }, assumptions.join(" ")));
  }
}
