// The dispatch board: one socket feeds a list, a map and a panel.

import { Alerts } from "./alerts.js";
import { setText } from "./dom.js";
import { TripList } from "./list.js";
import { FleetMap } from "./map.js";
import { Panel } from "./panel.js";
import { BoardSocket } from "./socket.js";
import { clockOf } from "./times.js";
import { currentTrips, onBoard } from "./trips.js";

const at = (id) => document.getElementById(id);
const config = JSON.parse(at("board-config").textContent);
const clock = clockOf(config.time_zone);

class Board {
  constructor() {
    const parts = ["groups", "filters", "empty", "search"].map((id) => [id, at(id)]);
    this.list = new TripList(Object.fromEntries(parts), clock, (id) => this.selectTrip(id));
    this.panel = new Panel(at("panel"), clock, () => this.selectNothing());
    this.alerts = new Alerts(at("alerts"), alertsConfig(), clock, (id) => this.selectTrip(id));
    this.map = null;
    this.current = new Map();
    this.tripId = null;
    this.vehicleId = null;
    // The dispatcher's own clock may be wrong: heartbeats tell the server's.
    this.clockAheadMs = 0;
    this.dirty = { list: false, vehicles: new Set() };
    this.socket = new BoardSocket(socketUrl(config.socket), {
      onFrame: (frame) => this.setClock(frame),
      onChange: (effects) => this.changed(effects),
    });
  }

  get state() {
    return this.socket.state;
  }

  start() {
    this.socket.start();
    this.alerts.start();
    this.loadMap();
    this.tick();
    setInterval(() => this.tick(), 1000);
    document.addEventListener("keydown", (event) => this.key(event));
  }

  async loadMap() {
    try {
      this.map = await FleetMap.create(at("map"), config, (id) => this.selectVehicle(id));
      this.redraw();
    } catch (error) {
      at("map-note").hidden = false;
      setText(at("map-note"), "The map cannot be shown here. The list works without it.");
      at("map-note").title = String(error);
    }
  }

  changed(effects) {
    if (effects.status) this.showConnection();
    if (effects.all || effects.trips.length > 0) this.dirty.list = true;
    effects.vehicles.forEach((id) => this.dirty.vehicles.add(id));
    // A hidden page gets no animation frames: it draws once when it is looked at again.
    this.drawing ??= requestAnimationFrame(() => this.redrawChanged());
  }

  redrawChanged() {
    this.drawing = null;
    if (this.dirty.list) return this.redraw();
    for (const id of this.dirty.vehicles) {
      this.map?.move(this.state.vehicles.get(id), this.current.get(id), this.nowMs());
    }
    const shown = this.shownVehicleId();
    if (this.dirty.vehicles.has(shown)) this.showPanel();
    this.dirty.vehicles.clear();
  }

  redraw() {
    this.current = currentTrips(this.state.trips.values());
    this.list.draw(onBoard(this.state.trips, config.reach, this.nowMs()), this.nowMs());
    this.map?.draw(this.state.vehicles, this.current, this.nowMs());
    this.dirty = { list: false, vehicles: new Set() };
    this.mark();
  }

  selectTrip(id) {
    this.tripId = id;
    this.vehicleId = null;
    this.mark();
    this.map?.fit();
  }

  selectVehicle(id) {
    this.tripId = this.current.get(id)?.id ?? null;
    this.vehicleId = this.tripId === null ? id : null;
    this.mark();
  }

  selectNothing() {
    const row = this.list.rows.get(this.tripId)?.button;
    this.tripId = this.vehicleId = null;
    this.mark();
    row?.focus();
  }

  mark() {
    const trip = this.state.trips.get(this.tripId) ?? null;
    if (this.list.selected !== this.tripId) this.list.select(this.tripId);
    this.map?.select(this.shownVehicleId(), trip);
    this.showPanel();
  }

  shownVehicleId() {
    return this.state.trips.get(this.tripId)?.vehicle?.id ?? this.vehicleId;
  }

  showPanel() {
    const trip = this.state.trips.get(this.tripId);
    const vehicle = this.state.vehicles.get(this.shownVehicleId());
    if (trip) this.panel.showTrip(trip, vehicle, this.nowMs());
    else if (vehicle) this.panel.showVehicle(vehicle, this.nowMs());
    else this.panel.hide();
  }

  showConnection() {
    const { status, offlineSince, stopped } = this.state;
    const since = offlineSince === null ? "" : ` since ${clock.time(offlineSince)}`;
    const texts = { live: "live", "catching-up": "catching up", offline: `offline${since}` };
    at("connection").dataset.status = status;
    setText(at("connection"), stopped ? "not allowed" : texts[status]);
    if (stopped === 4401) location.assign(config.login);
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
    // Ages and lateness grow without any frame.
    if (Math.floor(now / 1000) % 10 === 0 && this.state.seq !== null) this.redraw();
  }

  key(event) {
    const typing = event.target.matches("input");
    if (event.key === "/" && !typing) {
      event.preventDefault();
      at("search").focus();
    } else if (event.key === "Escape" && typing) {
      at("search").value = "";
      this.list.redraw();
    } else if (event.key === "Escape") this.selectNothing();
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
