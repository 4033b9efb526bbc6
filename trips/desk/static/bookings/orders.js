// The standing orders by state, page by page. State and page stand in the address.

import { _ } from "atw/i18n.js";
import { call, why } from "../dashboard/api.js";
import { h, setText } from "../dashboard/dom.js";
import { at, config } from "./form.js";
import { STATES } from "./order_states.js";

const tabs = [...document.querySelectorAll("[data-state]")];

async function load() {
  const given = new URLSearchParams(location.search);
  const state = given.get("state") in STATES ? given.get("state") : "";
  const page = /^\d{1,6}$/.test(given.get("page") ?? "") ? given.get("page") : "1";
  for (const tab of tabs) {
    if (tab.dataset.state === state) tab.setAttribute("aria-current", "true");
    else tab.removeAttribute("aria-current");
  }
  const answer = await call("GET", `/api/standing-orders/?page=${page}${state && `&state=${state}`}`);
  at("loading").hidden = true;
  at("away").hidden = answer.ok;
  if (!answer.ok) return void setText(at("away-why"), why(answer));
  show(answer.body, state, Number(page));
}

function show({ count, next, previous, results }, state, page) {
  at("nothing").hidden = count > 0;
  at("table").hidden = count === 0;
  at("rows").replaceChildren(...results.map(row));
  at("pages").hidden = !next && !previous;
  const link = (label, to) => h("a", { class: "button", href: `?${new URLSearchParams({ ...(state && { state }), page: to })}` }, label);
  at("pages").replaceChildren(...(previous ? [link(_("Back"), page - 1)] : []), ...(next ? [link(_("More"), page + 1)] : []));
}

function row(order) {
  const state = STATES[order.state];
  return h("tr", {},
    h("th", { scope: "row" }, h("a", { href: `${config.order}${order.id}/` }, order.patient.name)),
    h("td", {}, order.words),
    h("td", {}, order.pickup.address, h("br"), h("span", { class: "muted" }, order.dropoff.address)),
    h("td", {}, h("span", { class: "chip", "data-hue": state.hue }, state.label)),
    h("td", {}, order.last_day ? _("{from} to {to}", { from: order.first_day, to: order.last_day }) : _("from {from}", { from: order.first_day })),
    h("td", {}, order.materialised_until ?? "–"));
}

for (const tab of tabs) {
  tab.addEventListener("click", (event) => {
    event.preventDefault();
    history.pushState(null, "", tab.getAttribute("href"));
    load();
  });
}
addEventListener("popstate", load);
at("again").addEventListener("click", load);
load();
