// What states, actions and needs are called, and times as the company reads them.

import { _ } from "../atw/i18n.js";

/** `[word, hue]` of a trip's status. */
export function statusOf(status) {
  const words = {
    assigned: [_("assigned"), "assigned"],
    dispatched: [_("go"), "assigned"],
    en_route_pickup: [_("on the way"), "driving"],
    arrived_pickup: [_("at the pick-up"), "waiting"],
    in_progress: [_("aboard"), "aboard"],
    arrived_dropoff: [_("at the destination"), "arrived"],
    completed: [_("done"), "done"],
    no_show: [_("no-show"), "trouble"],
    cancelled: [_("cancelled"), "trouble"],
    missed: [_("missed"), "trouble"],
  };
  return words[status] ?? [status, "idle"];
}

/** What the button of an action says. */
export function actionName(action) {
  const names = {
    start: _("Start driving"),
    arrive_pickup: _("I am at the pick-up"),
    pick_up: _("Patient is aboard"),
    arrive_dropoff: _("I am at the destination"),
    complete: _("Trip is done"),
    no_show: _("Patient is not here"),
    cancel: _("Patient does not want to go"),
    decline: _("I cannot take this trip"),
    undo: _("Take back the last step"),
    begin: _("Start of the shift"),
    end: _("End of the shift"),
    break: _("Break"),
    resume: _("End of the break"),
    signature: _("Signature"),
    photo: _("Photo"),
    sos: _("Emergency call"),
  };
  return names[action] ?? action;
}

export function mobilityOf(mobility) {
  const words = {
    ambulatory: _("walks"),
    wheelchair: _("wheelchair"),
    bariatric_wheelchair: _("bariatric wheelchair"),
    stretcher: _("stretcher"),
    bariatric_stretcher: _("bariatric stretcher"),
  };
  return words[mobility] ?? mobility;
}

const NEEDS = () => ({
  walker: _("walker"),
  oxygen: _("oxygen"),
  attendant: _("attendant"),
  stairs: _("stairs"),
});

export const needOf = (need) => NEEDS()[need] ?? need.replaceAll("_", " ");

/** "14:05" in the company's zone, of an ISO time or ms. */
export function clock(moment, timeZone) {
  const options = { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone };
  return new Intl.DateTimeFormat("en-GB", options).format(new Date(moment));
}

/** "4:05" of a duration. */
export function countdown(ms) {
  const seconds = Math.ceil(ms / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** "240 m", "1.3 km". */
export function length(metres) {
  return metres < 1000 ? `${Math.round(metres / 10) * 10} m` : `${(metres / 1000).toFixed(1)} km`;
}
