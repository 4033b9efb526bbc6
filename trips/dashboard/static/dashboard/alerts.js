// Alarms that nobody has seen to yet, above everything else. A notice on the dispatcher's own
// stream is only the bell: the list itself is always read anew.

import { _ } from "atw/i18n.js";
import { call } from "./api.js";
import { h } from "./dom.js";
import { BoardSocket } from "./socket.js";

export class Alerts {
  /**
   * `config`: `root`, `list` and `socket` addresses; `onTrip(id)` where one wants to see its
   * trip, `onChange()` when there are others, `onFrame(frame)` of one's own stream.
   */
  constructor(bar, config, clock, { onTrip, onChange, onFrame }) {
    this.bar = bar;
    this.config = config;
    this.clock = clock;
    this.onTrip = onTrip;
    this.onChange = onChange;
    this.shown = "";
    // The trips that an open alarm is about.
    this.trips = new Set();
    this.socket = new BoardSocket(config.socket, {
      onFrame: (frame) => (this.heard(frame), onFrame(frame)),
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
    const answer = await call("GET", this.config.list);
    this.failed = !answer.ok;
    if (answer.ok) this.draw(answer.body.results);
  }

  draw(alerts) {
    const text = JSON.stringify(alerts);
    if (text === this.shown) return;
    this.shown = text;
    this.bar.replaceChildren(...alerts.map((alert) => this.row(alert)));
    this.bar.hidden = alerts.length === 0;
    this.trips = new Set(alerts.map(({ trip }) => trip).filter((trip) => trip !== null));
    this.onChange();
  }

  row(alert) {
    const trip = alert.trip === null ? "" : `, ${_("trip {id}", { id: alert.trip })}`;
    const says = alert.message || _("Alarm “{kind}” from {name}", { kind: alert.kind, name: alert.source_name }) + trip;
    return h("p", { class: "alarm", "data-alert": alert.id },
      h("strong", {}, says),
      h("time", { datetime: alert.raised_at }, this.clock.time(alert.raised_at)),
      alert.trip !== null &&
        h("button", { type: "button", class: "quiet", onclick: () => this.onTrip(alert.trip) }, _("Show the trip")),
      h("button", { type: "button", class: "quiet", onclick: () => this.acknowledge(alert.id) }, _("I see to it")));
  }

  async acknowledge(id) {
    await call("POST", `${this.config.root}${id}/acknowledge/`);
    this.read();
  }
}
