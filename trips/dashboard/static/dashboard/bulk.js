// Several trips at once: automatic assignment, one after the other, with its progress.

import { _, ngettext } from "atw/i18n.js";
import { call, why } from "./api.js";
import { h, setText } from "./dom.js";
import { showReasons } from "./dialogs.js";

const ASK_EVERY_MS = 1000;

export class Bulk {
  /** Lives in `bar`; `onChange()` when what is picked differs. */
  constructor(bar, onChange) {
    this.bar = bar;
    this.onChange = onChange;
    this.picked = new Set();
    this.waiting = new Map();
    this.text = h("span", { role: "status" });
    this.progress = h("progress", { max: 1, value: 0, hidden: true, "aria-label": _("Assigned so far") });
    this.start = h("button", { type: "button", class: "primary small-button", onclick: () => this.run() }, _("Assign automatically"));
    this.clear = h("button", { type: "button", class: "quiet small-button", onclick: () => this.forget() }, _("Clear"));
    bar.append(this.text, this.progress, this.start, this.clear);
  }

  /** Picks a trip, or puts it back. */
  toggle(id) {
    if (this.running) return;
    if (!this.picked.delete(id)) this.picked.add(id);
    this.draw();
  }

  /** Only these may be picked: others have been assigned meanwhile. */
  keep(ids) {
    if (this.running) return;
    const before = this.picked.size;
    for (const id of this.picked) if (!ids.has(id)) this.picked.delete(id);
    if (this.picked.size !== before) this.draw();
  }

  forget() {
    this.picked.clear();
    this.draw();
  }

  draw() {
    const n = this.picked.size;
    this.bar.hidden = n === 0;
    this.progress.hidden = !this.running;
    this.start.hidden = this.clear.hidden = Boolean(this.running);
    if (!this.running) setText(this.text, ngettext("{n} trip picked", "{n} trips picked", n));
    this.onChange();
  }

  /** A `task` frame of one's own stream: no need to wait any longer before asking. */
  hear(frame) {
    if (frame.type === "task") this.waiting.get(frame.id)?.();
  }

  async run() {
    const ids = [...this.picked];
    this.running = true;
    this.progress.max = ids.length;
    setText(this.text, _("Assigning…"));
    const left = [];
    for (const [index, id] of ids.entries()) {
      this.progress.value = index;
      this.draw();
      left.push(...(await this.#assign(id)));
    }
    this.running = false;
    this.forget();
    const done = ngettext("{n} trip assigned", "{n} trips assigned", ids.length - left.length);
    if (left.length > 0) await showReasons(done, left);
    return ids.length - left.length;
  }

  // What is left, in words; [] where it was assigned.
  async #assign(id) {
    const begun = await call("POST", `/api/trips/${id}/auto-assign/`, {});
    const trip = _("Trip {id}", { id });
    if (!begun.ok) return [`${trip}: ${why(begun)}`];
    const run = await this.#end(begun.body.task_id);
    if (run?.result) return run.result.left.map(({ text }) => `${trip}: ${text}`);
    return [`${trip}: ${run?.error ?? _("nobody knows yet; look at it again.")}`];
  }

  async #end(task) {
    for (let n = 0; n < 120; n += 1) {
      const { body } = await call("GET", `/api/tasks/${task}/`);
      if (body?.ready) return body;
      await new Promise((resolve) => {
        this.waiting.set(task, resolve);
        setTimeout(resolve, ASK_EVERY_MS);
      });
    }
    return null;
  }
}
