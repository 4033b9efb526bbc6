// Two versions of a trip side by side: what a dispatcher saw, and what is true. Pure.

import { _ } from "atw/i18n.js";
import { statusLabel } from "./trips.js";

/** `[{name, seen, now, differs}]`, in a dispatcher's words. */
export function compared(seen, now, clock) {
  return Object.entries(READ).map(([name, read]) => {
    const [before, after] = [read.of(seen, clock), read.of(now, clock)];
    return { name: read.label, key: name, seen: before, now: after, differs: before !== after };
  });
}

const READ = {
  status: { label: _("State"), of: (trip) => statusLabel(trip.status) },
  vehicle: { label: _("Vehicle"), of: (trip) => trip.vehicle?.name ?? _("none") },
  driver: { label: _("Driver"), of: (trip) => trip.driver?.name ?? _("nobody") },
  time: { label: _("Pick-up"), of: (trip, clock) => (trip.scheduled_at ? clock.time(trip.scheduled_at) : "—") },
  version: { label: _("Version"), of: (trip) => String(trip.version) },
};
