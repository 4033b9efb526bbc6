// Who rides: somebody on record, or somebody new.

import { _ } from "atw/i18n.js";
import { call } from "../dashboard/api.js";
import { h } from "../dashboard/dom.js";
import { Combobox } from "./combobox.js";
import { at, busy, clearErrors, read, SameId, showProblem } from "./form.js";

export class PatientField {
  /** `onChange(patient)` when somebody is chosen (null: nobody). */
  constructor(onChange) {
    this.onChange = onChange;
    this.patient = null;
    this.ids = new SameId();
    this.input = at("f-patient_id");
    this.dialog = at("new-patient");
    this.form = this.dialog.querySelector("form");
    new Combobox(this.input, {
      find: (text) => this.#find(text),
      onChoose: ({ value }) => (value ? this.set(value) : this.#open()),
      onType: () => this.#is(null),
    });
    at("add-patient").addEventListener("click", () => this.#open());
    this.form.addEventListener("submit", (event) => (event.preventDefault(), this.#add()));
    this.dialog.querySelector("[data-close]").addEventListener("click", () => this.dialog.close());
  }

  set(patient) {
    this.input.value = patient?.name ?? "";
    this.#is(patient);
  }

  async #find(text) {
    const answer = await call("GET", `/api/patients/?q=${encodeURIComponent(text)}`);
    const found = answer.ok ? answer.body.results.slice(0, 8) : [];
    const choices = found.map((patient) => ({ label: patient.name, note: about(patient), value: patient }));
    return [...choices, { label: _("Add “{name}” as a new patient", { name: text }), note: "", value: null }];
  }

  #is(patient) {
    this.patient = patient;
    at("patient-about").replaceChildren(...(patient ? [h("span", {}, about(patient) || _("On record"))] : []));
    this.onChange(patient);
  }

  #open() {
    this.form.reset();
    clearErrors(this.form);
    this.form.elements.name.value = this.patient ? "" : this.input.value.trim();
    this.dialog.showModal();
  }

  async #add() {
    const given = Object.entries(read(this.form)).filter(([, value]) => value !== "");
    const body = Object.fromEntries(given.map(([name, value]) => [name, name === "payer" ? Number(value) : value]));
    const answer = await busy(this.form, () => call("POST", "/api/patients/", this.ids.with(body)));
    if (!answer) return;
    if (!answer.ok) return void showProblem(this.form, answer);
    this.dialog.close();
    this.set(answer.body);
    this.input.focus();
  }
}

/** What tells two of the same name apart. */
function about(patient) {
  return [patient.member_id, patient.phone, patient.address].filter(Boolean).join(" · ");
}
