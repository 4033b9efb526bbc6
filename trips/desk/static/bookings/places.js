// The address book: what is known, where it is, and putting it right on the map.

import { _, ngettext } from "atw/i18n.js";
import { call, why } from "../dashboard/api.js";
import { h, setText } from "../dashboard/dom.js";
import { toast } from "../dashboard/toasts.js";
import { at, busy, clearErrors, config, read, showErrors, showProblem } from "./form.js";
import { PinMap } from "./pins.js";

const WAIT_MS = 200;
const MOST = 50;
const ORIGINS = {
  picked: { label: _("pinned"), hue: "aboard" },
  trips: { label: _("from trips"), hue: "driving" },
  geocoder: { label: _("geocoder"), hue: "open" },
};
const form = at("form");
let map = null;
let asked = 0;
let timer = null;

async function load() {
  const turn = (asked += 1);
  const words = at("search").value.trim();
  const answer = await call("GET", `/api/places/?${new URLSearchParams({ q: words, most: MOST })}`);
  if (turn !== asked) return;
  at("loading").hidden = true;
  at("away").hidden = answer.ok;
  if (!answer.ok) return void setText(at("away-why"), why(answer));
  history.replaceState(null, "", words ? `?${new URLSearchParams({ q: words })}` : location.pathname);
  at("places").replaceChildren(...answer.body.map(row));
  setText(at("found"), ngettext("{n} place", "{n} places", answer.body.length));
  at("nothing").hidden = answer.body.length > 0;
}

function row(place) {
  const origin = ORIGINS[place.origin];
  const uses = place.uses > 0 ? ngettext("{n} time", "{n} times", place.uses) : "";
  return h("li", {}, h("button", { type: "button", class: "place-row", onclick: () => edit(place) },
    h("span", {}, place.address), h("span", { class: "chip", "data-hue": origin.hue }, origin.label), h("small", {}, uses)));
}

/** Puts a place into the form. */
function edit({ address, latitude, longitude }) {
  clearErrors(form);
  form.elements.address.value = address;
  form.elements.latitude.value = latitude ?? "";
  form.elements.longitude.value = longitude ?? "";
  pinned();
  map?.fit();
  form.elements.address.focus();
}

function pinned() {
  const { latitude, longitude } = read(form);
  const known = latitude !== "" && longitude !== "";
  map?.set("A", known ? [Number(latitude), Number(longitude)] : null);
}

async function save() {
  const { address, latitude, longitude } = read(form);
  if (!address) return void showErrors(form, [["address", _("An address is needed.")]]);
  if (latitude === "" || longitude === "") return void showErrors(form, [["latitude", _("Put the pin on the map, or type the coordinates.")]]);
  clearErrors(form);
  const body = { address, latitude: Number(latitude), longitude: Number(longitude) };
  const answer = await busy(form, () => call("POST", "/api/places/", body));
  if (!answer) return;
  if (!answer.ok) return void showProblem(form, answer);
  toast(_("The point is kept."));
  await load();
}

form.addEventListener("submit", (event) => (event.preventDefault(), save()));
form.addEventListener("input", pinned);
at("search").addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(load, WAIT_MS);
});
at("again").addEventListener("click", load);
at("new").addEventListener("click", () => edit({ address: "", latitude: null, longitude: null }));
at("search").value = new URLSearchParams(location.search).get("q") ?? "";
PinMap.create(at("map"), config, (letter, [latitude, longitude]) => {
  form.elements.latitude.value = latitude;
  form.elements.longitude.value = longitude;
}).then((created) => {
  map = created;
  pinned();
});
load();
