import { _ } from "atw/i18n.js";

/** The states of a standing order: what they are called, and their hue. */
export const STATES = {
  requested: { label: _("Requested"), hue: "open" },
  active: { label: _("Active"), hue: "aboard" },
  paused: { label: _("Paused"), hue: "waiting" },
  ended: { label: _("Ended"), hue: "done" },
};
