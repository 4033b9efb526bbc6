// The app behind its screens: what it knows, and what a finger may cause.

import { BoardSocket } from "../dashboard/socket.js";
import { call, detailOf, newId } from "./api.js";
import { clockError, withTaps } from "./plan.js";
import { Position } from "./position.js";
import { Sender } from "./sender.js";
import * as store from "./store.js";

const SETTLE_MS = 250;
const REFRESH_EVERY_MS = 120_000;

export class Model {
  /** `onChange()` after every change, `onNotice(notice)`, `onRefused(item)`. */
  constructor(config, { onChange, onNotice, onRefused }) {
    Object.assign(this, { config, onChange, onNotice, onRefused });
    this.session = this.day = this.socket = null;
    this.items = [];
    this.fixCount = 0;
    this.link = { live: false, since: null };
    this.clockOffMs = 0;
    this.tracker = false;
    this.changedAt = 0;
    this.position = new Position({ onFix: (fix) => this.#keepFix(fix), onChange: () => this.onChange() });
    this.sender = new Sender({
      session: () => this.session,
      frame: (frame) => (this.link.live && this.socket?.send(frame)) || false,
      onAnswer: (item, body) => this.#answered(item, body),
      onRefused: (item) => this.#refused(item),
      onSignedOut: () => this.#signedOut(),
      onChange: () => this.#recount(),
    });
  }

  /** Reads the phone's memory, shows it, and goes on from there. */
  async start() {
    this.session = (await store.get("session")) ?? null;
    this.day = (await store.get("day")) ?? null;
    this.tracker = (await store.get("tracker")) ?? false;
    await this.#recount();
    if (this.session) this.#connect();
    setInterval(() => this.refresh(), REFRESH_EVERY_MS);
    addEventListener("online", () => this.#woke());
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.#woke());
  }

  /** The trips as they stand once all that waits has arrived. */
  trips() {
    return this.day ? withTaps(this.day.trips, this.mine(), this.config.life) : [];
  }

  /** What this person's phone has not sent, or was refused. */
  mine() {
    return this.items.filter((item) => item.user_id === this.session?.user.id);
  }

  /** The shift, with a beginning or an end that is still to be sent. */
  shift() {
    const waiting = this.mine().filter((item) => item.kind === "shift" && !item.refused);
    return waiting.reduce(shifted, this.day?.shift ?? null);
  }

  /** By a link's code, or `{username, password}`; what went wrong, or "". */
  async signIn(credentials) {
    const path = credentials.code ? this.config.enrol : "/api/auth/token/";
    const answer = await call(null, "POST", path, credentials);
    if (answer.status === 0) return "offline";
    if (answer.status >= 300) return detailOf(answer) || String(answer.status);
    if (answer.body.user.role !== "driver") return "role";
    if (this.day?.user_id !== answer.body.user.id) await this.#forgetDay();
    this.session = { token: answer.body.token, user: answer.body.user };
    await store.set("session", this.session);
    navigator.storage?.persist?.();
    this.#connect();
    return "";
  }

  /** Ends the token; what is not sent stays for who signs in again. */
  async signOut() {
    await call(this.session.token, "POST", "/api/auth/logout/");
    await this.#signedOut();
  }

  /** Asks for the day; keeps the old one where nobody answers. */
  async refresh() {
    if (!this.session) return;
    const sentAt = Date.now();
    const answer = await call(this.session.token, "GET", "/api/driver/day/");
    if (answer.status === 401) return this.#signedOut();
    if (answer.status !== 200 || !this.session) return;
    // An answer from before a tap arrived would show the step back.
    if (this.changedAt > sentAt) return this.#soon();
    this.clockOffMs = clockError(answer.body.now, sentAt, Date.now());
    await this.#setDay({ ...answer.body, user_id: this.session.user.id, asked_at: sentAt });
  }

  /** One step of a trip, kept before it is sent. `more`: reason, odometer. */
  tap(trip, action, more = {}) {
    const at = new Date().toISOString();
    const fix = this.position.fresh();
    const place = fix ? { latitude: fix.latitude, longitude: fix.longitude } : {};
    const id = newId();
    const body = { action, client_event_id: id, occurred_at: at, ...place, ...more };
    return this.#keep({ kind: "tap", action, id, at, trip_id: trip.id, path: `/api/trips/${trip.id}/status/`, body });
  }

  /** Takes a step back: forgets a tap that never left, else tells the server. */
  async undo(trip) {
    const last = this.mine().filter((item) => item.kind === "tap" && item.trip_id === trip.id).at(-1);
    if (!last || last.refused || !(await store.takeBack(last.n))) return this.tap(trip, "undo");
    return this.#recount();
  }

  beginShift(vehicle, odometer, handover) {
    const id = newId();
    const at = new Date().toISOString();
    const body = { vehicle_id: vehicle.id, started_at: at, handover, client_event_id: id, ...odometer };
    return this.#keep({ kind: "shift", action: "begin", id, at, path: "/api/shifts/", body, vehicle_name: vehicle.name });
  }

  /** `end`, `break` or `resume`. */
  changeShift(action, more = {}) {
    const id = newId();
    const at = new Date().toISOString();
    const when = action === "end" ? { ended_at: at } : { occurred_at: at };
    const path = `/api/shifts/${this.shift().id}/${action}/`;
    return this.#keep({ kind: "shift", action, id, at, path, body: { client_event_id: id, ...when, ...more } });
  }

  attach(trip, kind, stop, blob) {
    const id = newId();
    const at = new Date().toISOString();
    const query = new URLSearchParams({ kind, stop, client_event_id: id, occurred_at: at });
    const path = `/api/trips/${trip.id}/attachments/?${query}`;
    return this.#keep({ kind: "file", action: kind, id, at, trip_id: trip.id, stop, path, blob });
  }

  sos(trip) {
    const id = newId();
    const fix = this.position.fresh();
    const place = fix ? { latitude: fix.latitude, longitude: fix.longitude } : {};
    const body = { kind: "sos", client_event_id: id, ...place, ...(trip ? { trip_id: trip.id } : {}) };
    return this.#keep({ kind: "alert", action: "sos", id, at: new Date().toISOString(), path: "/api/alerts/", body });
  }

  /** Puts away a refusal that the driver has read. */
  async dismiss(item) {
    await store.removeItem(item.n);
    await this.#recount();
  }

  /** Links that set up a tracking app; null without an answer. */
  async pair() {
    const answer = await call(this.session.token, "POST", "/api/driver/pairing/");
    return answer.status === 201 ? answer.body : null;
  }

  /** Whether a tracking app reports the positions instead of this page. */
  async useTracker(used) {
    this.tracker = used;
    await store.set("tracker", used);
    this.#settle();
  }

  async #keep(item) {
    await store.putItem({ ...item, user_id: this.session.user.id, tries: 0, refused: null });
    await this.#recount();
    this.sender.kick();
  }

  async #keepFix(fix) {
    if (!this.session) return;
    await store.addFix(this.session.user.id, fix);
    this.fixCount += 1;
    this.sender.nudge();
    this.onChange();
  }

  async #recount() {
    this.items = await store.items();
    this.fixCount = await store.countFixes();
    this.#settle();
  }

  // After every change: positions are taken on duty only.
  #settle() {
    this.position.follow(Boolean(this.session && this.shift() && !this.tracker));
    this.onChange();
  }

  async #answered(item, body) {
    this.changedAt = Date.now();
    if (item.kind === "tap" && this.day) {
      const trips = this.day.trips.map((trip) => (trip.id === body.id && body.version >= trip.version ? body : trip));
      await this.#setDay({ ...this.day, trips });
    }
    if (item.kind === "shift" && this.day) {
      await this.#setDay({ ...this.day, shift: item.action === "end" ? null : body });
    }
    this.#soon();
  }

  async #refused(item) {
    await this.#recount();
    this.onRefused(item);
    this.#soon();
  }

  async #setDay(day) {
    this.day = day;
    await store.set("day", day);
    this.items = await store.items();
    this.#settle();
  }

  async #forgetDay() {
    this.day = null;
    await store.remove("day");
  }

  // Patients' names leave the phone with the sign-in; what was not sent waits for the same person.
  async #signedOut() {
    this.socket?.stop();
    this.socket = this.session = null;
    this.link = { live: false, since: null };
    await store.remove("session");
    await this.#forgetDay();
    this.#settle();
  }

  #connect() {
    this.socket?.stop();
    const url = `${location.origin.replace(/^http/, "ws")}/ws/me/`;
    this.socket = new BoardSocket(url, {
      token: this.session.token,
      onFrame: (frame) => this.#heard(frame),
      onChange: (effects, state) => this.#linked(state),
    });
    this.socket.start();
    this.refresh();
    this.sender.kick();
  }

  #heard(frame) {
    this.sender.heard(frame);
    if (frame.type === "notification" && !frame.notification.read_at) this.onNotice(frame.notification);
    if (["trip.event", "snapshot", "resumed", "notification"].includes(frame.type)) this.#soon();
  }

  #linked(state) {
    const live = state.status === "live";
    if (live && !this.link.live) this.sender.kick();
    if (state.stopped === 4401) this.refresh();
    if (live === this.link.live && this.link.since === state.offlineSince) return;
    this.link = { live, since: state.offlineSince };
    this.onChange();
  }

  #woke() {
    this.refresh();
    this.sender.kick();
  }

  // Several events in a row are one question.
  #soon() {
    clearTimeout(this.asking);
    this.asking = setTimeout(() => this.refresh(), SETTLE_MS);
  }
}

function shifted(shift, item) {
  if (item.action === "begin") {
    return { id: null, state: "on_duty", vehicle_name: item.vehicle_name, starts_at: item.at, unsent: true };
  }
  if (item.action === "end" || !shift) return null;
  return { ...shift, state: item.action === "break" ? "on_break" : "on_duty", unsent: true };
}
