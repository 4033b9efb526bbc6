// An agreed trip is changed: what differs is sent with the version that was seen.

import { _ } from "atw/i18n.js";
import { call, why } from "../dashboard/api.js";
import { showConflict, showReasons } from "../dashboard/dialogs.js";
import { setText } from "../dashboard/dom.js";
import { clockOf } from "../dashboard/times.js";
import { statusHue, statusLabel } from "../dashboard/trips.js";
import { differing } from "./differing.js";
import { at, busy, clearErrors, config, read, showErrors, showProblem } from "./form.js";
import { localParts, momentOf } from "./local.js";
import { stops } from "./place.js";
import { fillRide, rideErrors, rideOf } from "./ride.js";

const form = at("form");
const path = `/api/trips/${config.trip}/`;
const clock = clockOf(config.time_zone);
const { pickup, dropoff, fit } = stops(() => {});
let seen = null;
let shown = null;

/** The form's values by the names of the API. */
function values() {
  const typed = read(form);
  const { facility_id, ...ride } = rideOf(form);
  return {
    pickup: pickup.value,
    dropoff: dropoff.value,
    scheduled_at: momentOf(typed.day, typed.scheduled_at, config.time_zone),
    appointment_at: momentOf(typed.appointment_day, typed.appointment_at, config.time_zone),
    wait_and_return: at("f-wait_and_return").checked,
    ...ride,
  };
}

function fill(trip) {
  seen = trip;
  const [pickedUp, due] = [trip.scheduled_at, trip.appointment_at].map((iso) => localParts(iso, config.time_zone));
  pickup.set(trip.pickup);
  dropoff.set(trip.dropoff);
  fillRide(form, trip);
  const times = { day: pickedUp.day, scheduled_at: pickedUp.time, appointment_day: due.day, appointment_at: due.time };
  for (const [name, value] of Object.entries(times)) form.elements[name].value = value;
  at("f-wait_and_return").checked = trip.wait_and_return;
  shown = values();
  tellOf(trip);
  lock(new Set(trip.changeable));
  fit();
}

function tellOf(trip) {
  setText(at("who"), trip.patient?.name ?? "");
  const chip = at("state");
  chip.dataset.hue = statusHue(trip.status);
  setText(chip, statusLabel(trip.status));
  at("locked").hidden = trip.changeable.length > 0;
}

/** What may not be changed now is shown, and cannot be typed into. */
function lock(changeable) {
  const under = { day: "scheduled_at", appointment_day: "appointment_at", other_needs: "needs" };
  for (const element of form.elements) {
    const name = under[element.name] ?? element.name;
    if (name && element.type !== "submit") element.disabled = !changeable.has(name);
  }
  pickup.lock(!changeable.has("pickup"));
  dropoff.lock(!changeable.has("dropoff"));
  form.querySelector("[type=submit]").disabled = changeable.size === 0;
}

async function load() {
  const answer = await call("GET", path);
  at("loading").hidden = true;
  form.hidden = !answer.ok;
  at("away").hidden = answer.ok;
  if (answer.ok) fill(answer.body);
  else setText(at("away-why"), why(answer));
}

async function save() {
  const changes = differing(shown, values());
  const lacking = [...pickup.missing(), ...dropoff.missing(), ...rideErrors(form)];
  if (lacking.length > 0) return void showErrors(form, lacking);
  if (changes.scheduled_at === null) return void showErrors(form, [["scheduled_at", _("An agreed trip keeps a time.")]]);
  clearErrors(form);
  if (Object.keys(changes).length === 0) return leave();
  await send(changes, seen);
}

async function send(changes, trip) {
  const answer = await busy(form, () => call("PATCH", path, { ...changes, expected_version: trip.version }));
  if (!answer) return;
  if (answer.ok) {
    await Promise.all([pickup.remember(), dropoff.remember()]);
    return leave();
  }
  const now = answer.body?.trip;
  if (answer.status !== 409 || !now) return void showProblem(form, answer);
  if (answer.body.refusals) return void (await showReasons(_("It does not fit"), answer.body.refusals.map(({ text }) => text)));
  if (now.version === trip.version) return void showProblem(form, answer);
  await conflict(changes, now);
}

async function conflict(changes, now) {
  const wanted = _("to change {fields}", { fields: Object.keys(changes).map(labelOf).join(", ") });
  const canRepeat = Object.keys(changes).every((name) => now.changeable.includes(name));
  if (await showConflict({ seen, now, wanted, clock, canRepeat })) return send(changes, now);
  fill(now);
}

/** The name of a field as it stands beside it. */
function labelOf(name) {
  const field = form.querySelector(`[data-field="${name}"]`);
  return field?.querySelector("legend, label, .label")?.textContent.trim() ?? name;
}

function leave() {
  location.assign(`${config.board}?trip=${config.trip}`);
}

form.addEventListener("submit", (event) => (event.preventDefault(), save()));
at("again").addEventListener("click", load);
load();
