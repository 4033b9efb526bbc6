// What is selected: the same in list, map and panel; and what is done to it.

import { _ } from "atw/i18n.js";
import { actionLabel, fieldsOf, GIVING, isEnding } from "./actions.js";
import { call, why } from "./api.js";
import { Candidates } from "./candidates.js";
import { canGive } from "./commands.js";
import { ask } from "./dialogs.js";
import { Panel } from "./panel.js";
import { fromLocal } from "./times.js";
import { toast } from "./toasts.js";

export class Selection {
  /** Of `board`, in the element `panel`; `clock` as of times.js. */
  constructor(board, panel, { clock, timeZone }) {
    this.board = board;
    this.clock = clock;
    this.timeZone = timeZone;
    this.tripId = null;
    this.vehicleOnly = null;
    this.candidates = null;
    // The server's own answer for the selected trip: it holds what may be done.
    this.answer = null;
    this.track = null;
    this.panel = new Panel(panel, clock, { onClose: () => this.nothing(), onAction: (one) => this.act(one) });
  }

  /** Selects a trip; its stops and ways come into view. */
  trip(id) {
    this.#set(id, null);
    this.board.map?.fit();
  }

  /** Selects a vehicle: the trip it is busy with, where there is one. */
  vehicle(id) {
    const trip = this.board.current.get(id);
    this.#set(trip?.id ?? null, trip ? null : id);
  }

  nothing() {
    const row = this.board.list.rows.get(this.tripId)?.button;
    this.#set(null, null);
    row?.focus();
  }

  /** One step back: from the candidates to the trip, from the trip to nothing. */
  back() {
    if (!this.candidates) return this.nothing();
    this.#closeCandidates();
    this.mark();
    this.panel.root.querySelector(".close")?.focus();
  }

  /** The vehicle that is marked: the trip's, or the one selected alone. */
  vehicleId() {
    return this.#trip()?.vehicle?.id ?? this.vehicleOnly;
  }

  /** Shows the selection in list, map and panel. */
  mark() {
    const { free, list, map, state } = this.board;
    const trip = this.#trip();
    if (list.selected !== this.tripId) list.select(this.tripId);
    free.mark(this.vehicleOnly);
    map?.select(this.vehicleId(), trip ?? null);
    map?.layers.way(trip ?? null, state.vehicles.get(this.vehicleId()), this.track);
    this.show();
    if (trip && trip.version !== this.askedFor) this.#ask(trip);
  }

  show() {
    const trip = this.#trip();
    const vehicle = this.board.state.vehicles.get(this.vehicleId());
    if (this.candidates) this.panel.showOther(this.candidates.root);
    else if (trip) this.panel.showTrip(trip, vehicle, this.board.nowMs());
    else if (vehicle) this.panel.showVehicle(vehicle, this.board.nowMs());
    else this.panel.hide();
    if (trip) this.panel.showActions(this.answer);
  }

  /** Opens the candidates of a trip. */
  async assign(id) {
    if (id !== this.tripId) this.#set(id, null);
    const trip = await this.#fresh(id);
    if (!trip || this.tripId !== id) return;
    if (!canGive(trip)) return void toast(_("This trip cannot be assigned: it is under way, or has ended."));
    this.candidates = new Candidates(this.clock, {
      onChoose: (candidate) => this.#choose(trip, candidate),
      onLook: (vehicleId) => this.board.map?.point(vehicleId),
      onClose: () => this.back(),
    });
    this.show();
    await this.candidates.load(trip);
  }

  /** Gives a trip to a candidate that was chosen elsewhere, e.g. by dropping it there. */
  async give(id, candidate) {
    const trip = await this.#fresh(id);
    if (trip && canGive(trip)) await this.board.commands.give(trip, candidate);
    else if (trip) toast(_("This trip cannot be assigned: it is under way, or has ended."));
  }

  /** Does one of the trip's actions, after asking for what it needs. */
  async act(one) {
    const trip = this.answer;
    if (!trip) return;
    if (GIVING.has(one.action)) return this.assign(trip.id);
    const fields = fieldsOf(one, trip);
    const title = actionLabel(one.action);
    const danger = isEnding(one.action);
    const given = fields.length > 0 || danger ? await ask({ title, fields, confirm: title, danger }) : {};
    if (given) await this.board.commands.tap(trip, one.action, this.#filled(given));
  }

  #filled(given) {
    const filled = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== ""));
    if (filled.scheduled_at) filled.scheduled_at = fromLocal(filled.scheduled_at, this.timeZone);
    return filled;
  }

  #choose(trip, candidate) {
    this.#closeCandidates();
    this.mark();
    this.board.list.rows.get(trip.id)?.button.focus();
    return this.board.commands.give(trip, candidate);
  }

  #set(tripId, vehicleOnly) {
    this.#closeCandidates();
    if (tripId !== this.tripId) this.answer = this.track = this.askedFor = null;
    this.tripId = tripId;
    this.vehicleOnly = vehicleOnly;
    this.mark();
    this.board.remember();
  }

  #closeCandidates() {
    this.candidates = null;
    this.board.map?.point(null);
  }

  #trip() {
    return this.board.commands.shown(this.board.state.trips.get(this.tripId));
  }

  async #ask(trip) {
    this.askedFor = trip.version;
    const [answer, track] = await Promise.all([this.#fresh(trip.id), this.#tracked(trip)]);
    if (this.tripId !== trip.id || this.askedFor !== trip.version) return;
    this.answer = answer;
    this.track = track;
    this.mark();
  }

  async #fresh(id) {
    const answer = await call("GET", `/api/trips/${id}/`);
    if (!answer.ok) toast(why(answer));
    return answer.ok ? answer.body : null;
  }

  async #tracked(trip) {
    const answer = await call("GET", `/api/trips/${trip.id}/track.geojson`);
    const driven = answer.body?.features?.find(({ properties }) => properties.kind === "track");
    return driven?.geometry.coordinates ?? null;
  }
}
