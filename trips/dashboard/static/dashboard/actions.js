// The life cycle's actions in a dispatcher's words. Pure; which of them are possible is the
// server's to say (`trip.actions`).

import { _ } from "atw/i18n.js";

const LABELS = {
  schedule: _("Schedule"),
  reject: _("Turn down"),
  assign: _("Assign"),
  unassign: _("Take off the driver"),
  dispatch: _("Send to the driver"),
  start: _("Driver is on the way"),
  arrive_pickup: _("At pick-up"),
  pick_up: _("Patient is aboard"),
  arrive_dropoff: _("At drop-off"),
  complete: _("Complete"),
  no_show: _("No-show"),
  cancel: _("Cancel the trip"),
  ready: _("Patient is ready"),
  miss: _("Missed"),
  transfer: _("Change the vehicle"),
  undo: _("Undo the last step"),
};
const ENDING = new Set(["reject", "no_show", "cancel", "miss"]);
/** Actions that give the trip to a crew, which is chosen among the candidates. */
export const GIVING = new Set(["assign", "transfer"]);
const STEPS = ["schedule", "ready", "dispatch", "start", "arrive_pickup", "pick_up", "arrive_dropoff", "complete"];
const FIELDS = {
  reason: { label: _("Reason"), type: "textarea" },
  scheduled_at: { label: _("Pick-up time"), type: "datetime-local" },
};

/** What the button says. */
export function actionLabel(action) {
  return LABELS[action] ?? action.replaceAll("_", " ");
}

/** Whether the trip ends badly by it: such a button stands apart. */
export function isEnding(action) {
  return ENDING.has(action);
}

/**
 * The actions of a trip, as rows of buttons `{next, more}`: the next step on its road and
 * who drives; and all the others, those that end it last.
 */
export function arrangedActions(actions) {
  const step = STEPS.map((name) => actions.find(({ action }) => action === name)).find(Boolean);
  const next = [...(step ? [step] : []), ...actions.filter(({ action }) => GIVING.has(action))];
  const rest = actions.filter((one) => !next.includes(one));
  const ending = ({ action }) => isEnding(action);
  return { next, more: [...rest.filter((one) => !ending(one)), ...rest.filter(ending)] };
}

/** The fields to ask for, `[{name, label, type}]`, before the action is sent. */
export function fieldsOf({ action, requires }, trip) {
  const names = requires.filter((name) => name in FIELDS);
  if (action === "schedule" && !trip.scheduled_at) names.push("scheduled_at");
  // Its rules may ask for one: clock and place do not always prove the wait.
  const optional = action === "no_show" && !names.includes("reason") ? ["reason"] : [];
  return [
    ...names.map((name) => ({ name, ...FIELDS[name], required: true })),
    ...optional.map((name) => ({ name, ...FIELDS[name], required: false })),
  ];
}
