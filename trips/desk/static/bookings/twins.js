// Whether the patient has such a trip already: said before it is booked twice.

import { _ } from "atw/i18n.js";
import { call } from "../dashboard/api.js";
import { h } from "../dashboard/dom.js";
import { statusLabel } from "../dashboard/trips.js";
import { at, config } from "./form.js";
import { isTwin } from "./twin.js";

export class Twins {
  constructor(clock) {
    this.clock = clock;
    this.root = at("twins");
    this.asked = 0;
  }

  /** Looks for trips of `patient` on `day` about `scheduledAt` (ISO); any of them may be null. */
  async look(patient, day, scheduledAt) {
    const turn = (this.asked += 1);
    const known = patient && day ? await call("GET", `/api/trips/?patient=${patient.id}&date=${day}`) : null;
    if (turn !== this.asked) return;
    const found = (known?.body?.results ?? []).filter((trip) => isTwin(trip, scheduledAt));
    this.root.hidden = found.length === 0;
    const rows = found.map((trip) => h("li", {}, this.#link(trip)));
    this.root.replaceChildren(h("strong", {}, _("Is it booked already?")), h("ul", {}, rows));
  }

  #link(trip) {
    const when = trip.scheduled_at ? this.clock.time(trip.scheduled_at) : _("will call");
    const values = { id: trip.id, when, to: trip.dropoff.address, state: statusLabel(trip.status) };
    return h("a", { href: `${config.board}?trip=${trip.id}`, target: "_blank" }, _("Trip {id}: {when} to {to}, {state}", values));
  }
}
