// How often something is drawn: drawing it never takes more than its share of the main thread.

// Waiting for a frame is a frame too: the rest of a longer wait is left to a timer.
const FRAME_MS = 16;

export class Pace {
  /** `run()` in an animation frame after each `ask()`, for at most a `share` of the time. */
  constructor(run, share) {
    this.run = run;
    this.share = share;
    this.leastMs = 0;
    this.asked = false;
    this.freeAt = 0;
  }

  /** Soon; what is asked for several times until then is done once. */
  ask() {
    if (this.asked) return;
    this.asked = true;
    const wait = this.freeAt - performance.now() - FRAME_MS;
    if (wait > 0) setTimeout(() => this.#frame(), wait);
    else this.#frame();
  }

  // A hidden page gets no frames: it draws once when it is looked at again.
  #frame() {
    requestAnimationFrame(() => {
      this.asked = false;
      const start = performance.now();
      this.run();
      this.freeAt = start + Math.max(this.leastMs, (performance.now() - start) / this.share);
    });
  }
}

/** Notes when something was there for the first time, for who measures how soon a page is useful. */
export function once(name) {
  if (performance.getEntriesByName(name).length === 0) performance.mark(name);
}
