// Questions that stop the work: fields of an action, two versions of a trip, the keys.

import { _ } from "atw/i18n.js";
import { h } from "./dom.js";
import { compared } from "./versions.js";

/** Asks for `fields` ({name, label, type, required}); their values, or null where closed. */
export function ask({ title, text = "", fields = [], confirm, danger = false }) {
  const inputs = fields.map(input);
  const parts = inputs.map(({ field, element }, index) =>
    h("div", { class: "field" }, h("label", { for: `ask-${index}` }, field.label), element),
  );
  const say = { type: "submit", value: "yes", class: danger ? "danger" : "primary" };
  const buttons = h("div", { class: "buttons" }, h("button", say, confirm), closer(_("Back")));
  const form = h("form", { method: "dialog", class: "form" }, text && h("p", {}, text), parts, buttons);
  return opened(title, form, (answer) => {
    if (answer !== "yes") return null;
    return Object.fromEntries(inputs.map(({ field, element }) => [field.name, element.value.trim()]));
  });
}

/** Shows what one saw beside what is; resolves to whether to do it all the same. */
export function showConflict({ seen, now, wanted, clock, canRepeat }) {
  const rows = compared(seen, now, clock).map((row) =>
    h("tr", { "data-differs": row.differs ? "yes" : null },
      h("th", { scope: "row" }, row.name), h("td", {}, row.seen), h("td", {}, row.now)));
  const head = h("tr", {}, h("td", {}), h("th", { scope: "col" }, _("You saw")), h("th", { scope: "col" }, _("It is now")));
  const table = h("table", { class: "table versions" }, h("thead", {}, head), h("tbody", {}, rows));
  const again = canRepeat && h("button", { type: "submit", value: "yes", class: "quiet" }, _("Do it all the same"));
  const buttons = h("div", { class: "buttons" }, closer(_("Leave it as it is"), "primary"), again);
  const text = h("p", {}, _("You wanted: {wanted}.", { wanted }));
  return opened(_("Somebody else was first"), h("form", { method: "dialog", class: "form" }, text, table, buttons), (answer) => answer === "yes");
}

/** Shows reasons, one a line. */
export function showReasons(title, reasons) {
  const list = h("ul", { class: "reasons" }, reasons.map((reason) => h("li", {}, reason)));
  return opened(title, h("form", { method: "dialog", class: "form" }, list, only(_("All right"))), () => null);
}

const KEYS = [
  ["/", _("Search")],
  ["↑ ↓", _("Go through the trips")],
  ["Enter", _("Open the trip")],
  ["n", _("New trip")],
  ["a", _("Assign the trip: its candidates")],
  ["x", _("Pick the trip for automatic assignment")],
  ["Esc", _("Back, and close")],
  ["?", _("These keys")],
];

/** The keys of the board. */
export function showKeys() {
  const rows = KEYS.map(([key, text]) => [h("dt", {}, h("kbd", {}, key)), h("dd", {}, text)]).flat();
  const drag = h("p", { class: "muted" }, _("With the mouse: drag a trip onto a vehicle."));
  const form = h("form", { method: "dialog", class: "form" }, h("dl", { class: "facts" }, rows), drag, only(_("Close")));
  return opened(_("Keys"), form, () => null);
}

function input(field, index) {
  const attributes = { id: `ask-${index}`, name: field.name, required: field.required, maxlength: 500 };
  const element = field.type === "textarea" ? h("textarea", attributes) : h("input", { ...attributes, type: field.type });
  if (field.value) element.value = field.value;
  return { field, element };
}

function closer(label, look = "quiet") {
  return h("button", { type: "submit", value: "no", class: look, formnovalidate: true }, label);
}

function only(label) {
  return h("div", { class: "buttons" }, closer(label, "primary"));
}

function opened(title, form, read) {
  const dialog = h("dialog", { "aria-labelledby": "dialog-title" }, h("h2", { id: "dialog-title" }, title), form);
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(read(dialog.returnValue));
    });
  });
}
