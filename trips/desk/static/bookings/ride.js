// What a trip and a standing order have in common: level of service, needs, who pays.

import { _ } from "atw/i18n.js";
import { amountOf, centsOf } from "./complaints.js";
import { read } from "./form.js";

/** The fields of `form` as the API takes them. */
export function rideOf(form) {
  const typed = read(form);
  return {
    mobility: typed.mobility,
    needs: needsOf(form, typed.other_needs),
    escorts: Number(typed.escorts || 0),
    notes: typed.notes,
    window_minutes: Number(typed.window_minutes || 0),
    ...("facility_id" in typed && { facility_id: typed.facility_id ? Number(typed.facility_id) : null }),
    payer_id: typed.payer_id ? Number(typed.payer_id) : null,
    bill_to: typed.bill_to,
    copay_cents: centsOf(typed.copay_cents) ?? typed.copay_cents,
    authorization_number: typed.authorization_number,
  };
}

/** What is wrong with it before anybody is asked. */
export function rideErrors(form) {
  return centsOf(read(form).copay_cents) === null ? [["copay_cents", _("An amount, e.g. 12.50.")]] : [];
}

/** Fills the fields from a trip or an order as the API answers it. */
export function fillRide(form, ride) {
  const boxes = [...form.querySelectorAll("[name=needs]")];
  const needs = ride.needs ?? [];
  boxes.forEach((box) => (box.checked = needs.includes(box.value)));
  const named = boxes.map((box) => box.value);
  const values = {
    ...ride,
    other_needs: needs.filter((need) => !named.includes(need)).join(", "),
    facility_id: ride.facility?.id ?? "",
    payer_id: ride.payer?.id ?? "",
    copay_cents: amountOf(ride.copay_cents),
  };
  for (const name of FIELDS) {
    if (form.elements[name]) choose(form.elements[name], values[name] ?? "");
  }
}

/** Sets a field; a choice that is not offered any more is offered for this one. */
export function choose(field, value) {
  const isMissing = field.tagName === "SELECT" && ![...field.options].some((option) => option.value === String(value));
  if (isMissing) field.add(new Option(String(value), String(value)));
  field.value = value;
}

const FIELDS = ["mobility", "other_needs", "escorts", "notes", "window_minutes", "facility_id", "payer_id", "bill_to", "copay_cents", "authorization_number"];

function needsOf(form, others) {
  const ticked = [...form.querySelectorAll("[name=needs]:checked")].map((box) => box.value);
  return [...new Set([...ticked, ...others.split(",").map((need) => need.trim()).filter(Boolean)])];
}
