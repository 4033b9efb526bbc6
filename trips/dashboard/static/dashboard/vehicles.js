// All vehicles on one canvas above the map: they glide between their fixes without the map
// below being drawn again, which costs a whole core where WebGL is software (docs/BOARD.md).
// What can be clicked here is in the list too, for keys and for screen readers.

import { _ } from "atw/i18n.js";
import { h } from "./dom.js";
import { Room } from "./labels.js";
import { Glide } from "./motion.js";
import { once, Pace } from "./pace.js";
import { Sprites } from "./sprites.js";
import { ago } from "./times.js";
import { minutesLate, staleness, statusHue, statusLabel, vehicleName } from "./trips.js";

const MOVING_MPS = 1;
const REACH_PX = 16;
const ALPHA = [1, 0.7, 0.5, 0.35];
// Above so many, they are small from afar and are not drawn in each frame.
const FEW = 60;
const NAMES_FROM_ZOOM = 12.5;
const SMALL_BELOW_ZOOM = 12;
// Of the main thread, for drawing in as far as it can be measured from here.
const SHARE = 0.05;
const SLOWEST_MS = 250;
const MS_EACH = 0.2;
const NAME_BELOW_PX = 15;
const WORLD_PX = 512;
const still = matchMedia("(prefers-reduced-motion: reduce)");
const dark = matchMedia("(prefers-color-scheme: dark)");

export class Vehicles {
  /** Above `map`, a MapLibre map that lies flat with north above. */
  constructor(map) {
    this.map = map;
    this.known = new Map();
    this.shown = [];
    this.selected = this.pointed = this.over = this.fitting = null;
    this.canvas = h("canvas", { class: "vehicles", "aria-hidden": "true" });
    this.context = this.canvas.getContext("2d");
    map.getCanvasContainer().append(this.canvas);
    this.pace = new Pace(() => this.draw(), SHARE);
    this.sprites = new Sprites();
    map.on("render", () => this.draw());
    map.on("resize", () => this.pace.ask());
    dark.addEventListener("change", () => this.#restyle());
  }

  get size() {
    return this.known.size;
  }

  /** Takes over a vehicle's newest fix and state; `nowMs` is the server's time. */
  set(vehicle, trip, nowMs) {
    const { id, latitude, longitude } = vehicle;
    const now = performance.now();
    const one = this.known.get(id) ?? { id, glide: new Glide({ latitude, longitude }, now), recordedAt: vehicle.recorded_at };
    if (vehicle.recorded_at !== one.recordedAt) one.glide.moveTo({ latitude, longitude }, now);
    one.recordedAt = vehicle.recorded_at;
    one.trip = trip;
    one.name = vehicleName(vehicle);
    one.hue = trip ? statusHue(trip.status) : "idle";
    one.late = Boolean(trip) && minutesLate(trip, nowMs) > 0;
    one.age = staleness(vehicle.recorded_at, nowMs);
    one.heading = vehicle.speed > MOVING_MPS ? vehicle.heading : null;
    this.known.set(id, one);
    this.pace.ask();
  }

  /** Forgets all but `vehicles` (a Map by id). */
  keep(vehicles) {
    for (const id of this.known.keys()) if (!vehicles.has(id)) this.known.delete(id);
    this.pace.ask();
  }

  /** Marks some: `{selected, pointed, over}` are ids or null, `fitting` a Set of ids or null. */
  mark(marks) {
    Object.assign(this, marks);
    this.pace.ask();
  }

  /** The vehicle nearest to a point of the map within reach, or null. */
  nearest({ x, y }, reach = REACH_PX) {
    let [found, least] = [null, reach * reach];
    for (const one of this.shown) {
      const away = (one.x - x) ** 2 + (one.y - y) ** 2;
      if (away <= least) [found, least] = [one.id, away];
    }
    return found;
  }

  /** In one line: name, state, lateness, age. */
  told(id, nowMs) {
    const { name, trip, age, recordedAt } = this.known.get(id);
    const late = trip ? minutesLate(trip, nowMs) : 0;
    const parts = [
      name,
      trip ? statusLabel(trip.status) : _("No trip"),
      late > 0 && _("{n} min late", { n: late }),
      age > 0 && _("seen {ago}", { ago: ago(recordedAt, nowMs) }),
    ];
    return parts.filter(Boolean).join(", ");
  }

  /** Where the vehicle is or goes to, as [longitude, latitude]. */
  place(id) {
    const at = this.known.get(id)?.glide.to;
    return at && [at.longitude, at.latitude];
  }

  /** Where all are now, in pixels of the map; the marked ones above the others. */
  draw() {
    this.#fitCanvas();
    this.context.clearRect(0, 0, this.frame.width, this.frame.height);
    const moving = this.#place();
    const [marked, plain] = split(this.shown, (one) => this.#isMarked(one));
    const zoom = this.map.getZoom();
    const scale = this.size > FEW && zoom < SMALL_BELOW_ZOOM ? 0.6 : 1;
    for (const one of plain) this.#drawOne(one, scale);
    for (const one of marked) {
      this.#drawOne(one, 1);
      this.#drawRing(one);
    }
    this.#drawNames(marked, zoom >= NAMES_FROM_ZOOM ? plain : []);
    this.pace.leastMs = this.shown.length > FEW ? Math.min(SLOWEST_MS, this.shown.length * MS_EACH) : 0;
    if (moving) this.pace.ask();
    if (this.shown.length > 0) once("vehicles-drawn");
  }

  // Where each is now in pixels; only those in view are shown. Whether any still moves.
  #place() {
    const { width, height } = this.frame;
    const now = performance.now();
    const world = WORLD_PX * 2 ** this.map.getZoom();
    const centre = this.map.getCenter();
    const at = this.map.project(centre);
    const [left, top] = [at.x - mercatorX(centre.lng) * world, at.y - mercatorY(centre.lat) * world];
    let moving = false;
    this.shown = [];
    for (const one of this.known.values()) {
      const place = still.matches ? one.glide.to : one.glide.at(now);
      moving ||= !still.matches && one.glide.isMoving(now);
      const x = left + mercatorX(place.longitude) * world;
      const y = top + mercatorY(place.latitude) * world;
      if (x < -20 || y < -20 || x > width + 20 || y > height + 20) continue;
      one.x = x;
      one.y = y;
      this.shown.push(one);
    }
    return moving;
  }

  #drawOne(one, scale) {
    const picture = this.sprites.vehicle(one.hue, one.late, one.heading, one.trip ? scale : scale * 0.8);
    const fits = this.fitting === null || this.fitting.has(one.id);
    this.context.globalAlpha = fits ? ALPHA[one.age] : 0.3;
    this.#picture(picture, one.x - picture.width / 2, one.y - picture.height / 2);
  }

  #isMarked({ id }) {
    return id === this.selected || id === this.pointed || id === this.over || Boolean(this.fitting?.has(id));
  }

  #drawRing({ id, x, y }) {
    const { context } = this;
    const chosen = id === this.selected || id === this.pointed || id === this.over;
    context.strokeStyle = this.sprites.colour(chosen ? "--accent" : "--aboard");
    context.lineWidth = 3;
    context.globalAlpha = 1;
    context.setLineDash(chosen && id !== this.selected ? [4, 3] : []);
    context.beginPath();
    context.arc(x, y, 18, 0, 2 * Math.PI);
    context.stroke();
  }

  #drawNames(marked, plain) {
    const room = new Room();
    if (plain.length > 0) for (const { x, y } of this.shown) room.take({ x: x - 10, y: y - 10, width: 20, height: 20 });
    for (const one of marked) this.#drawName(one, room, true);
    for (const one of plain) this.#drawName(one, room, false);
    this.context.globalAlpha = 1;
  }

  // The marked ones always have theirs, below their ring.
  #drawName(one, room, marked) {
    const picture = this.sprites.name(one.name);
    const { width, height } = picture;
    const box = { x: one.x - width / 2, y: one.y + NAME_BELOW_PX + (marked ? 5 : 0), width, height };
    if (!room.claim(box) && !marked) return;
    this.context.globalAlpha = Math.max(0.6, ALPHA[one.age]);
    this.#picture(picture, box.x, box.y);
  }

  // On whole device pixels: between them a picture costs three times as much, and is blurred.
  #picture({ canvas, width, height }, x, y) {
    const { density } = this.frame;
    this.context.drawImage(canvas, Math.round(x * density) / density, Math.round(y * density) / density, width, height);
  }

  #fitCanvas() {
    const { clientWidth: width, clientHeight: height } = this.map.getCanvas();
    const density = devicePixelRatio;
    if (this.frame?.width === width && this.frame.height === height && this.frame.density === density) return;
    this.frame = { width, height, density };
    this.canvas.width = width * density;
    this.canvas.height = height * density;
    this.canvas.style.width = `${width}px`;
    this.canvas.style.height = `${height}px`;
    this.context.setTransform(density, 0, 0, density, 0, 0);
    this.sprites = new Sprites();
  }

  #restyle() {
    this.sprites = new Sprites();
    this.pace.ask();
  }
}

function split(items, isFirst) {
  const parts = [[], []];
  for (const item of items) parts[isFirst(item) ? 0 : 1].push(item);
  return parts;
}

function mercatorX(longitude) {
  return (180 + longitude) / 360;
}

function mercatorY(latitude) {
  return (180 - (180 / Math.PI) * Math.log(Math.tan(Math.PI / 4 + (latitude * Math.PI) / 360))) / 360;
}
