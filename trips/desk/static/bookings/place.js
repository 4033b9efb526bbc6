// A stop: an address by the address book or the geocoder, and its point.

import { _ } from "atw/i18n.js";
import { call } from "../dashboard/api.js";
import { setText } from "../dashboard/dom.js";
import { Combobox } from "./combobox.js";
import { at, config } from "./form.js";
import { PinMap } from "./pins.js";

const ORIGINS = { picked: _("pinned by us"), trips: _("from past trips"), geocoder: _("geocoder") };

/** What an address may mean, as choices of a combobox. */
export async function findPlaces(text) {
  const answer = await call("GET", `/api/places/?q=${encodeURIComponent(text)}`);
  return (answer.ok ? answer.body : []).map((place) => ({ label: place.address, note: ORIGINS[place.origin], value: place }));
}

export class PlaceField {
  /** Of the fieldset `name`; `onChange()` after each change. */
  constructor(name, onChange) {
    this.onChange = onChange;
    this.root = at(name);
    [this.address, this.latitude, this.longitude] = ["address", "latitude", "longitude"].map((part) => at(`f-${name}-${part}`));
    this.keep = this.root.querySelector("[data-keep]");
    this.note = this.root.querySelector("[data-note]");
    new Combobox(this.address, {
      find: findPlaces,
      onChoose: ({ value, note }) => this.set(value, note),
      // Another address is elsewhere, but a point that somebody put is meant.
      onType: () => this.byHand || this.#point("", "", _("Choose a suggestion, or put the pin on the map.")),
    });
    for (const input of [this.latitude, this.longitude]) input.addEventListener("change", () => this.#hand());
  }

  /** `{address, latitude, longitude}`; the point is null where it is not known. */
  get value() {
    const point = this.point;
    return { address: this.address.value.trim(), latitude: point?.[0] ?? null, longitude: point?.[1] ?? null };
  }

  get point() {
    const texts = [this.latitude.value, this.longitude.value];
    return texts.every((text) => text !== "" && Number.isFinite(Number(text))) ? texts.map(Number) : null;
  }

  /** An address with its point. */
  set({ address, latitude, longitude }, note = "") {
    this.byHand = false;
    this.address.value = address;
    this.#point(latitude, longitude, note);
  }

  clear() {
    this.set({ address: "", latitude: "", longitude: "" });
  }

  /** Put on the map. */
  move([latitude, longitude]) {
    this.latitude.value = latitude;
    this.longitude.value = longitude;
    this.#hand();
  }

  /** What is missing, as errors of a form. */
  missing() {
    const name = this.root.id;
    if (!this.address.value.trim()) return [[`${name}.address`, _("An address is needed.")]];
    return this.point ? [] : [[`${name}.address`, _("Where is it? Choose a suggestion, or put the pin on the map.")]];
  }

  /** Keeps the point in the address book, where the box is ticked. */
  async remember() {
    if (!this.keep.closest("label").hidden && this.keep.checked) await call("POST", "/api/places/", this.value);
  }

  lock(locked) {
    for (const input of [this.address, this.latitude, this.longitude]) input.disabled = locked;
  }

  #hand() {
    this.byHand = true;
    this.#point(this.latitude.value, this.longitude.value, _("pinned by you"));
  }

  #point(latitude, longitude, note) {
    this.latitude.value = latitude;
    this.longitude.value = longitude;
    this.keep.closest("label").hidden = !this.byHand;
    setText(this.note, note);
    this.onChange();
  }
}

/** Both stops with their map; `onChange()` after each change. */
export function stops(onChange) {
  const fields = new Map();
  let map = null;
  const changed = () => {
    for (const [letter, field] of fields) map?.set(letter, field.point);
    onChange();
  };
  for (const [letter, name] of [["A", "pickup"], ["B", "dropoff"]]) {
    const field = new PlaceField(name, changed);
    fields.set(letter, field);
    field.address.addEventListener("focus", () => map && (map.active = letter));
  }
  const [pickup, dropoff] = [fields.get("A"), fields.get("B")];
  const fit = () => map?.fit();
  const onPick = (letter, point) => {
    const field = fields.get(letter);
    if (field.address.disabled) return changed();
    field.move(point);
    // The next click is meant for the other one, as long as that has none.
    if (letter === "A" && !dropoff.point) map.active = "B";
  };
  PinMap.create(at("map"), config, onPick).then((created) => {
    map = created;
    changed();
    fit();
  });
  for (const field of fields.values()) field.address.addEventListener("blur", fit);
  return { pickup, dropoff, fit };
}
