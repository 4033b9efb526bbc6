// The map: streets from our own server, vehicles that glide between their fixes, stops and ways.

import { _ } from "atw/i18n.js";
import { basemap, recolour } from "./basemap.js";
import { h } from "./dom.js";
import { TripLayers } from "./layers.js";
import { Vehicles } from "./vehicles.js";

const PADDING = 64;
const PANEL = 400;
const wide = matchMedia("(min-width: 1001px)");
const dark = matchMedia("(prefers-color-scheme: dark)");

export class FleetMap {
  /**
   * Loads MapLibre and draws into `container`. Rejects where there is no MapLibre or WebGL.
   * `onVehicle(id)` when a vehicle is chosen, `onTrip(id)` when a stop is.
   */
  static async create(container, config, on) {
    const [maplibre, response] = await Promise.all([
      import(config.maplibre),
      fetch(config.streets, { credentials: "same-origin" }),
    ]);
    if (!response.ok) throw new Error(`streets: ${response.status}`);
    return new FleetMap(maplibre, container, await response.json(), on);
  }

  constructor(maplibre, container, streets, on) {
    this.maplibre = maplibre;
    this.on = on;
    this.stops = [];
    this.map = new maplibre.Map({
      container,
      style: basemap(streets),
      bounds: streets.bbox,
      fitBoundsOptions: { padding: 24 },
      attributionControl: { compact: false },
      dragRotate: false,
      touchPitch: false,
      locale: {
        "Map.Title": _("Map"),
        "Marker.Title": _("Stop"),
        "NavigationControl.ZoomIn": _("Zoom in"),
        "NavigationControl.ZoomOut": _("Zoom out"),
      },
      maxZoom: 18,
    });
    // The vehicles are placed for a map that lies flat with north above.
    this.map.touchZoomRotate.disableRotation();
    this.map.keyboard.disableRotation();
    this.map.addControl(new maplibre.NavigationControl({ showCompass: false }), "bottom-left");
    this.map.addControl(new FitControl(() => this.fit()), "bottom-left");
    this.layers = new TripLayers(this.map);
    this.vehicles = new Vehicles(this.map);
    // For who asks from outside what is drawn where: tests, and the browser's console.
    container.vehicles = this.vehicles;
    this.map.on("click", (event) => this.#choose(event.point));
    this.map.on("mousemove", (event) => this.#hover(event.point));
    dark.addEventListener("change", () => (recolour(this.map), this.layers.recolour()));
  }

  /** Draws all vehicles (a Map by id); `current` maps vehicle ids to the trip under way. */
  draw(vehicles, current, nowMs) {
    for (const vehicle of vehicles.values()) this.move(vehicle, current.get(vehicle.id), nowMs);
    this.vehicles.keep(vehicles);
  }

  /** Draws one vehicle at its newest fix. */
  move(vehicle, trip, nowMs) {
    if (vehicle.latitude !== null) this.vehicles.set(vehicle, trip, nowMs);
  }

  /** Marks a vehicle and shows the stops of a trip; either may be null. */
  select(vehicleId, trip) {
    this.vehicles.mark({ selected: vehicleId });
    const places = trip ? [trip.pickup, trip.dropoff] : [];
    const key = JSON.stringify(places);
    if (key === this.stopsKey) return;
    this.stopsKey = key;
    this.stops.forEach((stop) => stop.remove());
    this.stops = places.map((place, index) => this.#stop("AB"[index], place));
  }

  /** Shows which vehicle is meant in a list; null: none. */
  point(vehicleId) {
    this.vehicles.mark({ pointed: vehicleId });
  }

  /** Brings the selected vehicle and stops into view, or all vehicles. */
  fit() {
    const chosen = this.vehicles.place(this.vehicles.selected);
    const places = [...this.stops.map((stop) => stop.getLngLat()), ...(chosen ? [chosen] : [])];
    if (places.length === 0) places.push(...[...this.vehicles.known.keys()].map((id) => this.vehicles.place(id)));
    if (places.length === 0) return;
    const bounds = new this.maplibre.LngLatBounds();
    places.forEach((place) => bounds.extend(place));
    // The panel lies over the right side of the map, where the map is beside the list.
    const covered = wide.matches && (chosen || this.stops.length > 0);
    const right = covered ? PADDING + PANEL : PADDING;
    const padding = { top: PADDING, bottom: PADDING, left: PADDING, right };
    this.map.fitBounds(bounds, { padding, maxZoom: 15.5, duration: duration() });
  }

  #choose(point) {
    const vehicle = this.vehicles.nearest(point);
    if (vehicle !== null) return this.on.vehicle(vehicle);
    const trip = this.layers.tripAt(point);
    if (trip !== null) this.on.trip(trip);
  }

  #hover(point) {
    const vehicle = this.vehicles.nearest(point);
    const canvas = this.map.getCanvas();
    canvas.style.cursor = vehicle !== null || this.layers.tripAt(point) !== null ? "pointer" : "";
    canvas.title = vehicle === null ? "" : this.vehicles.told(vehicle, this.on.nowMs());
  }

  #stop(letter, place) {
    const element = h("div", { class: "stop-pin", "data-letter": letter, title: place.address });
    return new this.maplibre.Marker({ element, anchor: "bottom" })
      .setLngLat([place.longitude, place.latitude])
      .addTo(this.map);
  }
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
