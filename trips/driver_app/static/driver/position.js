// Where the phone is, and a screen that stays on: without it a browser reports nothing.

import { fixOf, worthKeepingIn } from "./plan.js";
import { newId } from "./api.js";

export class Position {
  /** `onFix(fix)` for each position worth sending, `onChange()` where `state` or `last` changed. */
  constructor({ onFix, onChange }) {
    Object.assign(this, { onFix, onChange });
    this.last = null;
    this.kept = null;
    this.state = "off"; // off, asking, on, denied, lost, impossible
    this.watch = null;
    this.lock = null;
    this.battery = null;
    navigator.getBattery?.().then((battery) => (this.battery = battery)).catch(() => {});
    document.addEventListener("visibilitychange", () => this.#stayAwake());
  }

  /** On duty: report. Off duty: nothing is asked of the phone. */
  follow(wanted) {
    if (wanted === (this.watch !== null) || (wanted && this.state === "impossible")) return;
    if (!wanted) return this.#stop();
    if (!window.isSecureContext || !navigator.geolocation) return this.#say("impossible");
    this.#say("asking");
    const options = { enableHighAccuracy: true, maximumAge: 0, timeout: 30_000 };
    this.watch = navigator.geolocation.watchPosition((found) => this.#found(found), (error) => this.#failed(error), options);
    this.#stayAwake();
  }

  /** The newest position, where it is younger than a minute. */
  fresh() {
    const age = this.last ? Date.now() - Date.parse(this.last.recorded_at) : Infinity;
    return age < 60_000 ? this.last : null;
  }

  #found(found) {
    const fix = fixOf(found, this.battery?.level, newId());
    this.last = fix;
    this.#say("on");
    this.#consider();
  }

  // What comes too soon is kept a little later, unless a newer one has come: the phone may say
  // nothing more for as long as the vehicle stands.
  #consider() {
    clearTimeout(this.later);
    const wait = worthKeepingIn(this.kept, this.last, Date.now());
    if (wait > 0) {
      this.later = setTimeout(() => this.#consider(), wait);
      return;
    }
    this.kept = this.last;
    this.onFix(this.last);
  }

  #failed(error) {
    this.#say(error.code === error.PERMISSION_DENIED ? "denied" : "lost");
  }

  #stop() {
    navigator.geolocation?.clearWatch(this.watch);
    clearTimeout(this.later);
    this.watch = this.last = this.kept = null;
    this.lock?.release().catch(() => {});
    this.lock = null;
    this.#say("off");
  }

  // The browser lets go of the lock whenever the page is hidden.
  async #stayAwake() {
    if (this.watch === null || document.visibilityState !== "visible") return;
    try {
      this.lock = await navigator.wakeLock?.request("screen");
    } catch {
      this.lock = null;
    }
  }

  #say(state) {
    if (state === this.state) return;
    this.state = state;
    this.onChange();
  }
}
