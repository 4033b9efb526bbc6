// The screens as elements, from what the model says. No state of their own.

import { _, ngettext } from "../atw/i18n.js";
import { h } from "../dashboard/dom.js";
import { actionsOf, arranged, isOpen, nextStep, stopOf, UNDO_MS } from "./plan.js";
import { actionName, clock, mobilityOf, needOf, statusOf } from "./words.js";

/** What the bar says of the connection, `[text, hue]`. */
export function linkState(model, zone) {
  if (!model.session) return ["", "idle"];
  const waiting = model.mine().length;
  if (waiting) return [ngettext("{n} not sent", "{n} not sent", waiting), "open"];
  if (model.link.live) return [_("Live"), "aboard"];
  if (model.link.since) return [_("Offline since {time}", { time: clock(model.link.since, zone) }), "trouble"];
  return [_("connecting"), "idle"];
}

/** Sign-in: by the link's code, else a link pasted or a password. */
export function signIn({ code, onCode, onLink, onPassword }) {
  const intro = h("h1", {}, _("Sign in"));
  const byCode = h(
    "section",
    { class: "box form" },
    h("p", {}, _("You opened a link from dispatch. It signs in this phone, once.")),
    h("button", { type: "button", class: "primary big", onclick: onCode }, _("Sign in on this phone")),
  );
  const byLink = h(
    "form",
    { class: "box form", onsubmit: onLink },
    h("p", {}, _("Ask dispatch for a QR code and scan it with the camera of this phone.")),
    field(_("Or paste the link here"), { name: "link", type: "url", required: true, autocomplete: "off" }),
    h("button", { class: "primary big" }, _("Sign in")),
  );
  const byPassword = h(
    "details",
    { class: "box" },
    h("summary", {}, _("Sign in with a password")),
    h(
      "form",
      { class: "form", onsubmit: onPassword },
      field(_("User name"), { name: "username", required: true, autocomplete: "username", autocapitalize: "none" }),
      field(_("Password"), { name: "password", type: "password", required: true, autocomplete: "current-password" }),
      h("button", { class: "button big" }, _("Sign in")),
    ),
  );
  return [intro, code ? byCode : byLink, byPassword];
}

let fields = 0;

/** A labelled input. */
export function field(label, attributes, help) {
  const id = `field-${++fields}`;
  const described = help ? { "aria-describedby": `${id}-help` } : {};
  return h(
    "div",
    { class: "field" },
    h("label", { for: id }, label),
    h("input", { id, ...described, ...attributes }),
    help ? h("p", { class: "help", id: `${id}-help` }, help) : null,
  );
}

/** Before the shift: which vehicle, and go. */
export function shiftStart(model, zone, onBegin) {
  const { planned, vehicles } = model.day;
  const options = vehicles.map((one) =>
    h(
      "option",
      { value: one.id, selected: one.id === planned?.vehicle },
      [one.name, one.plate, one.taken && _("another driver has it")].filter(Boolean).join(" · "),
    ),
  );
  const plan = planned && h("p", { class: "muted" }, _("Planned from {from}: {vehicle}", { from: clock(planned.starts_at, zone), vehicle: planned.vehicle_name }));
  return h(
    "form",
    { class: "box form", id: "shift-start", onsubmit: onBegin },
    h("h1", {}, _("Start your shift")),
    plan || null,
    h("div", { class: "field" }, h("label", { for: "vehicle" }, _("Vehicle")), h("select", { id: "vehicle", name: "vehicle", required: true }, options)),
    field(_("Odometer, miles (if asked for)"), { name: "odometer", inputmode: "decimal", pattern: "[0-9]{1,7}([.,][0-9])?" }),
    h("p", { class: "help muted" }, _("From now on this phone tells dispatch where the vehicle is, until the shift ends.")),
  );
}

/** The day: the trip at hand, what comes, what was. */
export function day(model, chosenId, zone, actions) {
  const { current, next, done } = arranged(model.trips(), chosenId);
  const items = model.mine();
  return [
    ...banners(model, actions),
    ...refusals(items, zone, actions),
    current ? tripCard(current, model, zone, actions) : nothing(),
    next.length ? list(_("Next"), next, zone, actions) : null,
    done.length ? h("details", { class: "done" }, h("summary", {}, ngettext("{n} trip done", "{n} trips done", done.length)), list("", done, zone, actions)) : null,
  ].filter(Boolean);
}

function nothing() {
  return h("section", { class: "box nothing" }, h("h2", {}, _("No trips for now")), h("p", {}, _("New ones appear here by themselves.")));
}

/** What the driver must know about this phone. */
export function banners(model, actions) {
  const found = [];
  const state = model.position.state;
  const help = () => h("button", { type: "button", class: "quiet", onclick: actions.help }, _("What to do"));
  if (model.shift() && !model.tracker) {
    if (state === "impossible") found.push(banner("trouble", _("No positions"), _("This browser cannot tell where you are."), help()));
    if (state === "denied") found.push(banner("trouble", _("No positions"), _("You did not allow this page to use your location."), help()));
    if (state === "lost") found.push(banner("open", _("No GPS signal"), _("Positions go on by themselves.")));
  }
  if (Math.abs(model.clockOffMs) > 120_000) found.push(banner("open", _("Check the clock"), _("This phone's clock is {n} min off.", { n: Math.round(Math.abs(model.clockOffMs) / 60_000) })));
  if (model.shift()?.state === "on_break") found.push(banner("waiting", _("Break"), _("Dispatch sees that you pause."), h("button", { type: "button", class: "quiet", onclick: actions.resume }, _("Go on"))));
  return found;
}

function banner(hue, title, text, more = null) {
  return h("p", { class: "banner", "data-hue": hue }, h("strong", {}, title), h("span", {}, text), more);
}

function refusals(items, zone, actions) {
  return items
    .filter((item) => item.refused)
    .map((item) =>
      h(
        "section",
        { class: "banner", "data-hue": "trouble" },
        h("strong", {}, _("Not accepted: {what}", { what: actionName(item.action) })),
        h("span", {}, `${clock(item.at, zone)} · ${item.refused.detail || item.refused.status}`),
        h("button", { type: "button", class: "quiet", onclick: () => actions.dismiss(item) }, _("Understood")),
      ),
    );
}

function tripCard(trip, model, zone, actions) {
  const [word, hue] = statusOf(trip.status);
  const stop = stopOf(trip);
  const head = h(
    "div",
    { class: "trip-head" },
    h("time", { datetime: trip.scheduled_at ?? "" }, trip.scheduled_at ? clock(trip.scheduled_at, zone) : _("on call")),
    h("span", { class: "chip", "data-hue": hue }, word),
    trip.unsent ? h("span", { class: "chip", "data-hue": "open" }, _("not sent yet")) : null,
  );
  return h(
    "article",
    { class: "box trip", "data-hue": hue, "data-trip": trip.id },
    head,
    h("h1", {}, trip.patient?.name ?? _("Trip {id}", { id: trip.id })),
    h("ul", { class: "chips" }, needs(trip)),
    h("ol", { class: "stops" }, place(trip, "pickup", stop), place(trip, "dropoff", stop)),
    trip.notes ? h("p", { class: "note" }, trip.notes) : null,
    trip.appointment_at ? h("p", { class: "muted" }, _("Appointment at {time}", { time: clock(trip.appointment_at, zone) })) : null,
    isOpen(trip) ? ways(trip, stop, model) : null,
    proof(trip, stop, model, actions),
  );
}

function needs(trip) {
  const words = [mobilityOf(trip.mobility), ...(trip.needs ?? []).map(needOf)];
  if (trip.escorts) words.push(ngettext("{n} escort", "{n} escorts", trip.escorts));
  if (trip.wait_and_return) words.push(_("wait and return"));
  return words.map((word) => h("li", { class: "chip", "data-hue": "idle" }, word));
}

function place(trip, end, stop) {
  const label = end === "pickup" ? _("Pick-up") : _("Destination");
  const now = end === stop && isOpen(trip);
  return h("li", { class: now ? "now" : null, "aria-current": now ? "step" : null }, h("span", { class: "small" }, label), h("b", {}, trip[end].address ?? ""));
}

function ways(trip, stop, model) {
  const phone = model.day.phones[trip.id];
  const office = model.config.phone || model.day.company.phone;
  return h(
    "div",
    { class: "ways" },
    h("a", { class: "button", href: directions(trip[stop]), target: "_blank", rel: "noopener noreferrer" }, _("Navigate")),
    phone ? h("a", { class: "button", href: `tel:${phone.replace(/[^+\d]/g, "")}` }, _("Call patient")) : null,
    office ? h("a", { class: "button", href: `tel:${office.replace(/[^+\d]/g, "")}` }, _("Call dispatch")) : null,
  );
}

/** The phone's own maps: each system has another way to ask for them. */
export function directions({ latitude, longitude }) {
  const place = `${latitude},${longitude}`;
  if (/iPhone|iPad/.test(navigator.userAgent)) return `https://maps.apple.com/?daddr=${place}`;
  if (/Android/.test(navigator.userAgent)) return `geo:${place}?q=${place}`;
  return `https://www.openstreetmap.org/directions?to=${place}`;
}

function proof(trip, stop, model, actions) {
  if (!["arrived_pickup", "in_progress", "arrived_dropoff", "completed"].includes(trip.status)) return null;
  const count = (kind) =>
    model.day.attachments.filter((one) => one.trip_id === trip.id && one.kind === kind && one.state !== "refused").length +
    model.mine().filter((one) => one.kind === "file" && one.trip_id === trip.id && one.action === kind && !one.refused).length;
  const button = (kind, act) =>
    h("button", { type: "button", class: "button", onclick: () => act(trip, stop) }, actionName(kind), count(kind) ? h("span", { class: "count" }, String(count(kind))) : null);
  return h("div", { class: "ways proof" }, button("signature", actions.sign), button("photo", actions.photo));
}

function list(title, trips, zone, actions) {
  const rows = trips.map((trip) => {
    const [word, hue] = statusOf(trip.status);
    return h(
      "li",
      {},
      h(
        "button",
        { type: "button", class: "row", "data-trip": trip.id, onclick: () => actions.choose(trip.id) },
        h("time", {}, trip.scheduled_at ? clock(trip.scheduled_at, zone) : "–"),
        h("span", { class: "who" }, h("b", {}, trip.patient?.name ?? ""), h("small", {}, trip.pickup.address ?? "")),
        h("span", { class: "chip", "data-hue": hue }, word),
      ),
    );
  });
  return h("section", { class: "trips" }, title ? h("h2", {}, title) : null, h("ul", {}, rows));
}

/** The bottom of the screen, where the thumb is: the next step, and the way back. */
export function thumb(model, chosenId, now, actions) {
  if (!model.shift()) return model.day ? [h("button", { type: "submit", form: "shift-start", class: "primary big" }, _("Start shift"))] : [];
  const { current } = arranged(model.trips(), chosenId);
  if (!current) return [];
  const may = actionsOf(current, model.config.life);
  const step = nextStep(current, model.config.life);
  const undo = may.includes("undo") && now - Date.parse(current.state_since) < UNDO_MS;
  const second = (text, act, name) => h("button", { type: "button", class: "quiet", "data-action": name, onclick: () => act(current) }, text);
  const row = [
    undo && second(_("Undo"), actions.undo, "undo"),
    may.includes("no_show") && second(_("Not here"), actions.noShow, "no_show"),
    may.includes("cancel") && second(_("Refuses to go"), actions.cancel, "cancel"),
    may.includes("decline") && second(_("I cannot take it"), actions.decline, "decline"),
  ].filter(Boolean);
  return [
    row.length ? h("div", { class: "seconds" }, row) : null,
    step ? h("button", { type: "button", class: "primary big", "data-action": step, onclick: () => actions.step(current, step) }, actionName(step)) : null,
  ].filter(Boolean);
}

/** What is not sent yet, one by one. */
export function queue(model, zone) {
  const rows = model.mine().map((item) =>
    h("li", {}, h("time", {}, clock(item.at, zone)), h("b", {}, actionName(item.action)), h("small", {}, item.trip_id ? _("Trip {id}", { id: item.trip_id }) : "")),
  );
  const positions = model.fixCount ? h("p", { class: "muted" }, ngettext("{n} position waits.", "{n} positions wait.", model.fixCount)) : "";
  const none = h("p", {}, _("All that you tapped has arrived."));
  return [rows.length ? h("ul", { class: "waiting" }, rows) : none, positions];
}
