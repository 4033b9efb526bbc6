// Trips on the map, below the vehicles: where somebody waits, the ways of those under way, and
// of the selected trip both the agreed way and the one that was driven.

import { statusHue } from "./trips.js";

const HUES = ["open", "assigned", "driving", "waiting", "aboard", "arrived", "done", "trouble"];
const WAITING = new Set(["requested", "scheduled", "assigned", "dispatched", "en_route_pickup"]);
const RIDING = new Set(["in_progress", "arrived_dropoff"]);
const NOTHING = { type: "FeatureCollection", features: [] };

export class TripLayers {
  constructor(map) {
    this.map = map;
    this.data = { stops: NOTHING, way: NOTHING };
    map.on("load", () => this.#add());
  }

  /** The next stop of every trip (an iterable) that has one. */
  stops(trips, selectedId) {
    const features = [];
    for (const trip of trips) {
      const place = WAITING.has(trip.status) ? trip.pickup : RIDING.has(trip.status) ? trip.dropoff : null;
      if (!place || trip.id === selectedId) continue;
      features.push(feature("Point", at(place), { id: trip.id, hue: statusHue(trip.status), riding: RIDING.has(trip.status) }));
    }
    this.#set("stops", features);
  }

  /** The way of the selected trip (null: none), and `track`, the lines that were driven. */
  way(trip, vehicle, track) {
    const features = [];
    if (trip) {
      const hue = statusHue(trip.status);
      features.push(feature("LineString", [at(trip.pickup), at(trip.dropoff)], { kind: "agreed", hue }));
      const next = WAITING.has(trip.status) ? trip.pickup : RIDING.has(trip.status) ? trip.dropoff : null;
      if (next && vehicle?.latitude) features.push(feature("LineString", [at(vehicle), at(next)], { kind: "approach", hue }));
      if (track) features.push(feature("MultiLineString", track, { kind: "driven", hue }));
    }
    this.#set("way", features);
  }

  /** The trip whose stop is at a point of the map, or null. */
  tripAt(point) {
    if (!this.map.getLayer("stops")) return null;
    return this.map.queryRenderedFeatures(point, { layers: ["stops"] })[0]?.properties.id ?? null;
  }

  /** The colours of a theme that changed. */
  recolour() {
    if (!this.map.getLayer("stops")) return;
    this.map.setPaintProperty("stops", "circle-color", hues());
    this.map.setPaintProperty("stops", "circle-stroke-color", colour("--raised"));
    for (const id of ["way-agreed", "way-driven", "way-approach"]) this.map.setPaintProperty(id, "line-color", hues());
  }

  #set(name, features) {
    const data = { type: "FeatureCollection", features };
    const text = JSON.stringify(data);
    if (text === this.data[`${name}Text`]) return;
    this.data[name] = data;
    this.data[`${name}Text`] = text;
    this.map.getSource(name)?.setData(data);
  }

  #add() {
    for (const name of ["way", "stops"]) this.map.addSource(name, { type: "geojson", data: this.data[name] });
    this.map.addLayer(line("agreed", 2, [2, 2]));
    this.map.addLayer(line("approach", 2, [0.5, 2]));
    this.map.addLayer(line("driven", 4, null));
    this.map.addLayer({
      id: "stops",
      type: "circle",
      source: "stops",
      paint: {
        "circle-color": hues(),
        "circle-radius": ["interpolate", ["linear"], ["zoom"], 10, 3, 15, 7],
        "circle-stroke-width": 2,
        "circle-stroke-color": colour("--raised"),
        "circle-opacity": ["case", ["get", "riding"], 0.55, 0.95],
      },
    });
  }
}

function line(kind, width, dashes) {
  const paint = { "line-color": hues(), "line-width": width, "line-opacity": 0.85 };
  if (dashes) paint["line-dasharray"] = dashes;
  const layout = { "line-cap": "round", "line-join": "round" };
  return { id: `way-${kind}`, type: "line", source: "way", filter: ["==", ["get", "kind"], kind], layout, paint };
}

function hues() {
  const pairs = HUES.flatMap((hue) => [hue, colour(`--${hue}`)]);
  return ["match", ["get", "hue"], ...pairs, colour("--done")];
}

function feature(type, coordinates, properties) {
  return { type: "Feature", geometry: { type, coordinates }, properties };
}

function at({ longitude, latitude }) {
  return [longitude, latitude];
}

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
