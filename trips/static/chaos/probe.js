// A person who taps and a van that drives, through the public API; what is not answered is sent
// again, the very same, as every client of ours does.

import { freshId } from "../dashboard/api.js";

const TAP_EVERY_MS = 1000;
const FIX_EVERY_MS = 500;
const RETRY_MS = 400;
const PATIENCE_MS = 8000;
const RADIUS_M = 150;
const SPEED_MPS = 8;
const METRES_PER_DEGREE = 111320;
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

export class Probe {
  /** `onTap(trip, sentAt)` and `onFix(n, sentAt)` when one was answered; `onFault(status)`. */
  constructor({ probe, run, csrf, onTap, onFix, onFault }) {
    Object.assign(this, probe, { run, csrf, onTap, onFix, onFault });
    this.retries = 0;
    this.paused = false;
    this.positions = new Map();
  }

  start() {
    this.#tapForever();
    this.#driveForever();
  }

  /** The number of a position that was sent, by where it is; undefined for others. */
  numberOf({ latitude, longitude }) {
    return this.positions.get(`${latitude},${longitude}`);
  }

  async #tapForever() {
    for (let n = 0; ; n += 1) {
      const trip = this.trips[n % this.trips.length];
      if (!this.paused) await this.#tap(trip);
      await pause(TAP_EVERY_MS);
    }
  }

  async #tap(trip) {
    const action = trip.status === "requested" ? "schedule" : "undo";
    const body = { action, client_event_id: freshId() };
    if (action === "undo") body.reason = "Probe";
    const sentAt = Date.now();
    const answer = await this.#insist(`/api/trips/${trip.id}/status/`, { "X-CSRFToken": this.csrf }, body);
    // Somebody else did something to it meanwhile: 409 tells how it stands.
    const now = answer.ok ? answer.body : answer.body?.trip;
    if (now) Object.assign(trip, { version: now.version, status: now.status });
    if (answer.ok) this.onTap(trip, sentAt);
    else this.onFault(answer.status);
  }

  async #driveForever() {
    for (let n = 0; ; n += 1) {
      if (!this.paused) await this.#report(n);
      await pause(FIX_EVERY_MS);
    }
  }

  async #report(n) {
    const sentAt = Date.now();
    const fix = { ...placeAt(this.centre, sentAt / 1000), recorded_at: new Date(sentAt).toISOString() };
    this.positions.set(`${fix.latitude},${fix.longitude}`, n);
    const body = { ...fix, id: `${this.run}-${n}` };
    const answer = await this.#insist("/api/gps/", { Authorization: `Bearer ${this.token}` }, body);
    if (answer.ok && answer.body.quarantined.length === 0) this.onFix(n, sentAt);
    else this.onFault(answer.status);
  }

  async #insist(path, headers, body) {
    const order = { method: "POST", body: JSON.stringify(body) };
    order.headers = { "Content-Type": "application/json", ...headers };
    for (;;) {
      const answer = await ask(path, order);
      if (answer.status !== 0 && answer.status !== 429 && answer.status < 500) return answer;
      this.retries += 1;
      await pause(RETRY_MS);
    }
  }
}

async function ask(path, order) {
  try {
    const answer = await fetch(path, { ...order, signal: AbortSignal.timeout(PATIENCE_MS) });
    return { ok: answer.ok, status: answer.status, body: await answer.json() };
  } catch {
    return { ok: false, status: 0, body: null };
  }
}

/** Round and round: where the van is depends on the clock only, so a reload is no jump. */
function placeAt([latitude, longitude], seconds) {
  const angle = (seconds * SPEED_MPS) / RADIUS_M;
  const north = (RADIUS_M * Math.cos(angle)) / METRES_PER_DEGREE;
  const east = (RADIUS_M * Math.sin(angle)) / METRES_PER_DEGREE / Math.cos((latitude * Math.PI) / 180);
  const heading = ((((angle * 180) / Math.PI + 90) % 360) + 360) % 360;
  return { latitude: latitude + north, longitude: longitude + east, speed: SPEED_MPS, heading };
}
