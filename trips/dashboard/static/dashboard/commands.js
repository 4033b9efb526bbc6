// What a dispatcher does to trips: sent with the version that was seen, shown at once but
// marked until the board's own socket confirms it, and taken back within ten seconds.

import { _ } from "atw/i18n.js";
import { actionLabel, GIVING } from "./actions.js";
import { call, freshId, why } from "./api.js";
import { ask, showConflict, showReasons } from "./dialogs.js";
import { toast } from "./toasts.js";

const UNDO_MS = 10000;

export class Commands {
  /** `tripOf(id)` is the board's trip; `onChange(id)` when what is shown of it may differ. */
  constructor({ tripOf, onChange, clock }) {
    this.tripOf = tripOf;
    this.onChange = onChange;
    this.clock = clock;
    // By trip: what was asked for, and the version that confirms it (null: no answer yet).
    this.pending = new Map();
  }

  /** The trip as it will be if the server agrees; `pending` says what is not confirmed yet. */
  shown(trip) {
    const asked = this.pending.get(trip?.id);
    return asked ? { ...trip, ...asked.change, pending: asked.words } : trip;
  }

  /** The socket told of this trip: what it confirms is no longer pending. */
  settle(id) {
    const asked = this.pending.get(id);
    const trip = this.tripOf(id);
    if (!asked || asked.version === null) return;
    if (!trip || trip.version >= asked.version) this.pending.delete(id);
  }

  /** One action; `trip` is what was seen. The trip after it, or null. */
  tap(trip, action, fields = {}, options = {}) {
    const body = { action, expected_version: trip.version, client_event_id: freshId(), ...fields };
    return this.#send(trip, body, { wanted: actionLabel(action), ...options });
  }

  /** Gives the trip to a candidate; schedules it before, where that has not been done. */
  async give(trip, { vehicle, driver }) {
    const crew = { vehicle_id: vehicle.id, driver_id: driver.id };
    const wanted = _("{vehicle} with {driver} for trip {id}", { vehicle: vehicle.name, driver: driver.name, id: trip.id });
    const options = { wanted, change: { vehicle, driver }, done: _("Assigned: {wanted}.", { wanted }) };
    const may = (action) => trip.actions.some((one) => one.action === action);
    if (may("transfer") && !may("assign")) {
      const said = await ask({ title: actionLabel("transfer"), text: wanted, fields: [REASON], confirm: _("Change the vehicle") });
      return said && this.tap(trip, "transfer", { ...crew, ...said }, options);
    }
    options.change.status = "assigned";
    const scheduled = may("assign") ? trip : await this.tap(trip, "schedule", {}, { quiet: true });
    return scheduled && this.tap(scheduled, "assign", crew, options);
  }

  async #send(trip, body, options) {
    this.pending.set(trip.id, { version: null, change: options.change ?? {}, words: _("sending…") });
    this.onChange(trip.id);
    const answer = await call("POST", `/api/trips/${trip.id}/status/`, body);
    if (answer.ok) return this.#done(answer.body, body, options);
    this.pending.delete(trip.id);
    this.onChange(trip.id);
    return this.#refused(trip, body, options, answer);
  }

  #done(trip, body, options) {
    const asked = this.pending.get(trip.id);
    if (asked) Object.assign(asked, { version: trip.version, words: _("not confirmed yet") });
    this.settle(trip.id);
    this.onChange(trip.id);
    if (!options.quiet) this.#tell(trip, body, options);
    return trip;
  }

  #tell(trip, { action }, { wanted, done }) {
    const text = done ?? _("Trip {id}: {wanted}.", { id: trip.id, wanted });
    const canUndo = action !== "undo" && trip.actions.some((one) => one.action === "undo");
    const run = () => this.tap(trip, "undo", { reason: _("Undone on the board") }, { done: _("Trip {id}: undone.", { id: trip.id }) });
    toast(text, { action: canUndo ? { label: _("Undo"), run } : null, ms: UNDO_MS });
  }

  async #refused(trip, body, options, answer) {
    const now = answer.body?.trip;
    if (answer.status === 409 && now && now.version !== body.expected_version) {
      return this.#conflict(trip, now, body, options);
    }
    if (answer.body?.refusals) {
      await showReasons(_("It does not fit"), answer.body.refusals.map(({ text }) => text));
      return null;
    }
    // The same id: if the first one arrived after all, it is not done twice.
    const again = { label: _("Try again"), run: () => this.#send(trip, body, options) };
    toast(why(answer), { action: answer.status === 0 || answer.status >= 500 ? again : null, ms: UNDO_MS });
    return null;
  }

  async #conflict(seen, now, body, options) {
    const canRepeat = now.actions.some(({ action }) => action === body.action);
    const { wanted } = options;
    if (!(await showConflict({ seen, now, wanted, clock: this.clock, canRepeat }))) return null;
    const { action, expected_version, client_event_id, ...fields } = body;
    return this.tap(now, action, fields, options);
  }
}

const REASON = { name: "reason", label: _("Reason"), type: "textarea", required: true };

/** Whether somebody may be chosen for the trip, now or after it is scheduled. */
export function canGive(trip) {
  return trip.actions.some(({ action }) => GIVING.has(action) || action === "schedule");
}
