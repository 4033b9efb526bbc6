// A trip is dragged onto a vehicle of the map. The candidates are asked for when the dragging
// begins, so that the vehicles show whether they fit before the trip is dropped.

import { _ } from "atw/i18n.js";
import { call, why } from "./api.js";
import { showReasons } from "./dialogs.js";

const KIND = "application/x-atw-trip";

/** Lets rows of `list` be dropped on vehicles in `map`; `onDrop(tripId, candidate)`. */
export function allowDragging(list, map, onDrop) {
  let dragged = null;
  list.addEventListener("dragstart", (event) => {
    const id = Number(event.target.closest?.("li")?.querySelector("[data-trip]")?.dataset.trip);
    if (!id) return;
    event.dataTransfer.setData(KIND, String(id));
    event.dataTransfer.effectAllowed = "link";
    dragged = { id, answer: call("GET", `/api/trips/${id}/candidates/?limit=1000`) };
    map.classList.add("receiving");
    dragged.answer.then((answer) => showFit(map, answer));
  });
  list.addEventListener("dragend", () => {
    map.classList.remove("receiving");
    for (const vehicle of map.querySelectorAll("[data-fit]")) delete vehicle.dataset.fit;
    dragged = null;
  });
  map.addEventListener("dragover", (event) => {
    const vehicle = event.target.closest(".vehicle");
    for (const other of map.querySelectorAll(".vehicle.over")) other.classList.toggle("over", other === vehicle);
    if (!dragged || !vehicle) return;
    vehicle.classList.add("over");
    event.dataTransfer.dropEffect = "link";
    event.preventDefault();
  });
  map.addEventListener("drop", async (event) => {
    const vehicle = event.target.closest(".vehicle");
    if (!dragged || !vehicle) return;
    event.preventDefault();
    vehicle.classList.remove("over");
    const { id, answer } = dragged;
    const found = await chosen(await answer, vehicle.dataset.vehicle);
    if (found) onDrop(id, found);
  });
}

async function chosen(answer, vehicleId) {
  if (!answer.ok) return void (await showReasons(_("It cannot be assigned"), [why(answer)]));
  const found = answer.body.results.find(({ vehicle }) => String(vehicle.id) === vehicleId);
  if (found && found.refusals.length === 0) return found;
  const reasons = found?.refusals.map(({ text }) => text) ?? [_("Nobody is on shift with it.")];
  return void (await showReasons(_("It does not fit"), reasons));
}

function showFit(map, answer) {
  if (!answer.ok || !map.classList.contains("receiving")) return;
  const fits = new Set(answer.body.results.filter(({ refusals }) => refusals.length === 0).map(({ vehicle }) => String(vehicle.id)));
  for (const vehicle of map.querySelectorAll(".vehicle")) vehicle.dataset.fit = fits.has(vehicle.dataset.vehicle) ? "yes" : "no";
}
