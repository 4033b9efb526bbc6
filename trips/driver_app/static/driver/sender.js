// Empties the phone's memory towards the server: taps in order, the newest positions first.

import { call, detailOf, newId } from "./api.js";
import { pause, upNext, verdict } from "./plan.js";
import * as store from "./store.js";

const FIXES_AT_ONCE = 100;
const ACK_WITHIN_MS = 8_000;

export class Sender {
  /**
   * `session()` gives `{token, user}` or null; `frame(frame)` sends over the socket, false where
   * none is open. Called back: `onAnswer(item, body)`, `onRefused(item)`, `onSignedOut()`,
   * `onChange()`.
   */
  constructor({ session, frame, onAnswer, onRefused, onSignedOut, onChange }) {
    Object.assign(this, { session, frame, onAnswer, onRefused, onSignedOut, onChange });
    this.acks = new Map();
    this.lanes = { items: lane(() => this.#oneItem()), fixes: lane(() => this.#someFixes()) };
  }

  /** A tap was made, or there is coverage again: now, whatever was waited for. */
  kick() {
    this.#run("items");
    this.#run("fixes");
  }

  /** A position was kept: with the next try, where one is waited for already. */
  nudge() {
    if (this.lanes.fixes.timer === null) this.#run("fixes");
  }

  /** A frame of the socket that may answer positions. */
  heard(frame) {
    if (frame.type === "ack") this.acks.get(frame.ref)?.(true);
    if (frame.type === "error" && frame.ref) this.acks.get(frame.ref)?.(false);
  }

  // A step answers true (more to do), false (nothing left), or seconds to wait (0: the usual).
  async #run(name) {
    const state = this.lanes[name];
    clearTimeout(state.timer);
    state.timer = null;
    if (state.busy) {
      state.again = true;
      return;
    }
    state.busy = true;
    state.again = false;
    const outcome = await alone(name, async () => {
      for (;;) {
        const more = await state.step();
        if (more !== true) return more;
        state.attempt = 0;
        this.onChange();
      }
    }).catch(() => 0);
    state.busy = false;
    if (typeof outcome === "number") this.#later(name, outcome);
    else if (state.again) this.#run(name);
  }

  #later(name, retryAfter) {
    const state = this.lanes[name];
    const wait = pause(state.attempt, retryAfter, Math.random());
    state.attempt += 1;
    state.timer = setTimeout(() => this.#run(name), wait);
  }

  async #oneItem() {
    const session = this.session();
    const next = session && upNext(await store.items(), session.user.id);
    if (!next) return false;
    // Not even tried: what never left the phone can be taken back without a trace.
    if (!navigator.onLine) return 0;
    const item = await store.tryItem(next.n);
    if (!item) return true;
    const answer = await call(session.token, "POST", item.path, item.blob ?? item.body);
    const end = verdict(answer.status);
    if (end === "later") return answer.retryAfter || 0;
    if (end === "signed-out") return this.#signedOut();
    if (end === "done") await store.removeItem(item.n);
    else await store.putItem({ ...item, refused: { status: answer.status, detail: detailOf(answer) } });
    if (item.kind === "shift") this.#run("fixes");
    await (end === "done" ? this.onAnswer(item, answer.body) : this.onRefused(item));
    return true;
  }

  async #someFixes() {
    const session = this.session();
    const rows = session ? await store.newestFixes(session.user.id, FIXES_AT_ONCE) : [];
    if (!rows.length) return false;
    // Off duty the server listens to no position: the beginning of a shift goes first.
    if ((await store.items()).some((item) => item.kind === "shift" && !item.refused)) return 0;
    // In a batch in the order of time, as a phone's filter on the other side expects it.
    const fixes = rows.map((row) => row.fix).reverse();
    if (!(await this.#overSocket(fixes))) {
      const answer = await call(session.token, "POST", "/api/gps/", { fixes });
      const end = verdict(answer.status);
      if (end === "later") return answer.retryAfter || 0;
      if (end === "signed-out") return this.#signedOut();
    }
    await store.removeFixes(rows.map((row) => row.key));
    return true;
  }

  #overSocket(fixes) {
    const ref = newId();
    if (!this.frame({ type: "gps", ref, fixes })) return false;
    return new Promise((resolve) => {
      const timer = setTimeout(() => done(false), ACK_WITHIN_MS);
      const done = (acknowledged) => {
        clearTimeout(timer);
        this.acks.delete(ref);
        resolve(acknowledged);
      };
      this.acks.set(ref, done);
    });
  }

  #signedOut() {
    this.onSignedOut();
    return false;
  }
}

function lane(step) {
  return { step, busy: false, again: false, attempt: 0, timer: null };
}

/** Only one tab sends; without locks (plain http) the server's own ids keep order. */
function alone(name, work) {
  if (!navigator.locks) return work();
  return navigator.locks.request(`atw-driver-${name}`, work);
}
