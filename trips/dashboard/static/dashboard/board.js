// The dispatch board: one socket feeds a list, a map and a panel.

import { _ } from "atw/i18n.js";
import { readAddress, writeAddress } from "./address.js";
import { Alerts } from "./alerts.js";
import { Bulk } from "./bulk.js";
import { Commands } from "./commands.js";
import { showKeys } from "./dialogs.js";
import { setText } from "./dom.js";
import { allowDragging } from "./drag.js";
import { FreeVehicles } from "./free.js";
import { keysOf } from "./keys.js";
import { TripList } from "./list.js";
import { FleetMap } from "./map.js";
import { once, Pace } from "./pace.js";
import { Selection } from "./selection.js";
import { BoardSocket } from "./socket.js";
import { ago, clockOf } from "./times.js";
import { toast } from "./toasts.js";
import { currentTrips, onBoard, VIEWS } from "./trips.js";

const at = (id) => document.getElementById(id);
const config = JSON.parse(at("board-config").textContent);
const clock = clockOf(config.time_zone);
// The server may be away for long; who looks at the board is not left waiting for long after.
const LONGEST_RETRY_MS = 5000;
// Of the main thread, for drawing the list.
const SHARE = 0.25;

class Board {
  constructor() {
    const parts = ["groups", "filters", "empty", "search"].map((id) => [id, at(id)]);
    this.map = null;
    this.current = new Map();
    // The dispatcher's own clock may be wrong: heartbeats tell the server's.
    this.clockAheadMs = 0;
    this.dirty = { list: false, vehicles: new Set() };
    this.pace = new Pace(() => this.redrawChanged(), SHARE);
    this.bulk = new Bulk(at("bulk"), () => this.redraw());
    this.list = new TripList(Object.fromEntries(parts), clock, {
      select: (id) => this.selection.trip(id),
      pick: (id) => this.bulk.toggle(id),
      narrow: () => (this.drawFree(), this.remember()),
    });
    this.free = new FreeVehicles(at("groups"), (id) => (this.selection.vehicle(id), this.map?.fit()));
    this.commands = new Commands({ tripOf: (id) => this.state.trips.get(id), onChange: () => this.redraw(), clock });
    this.selection = new Selection(this, at("panel"), { clock, timeZone: config.time_zone });
    this.alerts = new Alerts(at("alerts"), alertsConfig(), clock, {
      onTrip: (id) => this.selection.trip(id),
      onChange: () => this.redraw(),
      onFrame: (frame) => this.bulk.hear(frame),
    });
    this.socket = new BoardSocket(socketUrl(config.socket), {
      longestRetryMs: LONGEST_RETRY_MS,
      onFrame: (frame) => this.setClock(frame),
      onChange: (effects) => this.changed(effects),
    });
  }

  get state() {
    return this.socket.state;
  }

  start() {
    const { view, query, trip } = readAddress(location.search, VIEWS);
    this.wanted = trip;
    this.list.narrow(view, query);
    this.socket.start();
    this.alerts.start();
    this.loadMap();
    this.tick();
    setInterval(() => this.tick(), 1000);
    allowDragging(at("groups"), at("map"), () => this.map?.vehicles, (id, candidate) => this.selection.give(id, candidate));
    document.addEventListener("keydown", keysOf(this, at("search"), showKeys));
    at("keys").addEventListener("click", showKeys);
    for (const [target, name] of [[document, "visibilitychange"], [document, "resume"], [window, "online"], [window, "pageshow"]]) {
      target.addEventListener(name, () => document.visibilityState === "visible" && this.socket.wake());
    }
  }

  async loadMap() {
    const selection = this.selection;
    try {
      this.map = await FleetMap.create(at("map"), config, {
        vehicle: (id) => selection.vehicle(id),
        trip: (id) => selection.trip(id),
        nowMs: () => this.nowMs(),
      });
      this.redraw();
    } catch (error) {
      at("map-note").hidden = false;
      setText(at("map-note"), _("The map cannot be shown here. The list works without it."));
      at("map-note").title = String(error);
    }
  }

  changed(effects) {
    if (effects.status) this.showConnection();
    const touched = effects.all ? [...this.commands.pending.keys()] : effects.trips;
    touched.forEach((id) => this.commands.settle(id));
    if (effects.all || effects.trips.length > 0) this.dirty.list = true;
    effects.vehicles.forEach((id) => this.dirty.vehicles.add(id));
    this.pace.ask();
  }

  redrawChanged() {
    if (this.dirty.list) return this.redraw();
    for (const id of this.dirty.vehicles) {
      this.map?.move(this.state.vehicles.get(id), this.current.get(id), this.nowMs());
    }
    if (this.dirty.vehicles.has(this.selection.vehicleId())) this.selection.show();
    this.dirty.vehicles.clear();
  }

  redraw() {
    if (this.state.seq === null) return;
    this.current = currentTrips(this.state.trips.values());
    const trips = this.tripsShown();
    this.bulk.keep(new Set([...trips.values()].filter(({ status }) => status === "scheduled").map(({ id }) => id)));
    this.list.draw(trips, this.context());
    this.drawFree();
    this.map?.draw(this.state.vehicles, this.current, this.nowMs());
    this.map?.layers.stops(trips.values(), this.selection.tripId);
    this.dirty = { list: false, vehicles: new Set() };
    this.selection.mark();
    this.openWanted();
    once("trips-drawn");
  }

  drawFree() {
    const [query, hidden] = [this.list.search.value, this.list.only !== null];
    this.free.draw(this.state.vehicles, this.current, { query, hidden, nowMs: this.nowMs() });
  }

  tripsShown() {
    const trips = onBoard(this.state.trips, config.reach, this.nowMs());
    for (const id of this.commands.pending.keys()) {
      if (trips.has(id)) trips.set(id, this.commands.shown(trips.get(id)));
    }
    return trips;
  }

  context() {
    const nowMs = this.nowMs();
    const today = clock.day(nowMs);
    const isToday = (iso) => Math.abs(Date.parse(iso) - nowMs) < 86400000 && clock.day(iso) === today;
    return { nowMs, isToday, alarmed: this.alerts.trips, picked: this.bulk.picked };
  }

  // A link may name a trip: it opens with the first snapshot.
  openWanted() {
    const id = this.wanted;
    this.wanted = null;
    if (!id) return;
    if (this.state.trips.has(id)) this.selection.trip(id);
    else toast(_("Trip {id} is not on the board.", { id }));
  }

  /** Puts what is shown into the address: a link to it is a saved view. */
  remember() {
    const trip = this.selection.tripId ?? this.wanted;
    const text = writeAddress({ view: this.list.only, query: this.list.search.value, trip });
    if (text !== location.search) history.replaceState(null, "", `${location.pathname}${text}`);
  }

  showConnection() {
    const { status, offlineSince, stopped } = this.state;
    const since = offlineSince === null ? _("offline") : _("offline since {at}", { at: clock.time(offlineSince) });
    const texts = { live: _("live"), "catching-up": _("catching up"), offline: since };
    at("connection").dataset.status = status;
    setText(at("connection"), stopped ? _("not allowed") : texts[status]);
    if (stopped === 4401) location.assign(config.login);
    this.showAge();
  }

  // The board never pretends: what it shows is as old as the last word of the server.
  showAge() {
    const { status, offlineSince, seq } = this.state;
    at("as-of").hidden = status === "live" || seq === null || offlineSince === null;
    if (at("as-of").hidden) return;
    const values = { at: clock.seconds(offlineSince + this.clockAheadMs), ago: ago(new Date(offlineSince).toISOString(), Date.now()) };
    setText(at("as-of"), _("You see the board as of {at}, {ago}. It catches up by itself.", values));
  }

  setClock(frame) {
    if (frame.type === "heartbeat") this.clockAheadMs = Date.parse(frame.at) - Date.now();
  }

  nowMs() {
    return Date.now() + this.clockAheadMs;
  }

  tick() {
    const now = this.nowMs();
    setText(at("clock"), `${clock.seconds(now)} ${clock.zone(now)}`);
    this.showAge();
    // Ages and lateness grow without any frame.
    if (Math.floor(now / 1000) % 10 === 0) this.redraw();
  }
}

function alertsConfig() {
  const root = config.alerts;
  return { root, list: `${root}?open=true`, socket: socketUrl("/ws/me/") };
}

function socketUrl(path) {
  const url = new URL(path, location.href);
  url.protocol = url.protocol.replace("http", "ws");
  return url.href;
}

new Board().start();
