// The map: streets from our own server, vehicles as markers that glide between their fixes.

import { _ } from "atw/i18n.js";
import { basemap, recolour } from "./basemap.js";
import { h } from "./dom.js";
import { TripLayers } from "./layers.js";
import { VehicleMarker } from "./marker.js";

const PADDING = 64;
const PANEL = 400;
// Up to so many vehicles each frame moves them all, and each has its shadow.
const FEW = 60;
const wide = matchMedia("(min-width: 1001px)");
const dark = matchMedia("(prefers-color-scheme: dark)");

export class FleetMap {
  /**
   * Loads MapLibre and draws into `container`. Rejects where there is no MapLibre or WebGL.
   * `onVehicle(id)` when a marker is chosen, `onTrip(id)` when a stop is.
   */
  static async create(container, config, onVehicle, onTrip) {
    const [maplibre, response] = await Promise.all([
      import(config.maplibre),
      fetch(config.streets, { credentials: "same-origin" }),
    ]);
    if (!response.ok) throw new Error(`streets: ${response.status}`);
    return new FleetMap(maplibre, container, await response.json(), onVehicle, onTrip);
  }

  constructor(maplibre, container, streets, onVehicle, onTrip) {
    this.maplibre = maplibre;
    this.onSelect = onVehicle;
    this.markers = new Map();
    this.stops = [];
    this.selected = null;
    this.glidedAt = 0;
    this.map = new maplibre.Map({
      container,
      style: basemap(streets),
      bounds: streets.bbox,
      fitBoundsOptions: { padding: 24 },
      attributionControl: { compact: false },
      dragRotate: false,
      pitchWithRotate: false,
      maxZoom: 18,
    });
    this.map.touchZoomRotate.disableRotation();
    this.map.addControl(new maplibre.NavigationControl({ showCompass: false }), "bottom-left");
    this.map.addControl(new FitControl(() => this.fit()), "bottom-left");
    this.map.on("zoom", () => this.#showLabels());
    this.layers = new TripLayers(this.map, onTrip);
    dark.addEventListener("change", () => (recolour(this.map), this.layers.recolour()));
    this.#showLabels();
    this.#animate();
  }

  /** Draws all vehicles (a Map by id); `current` maps vehicle ids to the trip under way. */
  draw(vehicles, current, nowMs) {
    for (const vehicle of vehicles.values()) this.move(vehicle, current.get(vehicle.id), nowMs);
    for (const [id, marker] of this.markers) {
      if (vehicles.has(id)) continue;
      marker.remove();
      this.markers.delete(id);
    }
    this.map.getContainer().classList.toggle("many", this.markers.size > FEW);
  }

  /** Draws one vehicle at its newest fix. */
  move(vehicle, trip, nowMs) {
    if (vehicle.latitude === null) return;
    let marker = this.markers.get(vehicle.id);
    if (!marker) {
      marker = new VehicleMarker(this.maplibre, this.map, vehicle, this.onSelect);
      this.markers.set(vehicle.id, marker);
    }
    marker.draw(vehicle, trip, nowMs);
  }

  /** Marks a vehicle and shows the stops of a trip; either may be null. */
  select(vehicleId, trip) {
    this.markers.get(this.selected)?.select(false);
    this.selected = vehicleId;
    this.markers.get(vehicleId)?.select(true);
    const places = trip ? [trip.pickup, trip.dropoff] : [];
    const key = JSON.stringify(places);
    if (key === this.stopsKey) return;
    this.stopsKey = key;
    this.stops.forEach((stop) => stop.remove());
    this.stops = places.map((place, index) => this.#stop("AB"[index], place));
  }

  /** Shows which vehicle is meant in a list; null: none. */
  point(vehicleId) {
    this.markers.get(this.pointed)?.point(false);
    this.pointed = vehicleId;
    this.markers.get(vehicleId)?.point(true);
  }

  /** Brings the selected vehicle and stops into view, or all vehicles. */
  fit() {
    const chosen = this.markers.get(this.selected);
    const markers = [...this.stops, ...(chosen ? [chosen.marker] : [])];
    if (markers.length === 0) markers.push(...[...this.markers.values()].map((m) => m.marker));
    if (markers.length === 0) return;
    const bounds = new this.maplibre.LngLatBounds();
    markers.forEach((marker) => bounds.extend(marker.getLngLat()));
    // The panel lies over the right side of the map, where the map is beside the list.
    const covered = wide.matches && (chosen || this.stops.length > 0);
    const right = covered ? PADDING + PANEL : PADDING;
    const padding = { top: PADDING, bottom: PADDING, left: PADDING, right };
    this.map.fitBounds(bounds, { padding, maxZoom: 15.5, duration: duration() });
  }

  #stop(letter, place) {
    const element = h("div", { class: "stop-pin", "data-letter": letter, title: place.address });
    return new this.maplibre.Marker({ element, anchor: "bottom" })
      .setLngLat([place.longitude, place.latitude])
      .addTo(this.map);
  }

  #showLabels() {
    this.map.getContainer().classList.toggle("labels", this.map.getZoom() >= 12.5);
  }

  #animate() {
    const now = performance.now();
    if (now - this.glidedAt >= pace(this.markers.size)) {
      this.glidedAt = now;
      for (const marker of this.markers.values()) marker.glide(now);
    }
    requestAnimationFrame(() => this.#animate());
  }
}

/** Milliseconds between two steps of all markers: smooth for a few, affordable for many. */
function pace(count) {
  return count <= FEW ? 0 : Math.min(1000, count / 2);
}

/** Milliseconds of a camera move: none for people who asked for less motion. */
function duration() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 600;
}

class FitControl {
  constructor(onClick) {
    this.onClick = onClick;
  }

  onAdd() {
    const attributes = { type: "button", class: "fit", "aria-label": _("Show all vehicles") };
    const button = h("button", { ...attributes, title: _("Show all"), onclick: this.onClick });
    this.element = h("div", { class: "maplibregl-ctrl maplibregl-ctrl-group" }, button);
    return this.element;
  }

  onRemove() {
    this.element.remove();
  }
}
