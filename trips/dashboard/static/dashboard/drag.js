// A trip is dragged onto a vehicle of the map. The candidates are asked for when the dragging
// begins, so that the vehicles show whether they fit before the trip is dropped.

import { _ } from "atw/i18n.js";
import { call, why } from "./api.js";
import { showReasons } from "./dialogs.js";

const KIND = "application/x-atw-trip";
// A hand that drags is less exact than one that clicks.
const REACH_PX = 28;

/**
 * Lets rows of `list` be dropped on the vehicles in `map`; `vehicles()` are these, or undefined
 * as long as there are none; `onDrop(tripId, candidate)`.
 */
export function allowDragging(list, map, vehicles, onDrop) {
  let dragged = null;
  const below = (event) => {
    const { left, top } = map.getBoundingClientRect();
    return vehicles()?.nearest({ x: event.clientX - left, y: event.clientY - top }, REACH_PX) ?? null;
  };
  const end = () => {
    vehicles()?.mark({ over: null, fitting: null });
    dragged = null;
  };
  list.addEventListener("dragstart", (event) => {
    const id = Number(event.target.closest?.("li")?.querySelector("[data-trip]")?.dataset.trip);
    if (!id) return;
    event.dataTransfer.setData(KIND, String(id));
    event.dataTransfer.effectAllowed = "link";
    const drag = { id, answer: call("GET", `/api/trips/${id}/candidates/?limit=1000`) };
    dragged = drag;
    drag.answer.then((answer) => dragged === drag && answer.ok && vehicles()?.mark({ fitting: fitting(answer) }));
  });
  list.addEventListener("dragend", end);
  map.addEventListener("dragover", (event) => {
    if (!dragged) return;
    const over = below(event);
    vehicles()?.mark({ over });
    if (over === null) return;
    event.dataTransfer.dropEffect = "link";
    event.preventDefault();
  });
  map.addEventListener("drop", async (event) => {
    const vehicle = below(event);
    if (!dragged || vehicle === null) return;
    event.preventDefault();
    const { id, answer } = dragged;
    end();
    const found = await chosen(await answer, vehicle);
    if (found) onDrop(id, found);
  });
}

async function chosen(answer, vehicleId) {
  if (!answer.ok) return void (await showReasons(_("It cannot be assigned"), [why(answer)]));
  const found = answer.body.results.find(({ vehicle }) => vehicle.id === vehicleId);
  if (found && found.refusals.length === 0) return found;
  const reasons = found?.refusals.map(({ text }) => text) ?? [_("Nobody is on shift with it.")];
  return void (await showReasons(_("It does not fit"), reasons));
}

function fitting(answer) {
  return new Set(answer.body.results.filter(({ refusals }) => refusals.length === 0).map(({ vehicle }) => vehicle.id));
}
