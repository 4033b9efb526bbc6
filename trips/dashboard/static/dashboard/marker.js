// One vehicle on the map: a badge in the hue of its state, an arrow, a name.

import { _ } from "atw/i18n.js";
import { h, setText, svg } from "./dom.js";
import { Glide } from "./motion.js";
import { ago } from "./times.js";
import { minutesLate, staleness, statusHue, statusLabel, vehicleName } from "./trips.js";

const MOVING_MPS = 1;

export class VehicleMarker {
  constructor(maplibre, map, vehicle, onSelect) {
    this.arrow = svg("path", { d: "M0-7.5 5.5 6 0 3-5.5 6Z" });
    this.dot = svg("circle", { r: 4 });
    const icon = svg("svg", { viewBox: "-16 -16 32 32", "aria-hidden": "true" }, [
      svg("circle", { class: "badge", r: 13 }),
      this.arrow,
      this.dot,
    ]);
    this.name = h("span", { class: "name" });
    this.body = h("span", { class: "body" }, icon, this.name);
    this.element = h(
      "button",
      { type: "button", class: "vehicle", "data-vehicle": vehicle.id },
      this.body,
    );
    this.element.addEventListener("click", (event) => {
      event.stopPropagation();
      onSelect(vehicle.id);
    });
    this.glider = new Glide(vehicle, performance.now());
    this.marker = new maplibre.Marker({ element: this.element, subpixelPositioning: true })
      .setLngLat([vehicle.longitude, vehicle.latitude])
      .addTo(map);
    this.recordedAt = vehicle.recorded_at;
  }

  /** Takes over the newest fix and state; `nowMs` is the server's time. */
  draw(vehicle, trip, nowMs) {
    if (vehicle.recorded_at !== this.recordedAt) {
      const { latitude, longitude } = vehicle;
      this.glider.moveTo({ latitude, longitude }, performance.now());
      this.recordedAt = vehicle.recorded_at;
    }
    const name = vehicleName(vehicle);
    const state = trip ? statusLabel(trip.status) : _("No trip");
    const late = trip ? minutesLate(trip, nowMs) : 0;
    const age = staleness(vehicle.recorded_at, nowMs);
    setText(this.name, name);
    const lateness = late > 0 && _("{n} min late", { n: late });
    const seen = age > 0 && _("seen {ago}", { ago: ago(vehicle.recorded_at, nowMs) });
    this.#setLabel([name, state, lateness, seen].filter(Boolean).join(", "));
    this.element.dataset.hue = trip ? statusHue(trip.status) : "idle";
    this.element.dataset.stale = age;
    this.element.toggleAttribute("data-late", late > 0);
    this.#point(vehicle);
  }

  /** Puts the marker where it is at `now` (of performance.now) between two fixes. */
  glide(now) {
    const { latitude, longitude } = this.glider.at(now);
    if (latitude === this.latitude && longitude === this.longitude) return;
    this.latitude = latitude;
    this.longitude = longitude;
    this.marker.setLngLat([longitude, latitude]);
  }

  select(selected) {
    this.element.toggleAttribute("data-selected", selected);
  }

  /** Shows it to somebody who looks through a list. */
  point(pointed) {
    this.element.toggleAttribute("data-pointed", pointed);
  }

  remove() {
    this.marker.remove();
  }

  #setLabel(label) {
    if (this.element.getAttribute("aria-label") !== label) {
      this.element.setAttribute("aria-label", label);
    }
  }

  #point(vehicle) {
    const moving = vehicle.speed > MOVING_MPS && vehicle.heading !== null;
    this.arrow.toggleAttribute("hidden", !moving);
    this.dot.toggleAttribute("hidden", moving);
    if (moving) this.arrow.setAttribute("transform", `rotate(${Math.round(vehicle.heading)})`);
  }
}
