// What was answered 2xx, and what of it a screen showed: the promises, counted. Pure; times in
// ms are handed in.

/** Answered and not on the screen for so long counts as lost (three heartbeats). */
export const LOST_AFTER_MS = 30000;
const REMEMBERED = 100;

/**
 * One kind of thing that is answered and then shown, each a `version` of a `subject` (a trip's
 * version, the number of a position).
 */
export class Ledger {
  constructor() {
    this.counts = { answered: 0, shown: 0, covered: 0, doubled: 0, disordered: 0, slowestMs: 0 };
    this.waiting = new Map();
    this.subjects = new Map();
    this.lastShownSentAt = 0;
  }

  /** The server said 2xx to what was sent at `sentAt`. */
  answered(subject, version, sentAt, now) {
    this.counts.answered += 1;
    const known = this.#of(subject);
    const early = known.early.get(version);
    if (early !== undefined) {
      known.early.delete(version);
      this.#settle("shown", sentAt, early);
    } else if (version <= known.newest) this.#settle("covered", sentAt, now);
    else this.waiting.set(`${subject}:${version}`, { subject, version, sentAt, answeredAt: now });
  }

  /** The screen showed it by itself. */
  shown(subject, version, now) {
    const known = this.#of(subject);
    if (known.recent.includes(version)) this.counts.doubled += 1;
    else if (version < known.newest) this.counts.disordered += 1;
    else this.#arrived(known, subject, version, now);
  }

  /** The screen shows this version, and with it all that came before (a snapshot, a marker). */
  covered(subject, version, now) {
    const known = this.#of(subject);
    known.newest = Math.max(known.newest, version);
    for (const [key, one] of this.waiting) {
      if (one.subject !== subject || one.version > version) continue;
      this.waiting.delete(key);
      this.#settle("covered", one.sentAt, now);
    }
  }

  /** Counts up to now; `underWay` is answered and not shown yet, `lost` is so for too long. */
  numbers(now) {
    const late = [...this.waiting.values()].filter((one) => now - one.answeredAt > LOST_AFTER_MS);
    return { ...this.counts, underWay: this.waiting.size - late.length, lost: late.length };
  }

  #of(subject) {
    if (!this.subjects.has(subject)) {
      this.subjects.set(subject, { newest: -1, recent: [], early: new Map() });
    }
    return this.subjects.get(subject);
  }

  #arrived(known, subject, version, now) {
    known.newest = version;
    known.recent = [...known.recent, version].slice(-REMEMBERED);
    const one = this.waiting.get(`${subject}:${version}`);
    if (one) {
      this.waiting.delete(`${subject}:${version}`);
      this.#settle("shown", one.sentAt, now);
    } else known.early.set(version, now);
  }

  #settle(how, sentAt, at) {
    this.counts[how] += 1;
    this.lastShownSentAt = Math.max(this.lastShownSentAt, sentAt);
    this.counts.slowestMs = Math.max(this.counts.slowestMs, at - sentAt);
  }
}

/** What was broken, and after how long the screen was right again. */
export class Breaks {
  constructor() {
    this.all = [];
  }

  /** `verb` happens at `at`; `program` has been started `starts` times before. */
  add({ verb, program = null, starts = null }, at) {
    this.all.push({ verb, program, starts, at, wasFrozen: false, rightMs: null, backMs: null });
  }

  /**
   * Closes what is over: right is a screen that shows a tap which was made after the break, and
   * from which nothing is missing that was answered. The closed ones, newly.
   */
  settle(ledger, now) {
    if (ledger.waiting.size > 0) return [];
    const over = this.all.filter((one) => one.rightMs === null && ledger.lastShownSentAt > one.at);
    for (const one of over) one.rightMs = now - one.at;
    return over;
  }

  /** The launcher told of its programs: which run again, thawed or started anew. */
  heard(programs, now) {
    for (const one of this.all) {
      const program = programs[one.program];
      if (!program || one.backMs !== null || now < one.at) continue;
      one.wasFrozen ||= program.frozen;
      const again = one.wasFrozen ? !program.frozen : program.starts > one.starts;
      if (program.up && again) one.backMs = now - one.at;
    }
  }
}
