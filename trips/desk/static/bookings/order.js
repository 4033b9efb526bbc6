// One standing order: its days, its history, and every way of changing it.

import { _, ngettext } from "atw/i18n.js";
import { call, why } from "../dashboard/api.js";
import { ask } from "../dashboard/dialogs.js";
import { h, setText } from "../dashboard/dom.js";
import { clockOf } from "../dashboard/times.js";
import { toast } from "../dashboard/toasts.js";
import { differing } from "./differing.js";
import { at, busy, clearErrors, config, read, showErrors, showProblem } from "./form.js";
import { dayRows, OrderForm } from "./order_form.js";
import { STATES } from "./order_states.js";

const path = `/api/standing-orders/${config.order_id}/`;
const clock = clockOf(config.time_zone);
const fields = new OrderForm(() => {});
const { form } = fields;
let order = null;
let shown = null;

async function load() {
  const [found, days, history] = await Promise.all([call("GET", path), call("GET", `${path}preview/?count=20`), call("GET", `${path}history/`)]);
  at("loading").hidden = true;
  at("away").hidden = found.ok;
  at("order").hidden = !found.ok;
  if (!found.ok) return void setText(at("away-why"), why(found));
  show(found.body);
  if (days.ok) showDays(days.body.days);
  if (history.ok) showHistory(history.body);
}

function show(found) {
  order = found;
  setText(at("who"), order.patient.name);
  setText(at("rhythm"), order.words);
  const state = STATES[order.state];
  at("state").dataset.hue = state.hue;
  setText(at("state"), state.label);
  setText(at("made-until"), order.materialised_until ? _("Trips are made up to {day}.", { day: order.materialised_until }) : _("Its trips are made within the hour."));
  const pauses = order.pauses.map((pause) => _("{from} to {to}: {reason}", { from: pause.first_day, to: pause.last_day ?? _("further notice"), reason: pause.reason }));
  at("pauses").replaceChildren(...pauses.map((text) => h("li", {}, text)));
  at("pauses-box").hidden = pauses.length === 0;
  const offered = OFFERED[order.state];
  for (const button of document.querySelectorAll("[data-do]")) button.hidden = !offered.includes(button.dataset.do);
  at("change").hidden = order.state === "ended";
  fields.fill(order);
  shown = fields.values();
}

const OFFERED = { requested: ["approve", "end"], active: ["pause", "end"], paused: ["resume", "end"], ended: [] };

function showDays(days) {
  at("days-rows").replaceChildren(...dayRows(days, clock, dayButton));
  at("no-days").hidden = days.length > 0;
  at("days-table").hidden = days.length === 0;
}

function dayButton({ day, held_back }) {
  if (order.state === "ended") return [];
  if (held_back === "skipped") return button(_("Drive after all"), () => change("restore", { day }));
  if (held_back) return [];
  return button(_("Leave out"), async () => {
    const field = { name: "reason", label: _("Reason"), type: "text" };
    const said = await ask({ title: _("Leave out {day}", { day }), fields: [field], confirm: _("Leave out") });
    if (said) await change("skip", { day, ...said });
  });
}

function button(label, run) {
  return h("button", { type: "button", class: "quiet small-button", onclick: run }, label);
}

function showHistory(events) {
  const rows = events.map(({ at: moment, kind, actor }) =>
    h("li", {}, h("span", {}, KINDS[kind] ?? kind), h("small", {}, `${clock.day(moment)} ${clock.time(moment)} · ${actor.name}`)));
  at("history").replaceChildren(...rows);
}

const KINDS = {
  created: _("Made"),
  approved: _("Approved"),
  changed: _("Changed"),
  succeeded: _("Followed by a changed order"),
  paused: _("Paused"),
  resumed: _("Resumed"),
  skipped: _("A day left out"),
  restored: _("A day taken in again"),
  ended: _("Ended"),
};

const FROM = { name: "from", label: _("From (day)"), type: "date", value: config.today, required: true };
const QUESTIONS = {
  approve: { title: _("Approve the order"), confirm: _("Approve"), fields: [], text: _("Its trips are made.") },
  pause: {
    title: _("Pause the order"),
    confirm: _("Pause"),
    fields: [FROM, { name: "to", label: _("To (day; empty: until resumed)"), type: "date" }, { name: "reason", label: _("Reason"), type: "text", required: true }],
    text: _("Trips of these days that nobody has touched are cancelled."),
  },
  resume: { title: _("Resume the order"), confirm: _("Resume"), fields: [FROM] },
  end: { title: _("End the order"), confirm: _("End the order"), fields: [FROM], danger: true, text: _("No trips from this day on.") },
};

async function act(name) {
  const given = await ask(QUESTIONS[name]);
  if (given) await change(name, Object.fromEntries(Object.entries(given).filter(([, value]) => value !== "")));
}

/** One change of the order; true where it was done. */
async function change(name, body) {
  const answer = await call("POST", `${path}${name}/`, { ...body, expected_version: order.version });
  if (!answer.ok) return refused(answer);
  tell(answer.body);
  if (answer.body.order.id !== order.id) location.assign(`${config.order}${answer.body.order.id}/`);
  else await load();
  return true;
}

async function refused(answer) {
  const now = answer.body?.order;
  toast(now && now.version !== order.version ? _("Somebody has changed the order: this is how it is now.") : why(answer), { ms: 10_000 });
  if (now) await load();
  return false;
}

/** What became of its trips. */
function tell({ trips: { made, withdrawn, left } }) {
  const said = [
    made > 0 && ngettext("{n} trip made", "{n} trips made", made),
    withdrawn.length > 0 && ngettext("{n} trip cancelled", "{n} trips cancelled", withdrawn.length),
  ].filter(Boolean);
  toast(said.join(", ") || _("Done."));
  const links = left.map(({ trip_id, service_date }) => h("a", { href: `${config.board}?trip=${trip_id}` }, `#${trip_id} (${service_date}) `));
  at("left").hidden = left.length === 0;
  at("left").replaceChildren(h("strong", {}, _("Left as they are, for you to decide:")), h("span", {}, links));
}

async function save() {
  const { from } = read(form);
  const changes = differing(shown, fields.values());
  const lacking = [...fields.errors(), ...(from ? [] : [["from", _("From which day?")]])];
  if (lacking.length > 0) return void showErrors(form, lacking);
  clearErrors(form);
  if (Object.keys(changes).length === 0) return void showErrors(form, [["", _("Nothing differs.")]]);
  const answer = await busy(form, () => call("POST", `${path}change/`, { ...changes, from, expected_version: order.version }));
  if (!answer) return;
  if (answer.status === 400) return void showProblem(form, answer);
  if (!answer.ok) return void (await refused(answer));
  tell(answer.body);
  if (answer.body.order.id === order.id) await load();
  else location.assign(`${config.order}${answer.body.order.id}/`);
}

for (const one of document.querySelectorAll("[data-do]")) one.addEventListener("click", () => act(one.dataset.do));
form.addEventListener("submit", (event) => (event.preventDefault(), save()));
at("again").addEventListener("click", load);
load();
