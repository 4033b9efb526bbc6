// The driver's app: puts screens on the page and fingers' wishes into the model.

import { _ } from "../atw/i18n.js";
import { h, setText } from "../dashboard/dom.js";
import * as dialogs from "./dialogs.js";
import { Model } from "./model.js";
import { arranged } from "./plan.js";
import * as screens from "./screens.js";
import { actionName } from "./words.js";

const CLOCK_MS = 15_000;
const TOAST_MS = 6_000;
const config = JSON.parse(document.getElementById("driver-config").textContent);
const at = (id) => document.getElementById(id);
const model = new Model(config, { onChange: draw, onNotice, onRefused });
let code = location.hash.slice(1);
let chosenId = null;
let drawn = "";

const actions = {
  step: (trip, action) => model.tap(trip, action),
  undo: (trip) => model.undo(trip),
  choose(id) {
    chosenId = id;
    draw();
    at("screen").focus();
    scrollTo(0, 0);
  },
  noShow: (trip) =>
    dialogs.notHere({
      trip,
      company: model.day.company,
      zone: zone(),
      position: () => model.position.fresh(),
      now: () => Date.now() - model.clockOffMs,
      onConfirm: () => model.tap(trip, "no_show"),
    }),
  cancel: (trip) =>
    dialogs.reason(_("Patient does not want to go"), [_("Feels ill"), _("Appointment is cancelled"), _("Goes another way")], (reason) => model.tap(trip, "cancel", { reason })),
  decline: (trip) =>
    dialogs.reason(_("I cannot take this trip"), [_("Vehicle trouble"), _("Running late"), _("Patient does not fit into the vehicle")], (reason) => model.tap(trip, "decline", { reason })),
  sign: (trip, stop) => dialogs.signature(trip.patient?.name ?? "", (blob) => model.attach(trip, "signature", stop, blob)),
  photo: (trip, stop) => dialogs.photo((blob) => model.attach(trip, "photo", stop, blob), () => say(_("That is no picture."))),
  dismiss: (item) => model.dismiss(item),
  resume: () => model.changeShift("resume"),
  help: () => dialogs.phoneHelp(model, pair),
};

at("menu").addEventListener("click", menu);
setInterval(draw, CLOCK_MS);
// The manifest and the worker need https; without them the app still works while there is coverage.
navigator.serviceWorker?.register(config.worker, { scope: config.home }).catch(() => {});
model.start().catch(() => at("screen").replaceChildren(h("p", { class: "banner", "data-hue": "trouble" }, _("This browser keeps nothing: leave private browsing."))));

function zone() {
  return model.day?.company.time_zone ?? config.time_zone;
}

// Drawn anew only where something that is seen has changed: a finger must not miss its button.
function draw() {
  const [text, hue] = screens.linkState(model, zone());
  setText(at("link"), text);
  at("link").dataset.hue = hue;
  at("menu").hidden = !model.session;
  const seen = JSON.stringify([model.session?.user, model.day, model.items.map(plain), model.tracker, model.position.state, chosenId, code, undoable()]);
  if (seen === drawn) return;
  drawn = seen;
  const focus = document.activeElement?.dataset.action ?? document.activeElement?.dataset.trip;
  const thumb = model.session ? screens.thumb(model, chosenId, Date.now() - model.clockOffMs, actions) : [];
  at("screen").replaceChildren(...content());
  at("thumb").replaceChildren(...thumb);
  at("thumb").hidden = !thumb.length;
  if (focus) document.querySelector(`[data-action="${focus}"], [data-trip="${focus}"]`)?.focus();
}

const plain = ({ n, tries, refused }) => [n, tries > 0, refused];

// The button goes when its time is over.
function undoable() {
  const { current } = arranged(model.trips(), chosenId);
  return current && Math.floor((Date.now() - Date.parse(current.state_since)) / CLOCK_MS) < 9;
}

function content() {
  if (!model.session) return screens.signIn({ code, onCode: () => signIn({ code, device_name: deviceName() }), onLink, onPassword });
  if (!model.day) return [h("section", { class: "box" }, h("p", {}, _("Your day is being fetched.")), h("span", { class: "skeleton" }))];
  const start = model.shift() ? [] : [screens.shiftStart(model, zone(), onBegin)];
  return [...start, ...screens.day(model, chosenId, zone(), actions)];
}

function onLink(event) {
  event.preventDefault();
  const link = String(new FormData(event.target).get("link"));
  signIn({ code: link.split("#")[1] ?? "", device_name: deviceName() });
}

function onPassword(event) {
  event.preventDefault();
  signIn(Object.fromEntries(new FormData(event.target)));
}

async function signIn(credentials) {
  const failed = await model.signIn(credentials);
  const words = { offline: _("No coverage: try again."), role: _("This account is not a driver's.") };
  if (failed) return say(words[failed] ?? failed);
  code = "";
  history.replaceState(null, "", config.home);
  draw();
}

function deviceName() {
  const agent = navigator.userAgent;
  const kind = ["iPhone", "iPad", "Android", "Windows", "Mac", "Linux"].find((name) => agent.includes(name));
  return kind ?? "";
}

function onBegin(event) {
  event.preventDefault();
  const form = new FormData(event.target);
  const vehicle = model.day.vehicles.find((one) => one.id === Number(form.get("vehicle")));
  const begin = (handover) => model.beginShift(vehicle, dialogs.odometerOf(form), handover);
  if (!vehicle?.taken) return begin(false);
  dialogs.sure(_("Take it over?"), _("Another driver is on duty with {vehicle}. Their shift ends with that.", { vehicle: vehicle.name }), _("Take over"), () => begin(true));
}

function menu() {
  const shift = model.shift();
  const sent = shift?.id;
  dialogs.open(model.day?.driver.name ?? _("Menu"), (close) => {
    const entry = (text, act, kind = "quiet") => h("button", { type: "button", class: `${kind} big`, onclick: () => (close(), act()) }, text);
    const current = arranged(model.trips(), chosenId).current;
    return [
      h("section", { class: "queue" }, h("h3", {}, _("Not sent yet")), ...screens.queue(model, zone())),
      shift ? h("p", { class: "muted" }, _("On duty with {vehicle}", { vehicle: shift.vehicle_name })) : null,
      sent && shift.state !== "on_break" ? entry(_("Begin a break"), () => model.changeShift("break")) : null,
      sent && shift.state === "on_break" ? entry(_("End the break"), () => model.changeShift("resume")) : null,
      sent ? entry(_("End shift"), () => dialogs.endShift((more) => model.changeShift("end", more))) : null,
      entry(_("This phone, GPS and tracking apps"), actions.help),
      entry(_("Emergency call"), () => dialogs.sure(_("Emergency call"), _("Every dispatcher is alarmed at once."), _("Call for help"), () => model.sos(current)), "danger"),
      entry(_("Sign out"), () => dialogs.sure(_("Sign out?"), _("You need a new link from dispatch to sign in again."), _("Sign out"), () => model.signOut())),
      h("button", { type: "button", class: "primary big", onclick: close }, _("Back")),
    ].filter(Boolean);
  });
}

async function pair() {
  const found = await model.pair();
  if (found) dialogs.pairing(found, model);
  else say(_("No coverage: try again."));
}

function onNotice(notice) {
  say(notice.message);
}

function onRefused(item) {
  say(_("Not accepted: {what}", { what: actionName(item.action) }));
}

function say(text) {
  const toast = h("p", { class: "toast" }, text);
  at("toasts").append(toast);
  setTimeout(() => toast.remove(), TOAST_MS);
}
