// A new standing order; its next days are shown while it is written.

import { _ } from "atw/i18n.js";
import { call } from "../dashboard/api.js";
import { clockOf } from "../dashboard/times.js";
import { at, beginAt, busy, clearErrors, config, read, showErrors, showProblem } from "./form.js";
import { Draft, OrderForm } from "./order_form.js";
import { PatientField } from "./patient.js";
import { findPlaces } from "./place.js";

const draft = new Draft(clockOf(config.time_zone));
const fields = new OrderForm(() => changed());
const patient = new PatientField((chosen) => (prefill(chosen), changed()));
const { form } = fields;

function order() {
  const { first_day } = read(form);
  return { patient_id: patient.patient?.id ?? null, first_day: first_day || null, ...fields.values() };
}

function missing() {
  const nobody = patient.patient ? [] : [["patient_id", _("Choose a patient, or add a new one.")]];
  return [...nobody, ...fields.errors()];
}

function changed() {
  const ready = missing().length === 0;
  at("not-yet").hidden = ready;
  if (ready) draft.ask(order());
}

async function prefill(chosen) {
  if (chosen?.payer) form.elements.payer_id.value = chosen.payer;
  const { pickup } = fields.stops;
  if (!chosen?.address || pickup.address.value) return;
  const [found] = await findPlaces(chosen.address);
  if (found && !pickup.address.value) pickup.set(found.value, found.note);
}

async function save() {
  const lacking = missing();
  if (lacking.length > 0) return void showErrors(form, lacking);
  clearErrors(form);
  const answer = await busy(form, () => call("POST", "/api/standing-orders/", order()));
  if (!answer) return;
  if (!answer.ok) return void showProblem(form, answer);
  await Promise.all([fields.stops.pickup.remember(), fields.stops.dropoff.remember()]);
  location.assign(`${config.order}${answer.body.order.id}/`);
}

form.addEventListener("submit", (event) => (event.preventDefault(), save()));
changed();
beginAt(patient.input);
