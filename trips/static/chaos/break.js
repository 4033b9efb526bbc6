// "Break something": buttons, and a ledger of what this page's own socket showed of what was
// answered. Every number was measured here; what was kept is counted in PostgreSQL.

import { _ } from "atw/i18n.js";
import { call, why } from "../dashboard/api.js";
import { h, setText } from "../dashboard/dom.js";
import { BoardSocket } from "../dashboard/socket.js";
import { clockOf } from "../dashboard/times.js";
import { toast } from "../dashboard/toasts.js";
import { statusHue, statusLabel } from "../dashboard/trips.js";
import { Breaks, Ledger } from "./ledger.js";
import { Probe } from "./probe.js";

const DRAW_EVERY_MS = 250;
const ASK_EVERY_MS = 1000;
const EVENTS_SHOWN = 12;
const LONGEST_RETRY_MS = 2000;
const CUT = "cut-socket";
const at = (id) => document.getElementById(id);
const config = JSON.parse(at("break-config").textContent);
const csrf = document.querySelector("[name=csrfmiddlewaretoken]").value;
const clock = clockOf(config.time_zone);
const [taps, fixes, breaks] = [new Ledger(), new Ledger(), new Breaks()];
let [probe, programs, kept, firstEvents] = [null, null, null, null];
let [faults, lastPosition] = [0, null];

const scheme = location.protocol === "https:" ? "wss:" : "ws:";
const socket = new BoardSocket(`${scheme}//${location.host}${config.socket}`, {
  onFrame: note,
  onChange: follow,
  longestRetryMs: LONGEST_RETRY_MS,
});

// --- what the socket shows

/** Before the state takes it: an event is shown when it is the next of its stream. */
function note(frame) {
  const { state } = socket;
  const isNext = state.epoch !== null && state.epoch === state.serverEpoch && frame.seq === state.seq + 1;
  if (frame.type !== "trip.event" || !isNext) return;
  if (isOurs(frame.trip_id)) taps.shown(frame.trip_id, frame.version, Date.now());
  tell(frame);
}

function follow(effects, state) {
  const now = Date.now();
  if (effects.all) for (const trip of state.trips.values()) if (isOurs(trip.id)) taps.covered(trip.id, trip.version, now);
  if (probe && (effects.all || effects.vehicles.includes(probe.vehicle))) followVan(state, now);
}

function followVan(state, now) {
  const van = state.vehicles.get(probe.vehicle);
  const n = van && probe.numberOf(van);
  if (n === undefined || n === lastPosition) return;
  lastPosition = n;
  fixes.shown("van", n, now);
  fixes.covered("van", n, now);
}

function isOurs(id) {
  return probe?.trips.some((trip) => trip.id === id) ?? false;
}

function tell({ at: moment, trip_id: id, status, seq }) {
  const row = h(
    "li",
    {},
    h("span", { class: "muted" }, clock.seconds(moment)),
    h("span", {}, _("Trip {id}", { id })),
    h("span", { class: "chip", "data-hue": statusHue(status) }, statusLabel(status)),
    h("span", { class: "muted number" }, String(seq)),
  );
  at("events").prepend(row);
  while (at("events").children.length > EVENTS_SHOWN) at("events").lastElementChild.remove();
}

// --- breaking

async function breakIt(button) {
  const { verb } = button.dataset;
  if (verb === CUT) {
    breaks.add({ verb }, Date.now());
    return socket.socket?.close();
  }
  button.disabled = true;
  const body = new URLSearchParams({ verb, csrfmiddlewaretoken: csrf });
  const answer = await fetch(config.do, { method: "POST", body }).catch(() => null);
  button.disabled = false;
  if (answer?.status !== 202) return toast(await refusal(answer));
  const { program, starts, in_s: inS } = await answer.json();
  breaks.add({ verb, program, starts }, Date.now() + inS * 1000);
  return null;
}

async function refusal(answer) {
  const body = await answer?.json().catch(() => null);
  return why({ status: answer?.status ?? 0, body });
}

function labelOf(verb) {
  return document.querySelector(`[data-verb="${verb}"]`).textContent.trim();
}

// --- drawing

function draw() {
  const now = Date.now();
  for (const one of breaks.settle(taps, now)) {
    setText(at("said"), _("{what}: right again after {n} s.", { what: labelOf(one.verb), n: seconds(one.rightMs) }));
  }
  const [ofTaps, ofFixes] = [taps.numbers(now), fixes.numbers(now)];
  drawRow("taps", ofTaps, keptTaps());
  drawRow("fixes", ofFixes, kept?.fixes);
  tile("answered", ofTaps.answered + ofFixes.answered);
  tile("lost", ofTaps.lost + ofFixes.lost, true);
  tile("doubled", ofTaps.doubled + ofFixes.doubled, true);
  tile("disordered", ofTaps.disordered + ofFixes.disordered, true);
  drawConnection(now);
  drawBreaks();
}

function drawRow(id, numbers, inDatabase) {
  const cells = { ...numbers, slowest: `${seconds(numbers.slowestMs)} s`, kept: inDatabase ?? "–" };
  for (const cell of at(id).querySelectorAll("[data-number]")) setText(cell, String(cells[cell.dataset.number]));
}

function tile(name, number, isBad = false) {
  const cell = at(name);
  setText(cell, String(number));
  if (isBad) cell.dataset.hue = number > 0 ? "trouble" : "aboard";
}

function drawConnection(now) {
  const { status, lastFrameAt, counters } = socket.state;
  const labels = { live: _("live"), offline: _("offline"), "catching-up": _("catching up") };
  setText(at("connection"), labels[status]);
  at("connection").dataset.status = status;
  setText(at("silence"), lastFrameAt ? `${seconds(now - lastFrameAt)} s` : "–");
  const numbers = { gaps: counters.gaps, resumes: counters.resumes, repeats: counters.duplicates, retries: probe?.retries ?? 0, faults };
  for (const [name, number] of Object.entries(numbers)) setText(at(name), String(number));
}

function drawBreaks() {
  at("no-breaks").hidden = breaks.all.length > 0;
  const body = at("breaks");
  breaks.all.forEach((one, index) => {
    const row = body.rows[breaks.all.length - 1 - index] ?? body.insertRow(0);
    if (row.cells.length === 0) row.append(...[0, 1, 2, 3].map(() => h("td")));
    const after = (ms, none) => (ms === null ? none : `${seconds(ms)} s`);
    const back = one.verb === CUT ? "–" : after(one.backMs, _("not yet"));
    const texts = [clock.seconds(one.at), labelOf(one.verb), back, after(one.rightMs, _("not yet"))];
    texts.forEach((text, n) => setText(row.cells[n], text));
  });
}

function seconds(ms) {
  return (Math.max(0, ms) / 1000).toFixed(1);
}

/** Events of the probe's trips since this page has counted them first. */
function keptTaps() {
  if (!kept || !firstEvents) return null;
  return Object.entries(kept.events).reduce((sum, [id, n]) => sum + n - (firstEvents[id] ?? n), 0);
}

// --- what the server keeps, and which parts run

async function askForever() {
  for (;;) {
    const answer = await call("GET", `${config.state}?run=${config.run}`);
    if (answer.ok) take(answer.body);
    await new Promise((done) => setTimeout(done, ASK_EVERY_MS));
  }
}

function take({ launcher, kept: now }) {
  kept = now;
  firstEvents ??= now.events;
  programs = launcher?.programs ?? null;
  if (programs) breaks.heard(programs, Date.now());
  at("no-launcher").hidden = launcher !== null;
  for (const button of document.querySelectorAll("[data-verb]")) {
    if (button.dataset.verb !== CUT) button.hidden = !launcher?.verbs.includes(button.dataset.verb);
  }
  drawPrograms();
}

function drawPrograms() {
  at("programs").replaceChildren(
    ...Object.entries(programs ?? {}).map(([name, { up, frozen }]) => {
      const hue = frozen ? "waiting" : up ? "aboard" : "trouble";
      const words = frozen ? _("frozen") : up ? _("runs") : _("is down");
      return h("li", { class: "chip", "data-hue": hue }, `${name} ${words}`);
    }),
  );
}

// --- the beginning

function pause() {
  probe.paused = !probe.paused;
  setText(at("pause"), probe.paused ? _("Go on tapping") : _("Stop tapping"));
}

async function begin() {
  const answer = await call("POST", config.probe);
  if (!answer.ok) return toast(why(answer));
  firstEvents = Object.fromEntries(answer.body.trips.map(({ id, version }) => [id, version]));
  const onTap = ({ id, version }, sentAt) => taps.answered(id, version, sentAt, Date.now());
  const onFix = (n, sentAt) => fixes.answered("van", n, sentAt, Date.now());
  probe = new Probe({ probe: answer.body, run: config.run, csrf, onTap, onFix, onFault: () => (faults += 1) });
  probe.start();
  at("pause").addEventListener("click", pause);
  at("pause").disabled = false;
  return null;
}

for (const button of document.querySelectorAll("[data-verb]")) button.addEventListener("click", () => breakIt(button));
document.addEventListener("visibilitychange", () => document.hidden || socket.wake());
socket.start();
setInterval(draw, DRAW_EVERY_MS);
askForever();
begin();
