// The small map: the streets around the trip, the vehicle on its way, and where it goes.

import * as maplibre from "maplibre-gl";
import { basemap, recolour } from "../dashboard/basemap.js";
import { h, svg } from "../dashboard/dom.js";
import { Glide } from "../dashboard/motion.js";

const PADDING = 56;
const ARROW = "M0-8.5 6.2 6.8 0 3.4-6.2 6.8Z";
const still = matchMedia("(prefers-reduced-motion: reduce)");

export class LiveMap {
  /** Draws the streets into `container`; rejects where there is no WebGL or no streets. */
  static async create(container, config) {
    const answer = await fetch(config.streets);
    if (!answer.ok) throw new Error(`streets: ${answer.status}`);
    return new LiveMap(container, await answer.json(), config.words);
  }

  constructor(container, streets, words) {
    const [west, south, east, north] = streets.bbox;
    this.map = new maplibre.Map({
      container,
      style: basemap(streets),
      bounds: [west, south, east, north],
      fitBoundsOptions: { padding: PADDING, maxZoom: 15 },
      attributionControl: { compact: false },
      interactive: false,
      locale: words,
      maxZoom: 17,
    });
    this.map.addControl(new maplibre.NavigationControl({ showCompass: false }), "top-right");
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => recolour(this.map));
    this.arrow = svg("path", { d: ARROW });
    const icon = svg("svg", { viewBox: "-16 -16 32 32", "aria-hidden": "true" });
    icon.append(svg("circle", { r: 14 }), this.arrow);
    this.van = this.#marker(h("div", { class: "track-van" }, icon));
    this.stop = this.#marker(h("div", { class: "track-stop" }));
  }

  /** Shows the vehicle at its newest fix, and the stop that it goes to. */
  draw(vehicle, stop) {
    const goes = `${stop.latitude},${stop.longitude}`;
    const isNew = goes !== this.goes || !this.glide;
    this.goes = goes;
    this.stop.setLngLat([stop.longitude, stop.latitude]).addTo(this.map);
    this.arrow.setAttribute("transform", `rotate(${Math.round(vehicle.heading ?? 0)})`);
    this.#move(vehicle);
    const isAway = !this.map.getBounds().contains([vehicle.longitude, vehicle.latitude]);
    if (isNew || isAway) this.#fit(vehicle, stop, isNew || still.matches ? 0 : 600);
  }

  #move({ latitude, longitude }) {
    const now = performance.now();
    if (this.glide) this.glide.moveTo({ latitude, longitude }, now);
    else {
      this.glide = new Glide({ latitude, longitude }, now);
      this.van.setLngLat([longitude, latitude]).addTo(this.map);
    }
    this.frame ??= requestAnimationFrame(() => this.#step());
  }

  #step() {
    this.frame = null;
    const now = still.matches ? Infinity : performance.now();
    const { latitude, longitude } = this.glide.at(now);
    this.van.setLngLat([longitude, latitude]);
    if (this.glide.isMoving(now)) this.frame = requestAnimationFrame(() => this.#step());
  }

  #fit(vehicle, stop, duration) {
    const bounds = new maplibre.LngLatBounds();
    [vehicle, stop].forEach((one) => bounds.extend([one.longitude, one.latitude]));
    this.map.fitBounds(bounds, { padding: PADDING, maxZoom: 15.5, duration });
  }

  #marker(element) {
    return new maplibre.Marker({ element, subpixelPositioning: true });
  }
}
