// Alarms that nobody has seen to yet, above everything else. A notice on the dispatcher's own
// stream is only the bell: the list itself is always read anew.

import { h } from "./dom.js";
import { BoardSocket } from "./socket.js";

const HEADERS = { Accept: "application/json" };

export class Alerts {
  /** `config`: `list` and `socket` addresses; `onTrip(id)` where one wants to see its trip. */
  constructor(bar, config, clock, onTrip) {
    this.bar = bar;
    this.config = config;
    this.clock = clock;
    this.onTrip = onTrip;
    this.shown = "";
    this.socket = new BoardSocket(config.socket, {
      onFrame: (frame) => this.heard(frame),
      onChange: (effects) => (effects.all || effects.notifications) && this.read(),
    });
  }

  start() {
    this.socket.start();
  }

  // Somebody else may have seen to it; and an answer may have been lost.
  heard(frame) {
    if (frame.type === "heartbeat" && (!this.bar.hidden || this.failed)) this.read();
  }

  async read() {
    try {
      const answer = await fetch(this.config.list, { headers: HEADERS });
      this.failed = !answer.ok;
      if (answer.ok) this.draw((await answer.json()).results);
    } catch {
      this.failed = true;
    }
  }

  draw(alerts) {
    const text = JSON.stringify(alerts);
    if (text === this.shown) return;
    this.shown = text;
    this.bar.replaceChildren(...alerts.map((alert) => this.row(alert)));
    this.bar.hidden = alerts.length === 0;
  }

  row(alert) {
    const trip = alert.trip === null ? "" : `, trip ${alert.trip}`;
    const says = alert.message || `Alarm “${alert.kind}” from ${alert.source_name}${trip}`;
    return h("p", { class: "alarm", "data-alert": alert.id },
      h("strong", {}, says),
      h("time", { datetime: alert.raised_at }, this.clock.time(alert.raised_at)),
      alert.trip !== null &&
        h("button", { type: "button", class: "quiet", onclick: () => this.onTrip(alert.trip) }, "Show the trip"),
      h("button", { type: "button", class: "quiet", onclick: () => this.acknowledge(alert.id) }, "I see to it"));
  }

  async acknowledge(id) {
    const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
    const headers = { ...HEADERS, "X-CSRFToken": token };
    try {
      await fetch(`${this.config.root}${id}/acknowledge/`, { method: "POST", headers });
    } finally {
      this.read();
    }
  }
}
