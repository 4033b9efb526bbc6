// Forms over the API: what was typed, what the server has against it, the same thing sent once.

import { _ } from "atw/i18n.js";
import { freshId, why } from "../dashboard/api.js";
import { h } from "../dashboard/dom.js";
import { complaints } from "./complaints.js";

export const config = JSON.parse(document.getElementById("config").textContent);

export const at = (id) => document.getElementById(id);

// A form that is worked on before its page's module has run would lose what was done to it.
document.addEventListener("DOMContentLoaded", () => {
  for (const form of document.querySelectorAll("form[inert]")) form.inert = false;
});

/** The control that a page begins at, once its form can be worked on. */
export function beginAt(control) {
  document.addEventListener("DOMContentLoaded", () => control.focus());
}

/** The controls of a form by name, as text; what is disabled counts as well. */
export function read(form) {
  const named = [...form.elements].filter((element) => element.name && !["checkbox", "radio"].includes(element.type));
  return Object.fromEntries(named.map((element) => [element.name, element.value.trim()]));
}

/** Shows what the answer says against the form: beside fields where it names them. */
export function showProblem(form, answer) {
  const found = complaints(answer.body?.errors);
  if (found.length === 0) return showErrors(form, [["", why(answer)]]);
  return showErrors(form, found);
}

/** Shows `[[path, text]]`; what no field is there for stands above. The first is focused. */
export function showErrors(form, found) {
  clearErrors(form);
  const above = found.filter(([path, text]) => !beside(form, path, text)).map(([, text]) => text);
  const box = form.querySelector("[data-errors]");
  box.hidden = false;
  box.replaceChildren(...(above.length > 0 ? above : [_("Please look at the marked fields.")]).map((text) => h("p", {}, text)));
  const first = form.querySelector("[aria-invalid=true]") ?? box;
  first.closest("details")?.setAttribute("open", "");
  first.focus();
  return null;
}

export function clearErrors(form) {
  for (const text of form.querySelectorAll(".field > .error, .place > .error")) text.remove();
  for (const element of form.querySelectorAll("[aria-invalid]")) {
    element.removeAttribute("aria-invalid");
    const about = (element.getAttribute("aria-describedby") ?? "").split(" ").filter((id) => !id.startsWith("e-"));
    if (about.join("")) element.setAttribute("aria-describedby", about.join(" "));
    else element.removeAttribute("aria-describedby");
  }
  const box = form.querySelector("[data-errors]");
  box.hidden = true;
}

function beside(form, path, text) {
  const parts = path.split(".");
  for (let length = parts.length; length > 0; length -= 1) {
    const name = parts.slice(0, length).join(".");
    const field = form.querySelector(`[data-field="${CSS.escape(name)}"]`);
    const element = field?.querySelector("input, select, textarea");
    if (!element) continue;
    const id = `e-${name.replace(".", "-")}`;
    if (!at(id)) {
      field.append(h("p", { class: "error", id }, text));
      element.setAttribute("aria-invalid", "true");
      element.setAttribute("aria-describedby", [element.getAttribute("aria-describedby"), id].filter(Boolean).join(" "));
    }
    return true;
  }
  return false;
}

/** While `work` runs the form's buttons wait; what `work` resolves to. */
export async function busy(form, work) {
  const buttons = [...form.querySelectorAll("button[type=submit]")];
  if (buttons.some((button) => button.disabled)) return null;
  buttons.forEach((button) => (button.disabled = true));
  form.setAttribute("aria-busy", "true");
  try {
    return await work();
  } finally {
    buttons.forEach((button) => (button.disabled = false));
    form.removeAttribute("aria-busy");
  }
}

/** Ids for bodies: the same body again, after an answer that got lost, has the same id. */
export class SameId {
  /** What is sent next is another thing, though it be alike. */
  forget() {
    this.text = null;
  }

  with(body) {
    const text = JSON.stringify(body);
    if (text !== this.text) Object.assign(this, { text, id: freshId() });
    return { ...body, client_event_id: this.id };
  }
}

