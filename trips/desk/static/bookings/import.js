// A manifest comes in: checked first, with what is wrong row by row, then written as a whole.

import { _, ngettext } from "atw/i18n.js";
import { call, why } from "../dashboard/api.js";
import { h, setText } from "../dashboard/dom.js";
import { complaints } from "./complaints.js";
import { at, busy, clearErrors, config, read, showErrors, showProblem } from "./form.js";
import { followed } from "./job.js";
import { csvOf } from "./sheet.js";

const form = at("form");
const SHOWN = 200;
let checked = null;

const chosen = () => at("f-file").files[0] ?? null;

/** `{ok, status, body}` of the upload; the file is sent as it is. */
async function send(file, dryRun) {
  const options = new URLSearchParams({ dry_run: dryRun ? "1" : "0" });
  for (const name of ["create_patients", "accept"]) options.set(name, at(`f-${name}`).checked ? "1" : "0");
  const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
  const headers = { Accept: "application/json", "Content-Type": "text/csv", "X-CSRFToken": token };
  try {
    const answer = await fetch(`/api/trips/import/?${options}`, { method: "POST", headers, body: file });
    return { ok: answer.ok, status: answer.status, body: await answer.json().catch(() => null) };
  } catch {
    return { ok: false, status: 0, body: null };
  }
}

async function run(dryRun) {
  const file = chosen();
  if (!file) return void showErrors(form, [["file", _("Choose a file.")]]);
  if (file.size > config.most_bytes) return void showErrors(form, [["file", _("The file is too large.")]]);
  clearErrors(form);
  await busy(form, async () => {
    const answer = await send(file, dryRun);
    if (!answer.ok) return refused(answer);
    progress(dryRun ? _("Checking…") : _("Writing…"));
    const job = await followed(answer.body.task_id, (percent) => (at("bar").value = percent));
    at("progress").hidden = true;
    show(job, file);
  });
}

function refused(answer) {
  const found = complaints(answer.body?.errors);
  if (found.length > 0) return showErrors(form, found.map(([, text]) => ["file", text]));
  return showErrors(form, [["file", why(answer)]]);
}

function progress(text) {
  at("outcome").hidden = true;
  at("progress").hidden = false;
  at("bar").value = 0;
  setText(at("progress-words"), text);
}

function show({ state, result, error }, file) {
  at("outcome").hidden = false;
  const failed = state !== "SUCCESS";
  const { hue, title, text } = failed ? { hue: "trouble", title: _("It failed"), text: error ?? "" } : said(result);
  at("verdict").dataset.hue = hue;
  at("verdict").replaceChildren(h("strong", {}, title), h("span", {}, text));
  at("counts").hidden = failed;
  at("errors").hidden = failed || result.error_count === 0;
  at("changed").hidden = failed || result.changed_count === 0;
  checked = !failed && result.outcome === "checked" && result.error_count === 0 ? file : null;
  at("write").hidden = checked === null || result.new === 0;
  if (failed) return void at("verdict").focus();
  setText(at("write"), ngettext("Import {n} trip", "Import {n} trips", result.new));
  for (const name of ["rows", "new", "known", "new_patients", "error_count"]) setText(at(`n-${name}`), String(result[name]));
  showErrorRows(result);
  showChanged(result);
  at("verdict").focus();
}

function said({ outcome, error_count, new: fresh, known, ignored_columns }) {
  const ignored = ignored_columns?.length > 0 ? ` ${_("Columns that mean nothing here: {names}.", { names: ignored_columns.join(", ") })}` : "";
  if (outcome === "imported") return { hue: "aboard", title: _("Imported"), text: ngettext("{n} trip is on the board.", "{n} trips are on the board.", fresh) + ignored };
  if (error_count > 0) return { hue: "trouble", title: _("Nothing was written"), text: ngettext("{n} cell is wrong. Correct the file, and choose it again.", "{n} cells are wrong. Correct the file, and choose it again.", error_count) };
  if (fresh === 0) return { hue: "driving", title: _("Nothing is new"), text: ngettext("{n} trip is known already.", "{n} trips are known already.", known) + ignored };
  return { hue: "driving", title: _("The file is in order"), text: _("Nothing is written yet.") + ignored };
}

function showErrorRows({ errors, error_count }) {
  const cells = ({ row, column, text }) => h("tr", {}, h("td", { class: "number" }, row || "–"), h("td", {}, column ? h("code", {}, column) : "–"), h("td", {}, text));
  at("error-rows").replaceChildren(...errors.slice(0, SHOWN).map(cells));
  const more = error_count - Math.min(SHOWN, errors.length);
  setText(at("errors-more"), more > 0 ? _("{n} more are in the file of errors, up to 1,000.", { n: more }) : "");
  at("errors-file").onclick = () => save(csvOf([["row", "column", "text"], ...errors.map(({ row, column, text }) => [row, column, text])]));
}

function showChanged({ changed }) {
  const rows = changed.slice(0, SHOWN).map(({ row, trip_id, fields }) =>
    h("tr", {}, h("td", { class: "number" }, row), h("td", {}, h("a", { href: `/dispatch/trips/${trip_id}/edit/` }, `#${trip_id}`)), h("td", {}, fields.join(", "))));
  at("changed-rows").replaceChildren(...rows);
}

/** Hands a text to the reader as a file. */
function save(text) {
  const url = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
  h("a", { href: url, download: "import-errors.csv" }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

async function exported(event) {
  event.preventDefault();
  const out = at("export");
  clearErrors(out);
  at("export-link").hidden = true;
  await busy(out, async () => {
    const { first_day, last_day } = read(out);
    const answer = await call("POST", "/api/trips/export/", { first_day, last_day });
    if (!answer.ok) return showProblem(out, answer);
    at("export-progress").hidden = false;
    const job = await followed(answer.body.task_id, (percent) => (at("export-progress").value = percent));
    at("export-progress").hidden = true;
    if (job.state !== "SUCCESS") return showErrors(out, [["", job.error || _("It failed")]]);
    const link = at("export-link");
    link.href = `/api/tasks/${answer.body.task_id}/file/`;
    link.hidden = false;
    return link.focus();
  });
}

form.addEventListener("submit", (event) => (event.preventDefault(), run(true)));
// Another file, or other options: what was checked is no longer what would be written.
form.addEventListener("input", () => ((checked = null), (at("write").hidden = true), clearErrors(form)));
at("write").addEventListener("click", () => checked && run(false));
at("export").addEventListener("submit", exported);
