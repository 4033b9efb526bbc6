// A new trip: who, where, when; its price and its twins are shown before it is booked.

import { _ } from "atw/i18n.js";
import { call } from "../dashboard/api.js";
import { clockOf } from "../dashboard/times.js";
import { toast } from "../dashboard/toasts.js";
import { SameId, at, beginAt, busy, clearErrors, config, read, showErrors, showProblem } from "./form.js";
import { momentOf, returnDay } from "./local.js";
import { PatientField } from "./patient.js";
import { findPlaces, stops } from "./place.js";
import { Quote } from "./quote.js";
import { rideErrors, rideOf } from "./ride.js";
import { Twins } from "./twins.js";

const form = at("form");
const ids = new SameId();
const quote = new Quote();
const twins = new Twins(clockOf(config.time_zone));
const patient = new PatientField((chosen) => (prefill(chosen), changed()));
const { pickup, dropoff, fit } = stops(() => changed());
let returnOf = null;

/** The booking as the API takes it. */
function booking() {
  const typed = read(form);
  const isReturn = returnOf !== null;
  const kind = isReturn ? "none" : typed.return_kind;
  const back = returnDay(typed.day, typed.scheduled_at, typed.return_at);
  return {
    patient_id: patient.patient?.id ?? null,
    pickup: pickup.value,
    dropoff: dropoff.value,
    scheduled_at: momentOf(typed.day, typed.scheduled_at, config.time_zone),
    appointment_at: momentOf(typed.day, typed.appointment_at, config.time_zone),
    wait_and_return: at("f-wait_and_return").checked,
    return_kind: kind,
    return_at: kind === "timed" ? momentOf(back, typed.return_at, config.time_zone) : null,
    ...(isReturn && { return_of: returnOf, will_call: !typed.scheduled_at }),
    ...rideOf(form),
    accept: true,
  };
}

function changed() {
  if (!pickup || !dropoff) return;
  const wanted = booking();
  const { return_kind, scheduled_at } = wanted;
  at("f-return_at").closest(".field").hidden = return_kind !== "timed";
  quote.ask(priced(wanted), { legs: return_kind === "none" ? 1 : 2 });
  looked(wanted, read(form).day, scheduled_at);
}

function priced({ pickup: from, dropoff: to, mobility, payer_id: payer, scheduled_at, escorts, needs }) {
  if (from.latitude === null || to.latitude === null) return null;
  const point = ({ latitude, longitude }) => ({ latitude, longitude });
  const attendant = needs.includes("attendant");
  return { pickup: point(from), dropoff: point(to), mobility, payer, escorts, attendant, ...(scheduled_at && { scheduled_at }) };
}

let lookedFor = "";
function looked(wanted, day, scheduledAt) {
  const key = [wanted.patient_id, day, scheduledAt].join();
  if (key !== lookedFor) twins.look(patient.patient, day, scheduledAt);
  lookedFor = key;
}

/** What is known of a patient saves typing: the payer, and the way from home. */
async function prefill(chosen) {
  if (!chosen) return;
  if (chosen.payer) form.elements.payer_id.value = chosen.payer;
  if (!chosen.address || pickup.address.value) return;
  const [found] = await findPlaces(chosen.address);
  if (pickup.address.value) return;
  if (found) pickup.set(found.value, found.note);
  else pickup.address.value = chosen.address;
  fit();
}

function missing(wanted) {
  const nobody = wanted.patient_id ? [] : [["patient_id", _("Choose a patient, or add a new one.")]];
  const typed = read(form);
  const untimed = returnOf === null && !typed.scheduled_at && !typed.appointment_at;
  const when = untimed ? [["scheduled_at", _("A pick-up time or an appointment is needed.")]] : [];
  const back = wanted.return_kind === "timed" && !wanted.return_at ? [["return_at", _("A time for the way back is needed.")]] : [];
  return [...nobody, ...pickup.missing(), ...dropoff.missing(), ...when, ...back, ...rideErrors(form)];
}

async function book(another) {
  const wanted = booking();
  const lacking = missing(wanted);
  if (lacking.length > 0) return void showErrors(form, lacking);
  clearErrors(form);
  const answer = await busy(form, () => call("POST", "/api/trips/", ids.with(wanted)));
  if (!answer) return;
  if (!answer.ok) return void showProblem(form, answer);
  await Promise.all([pickup.remember(), dropoff.remember()]);
  if (!another) return void location.assign(`${config.board}?trip=${answer.body.id}`);
  toast(_("Trip {id} is booked.", { id: answer.body.id }));
  next();
}

/** The form for the next trip: the day stays, and it is nobody's way back. */
function next() {
  const { day } = read(form);
  isWayBackOf(null);
  history.replaceState(null, "", location.pathname);
  ids.forget();
  form.reset();
  form.elements.day.value = day;
  [pickup, dropoff].forEach((place) => place.clear());
  patient.set(null);
  patient.input.focus();
}

/** `?return_of=`: the way back of a trip. */
async function readAddress() {
  const given = new URLSearchParams(location.search).get("return_of");
  if (!/^\d+$/.test(given ?? "")) return;
  const answer = await call("GET", `/api/trips/${given}/`);
  if (!answer.ok) return void toast(_("Trip {id} was not found.", { id: given }));
  const there = answer.body;
  isWayBackOf(there.id);
  patient.set({ id: there.patient.id, name: there.patient.name });
  pickup.set(there.dropoff);
  dropoff.set(there.pickup);
  form.elements.mobility.value = there.mobility;
  form.elements.payer_id.value = there.payer?.id ?? "";
  fit();
}

function isWayBackOf(id) {
  returnOf = id;
  at("return-of").hidden = id === null;
  at("return-of").textContent = id === null ? "" : _("The way back of trip {id}. Without a time it waits for a call.", { id });
  at("way-back").hidden = id !== null;
}

form.addEventListener("input", changed);
form.addEventListener("submit", (event) => {
  event.preventDefault();
  book(event.submitter?.value === "another");
});
form.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
});
readAddress();
changed();
beginAt(patient.input);
