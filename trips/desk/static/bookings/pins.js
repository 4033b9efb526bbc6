// A map on which stops are shown and put right. The page works without it.

import { _ } from "atw/i18n.js";
import { basemap, recolour } from "../dashboard/basemap.js";
import { h } from "../dashboard/dom.js";

const dark = matchMedia("(prefers-color-scheme: dark)");
const CLOSE = 15;

export class PinMap {
  /** Into `container`; `onPick(letter, [latitude, longitude])` when a pin is put or dragged. */
  static async create(container, config, onPick) {
    try {
      const [maplibre, answer] = await Promise.all([import(config.maplibre), fetch(config.streets)]);
      if (!answer.ok) throw new Error(`streets: ${answer.status}`);
      return new PinMap(maplibre, container, await answer.json(), onPick);
    } catch {
      container.replaceChildren(h("p", { class: "muted map-away" }, _("The map cannot be shown here. Type the coordinates instead.")));
      return null;
    }
  }

  constructor(maplibre, container, streets, onPick) {
    Object.assign(this, { maplibre, onPick, pins: new Map(), active: "A" });
    this.map = new maplibre.Map({
      container,
      style: basemap(streets),
      bounds: streets.bbox,
      fitBoundsOptions: { padding: 24 },
      attributionControl: { compact: true },
      dragRotate: false,
      pitchWithRotate: false,
      maxZoom: 18,
    });
    this.map.touchZoomRotate.disableRotation();
    this.map.addControl(new maplibre.NavigationControl({ showCompass: false }), "bottom-left");
    this.map.getCanvas().setAttribute("aria-label", _("Map: click to put the pin"));
    this.map.on("click", ({ lngLat }) => this.#pick(this.active, lngLat));
    dark.addEventListener("change", () => recolour(this.map));
  }

  /** Puts a pin; null takes it away. */
  set(letter, point) {
    const pin = this.pins.get(letter);
    if (point === null) {
      pin?.remove();
      this.pins.delete(letter);
    } else if (pin) pin.setLngLat([point[1], point[0]]);
    else this.pins.set(letter, this.#pin(letter, point));
  }

  /** Brings the pins into view. */
  fit() {
    if (this.pins.size === 0) return;
    const bounds = new this.maplibre.LngLatBounds();
    this.pins.forEach((pin) => bounds.extend(pin.getLngLat()));
    this.map.fitBounds(bounds, { padding: 56, maxZoom: CLOSE, duration: 0 });
  }

  #pin(letter, [latitude, longitude]) {
    const element = h("div", { class: "pin", "data-letter": letter });
    const pin = new this.maplibre.Marker({ element, anchor: "bottom-left", draggable: true }).setLngLat([longitude, latitude]).addTo(this.map);
    // MapLibre names each marker alike, and takes it into the order of tabs.
    element.setAttribute("role", "img");
    element.setAttribute("aria-label", _("Pin {letter}", { letter }));
    pin.on("dragend", () => this.#pick(letter, pin.getLngLat()));
    return pin;
  }

  #pick(letter, { lat, lng }) {
    const point = [rounded(lat), rounded(lng)];
    this.set(letter, point);
    this.onPick(letter, point);
  }
}

/** To about a decimetre. */
function rounded(degrees) {
  return Math.round(degrees * 1e6) / 1e6;
}
