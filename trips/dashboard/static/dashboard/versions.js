// Two versions of a trip side by side: what a dispatcher saw, and what is true. Pure.

import { _ } from "atw/i18n.js";
import { mobilityLabel, statusLabel } from "./trips.js";

/** `[{name, seen, now, differs}]`, in a dispatcher's words; what was agreed only where it differs. */
export function compared(seen, now, clock) {
  const rows = Object.entries(READ).map(([name, read]) => {
    const [before, after] = [read.of(seen, clock), read.of(now, clock)];
    return { name: read.label, key: name, seen: before, now: after, differs: before !== after };
  });
  return rows.filter(({ key, differs }) => differs || !READ[key].agreed);
}

const READ = {
  status: { label: _("State"), of: (trip) => statusLabel(trip.status) },
  vehicle: { label: _("Vehicle"), of: (trip) => trip.vehicle?.name ?? _("none") },
  driver: { label: _("Driver"), of: (trip) => trip.driver?.name ?? _("nobody") },
  time: { label: _("Pick-up"), of: (trip, clock) => (trip.scheduled_at ? clock.time(trip.scheduled_at) : "—") },
  from: { label: _("From"), agreed: true, of: (trip) => trip.pickup?.address ?? "—" },
  to: { label: _("To"), agreed: true, of: (trip) => trip.dropoff?.address ?? "—" },
  appointment: { label: _("Appointment"), agreed: true, of: (trip, clock) => (trip.appointment_at ? clock.time(trip.appointment_at) : "—") },
  mobility: { label: _("Level of service"), agreed: true, of: (trip) => mobilityLabel(trip.mobility) },
  needs: { label: _("Needs"), agreed: true, of: (trip) => trip.needs?.join(", ") || "—" },
  escorts: { label: _("Escorts"), agreed: true, of: (trip) => String(trip.escorts ?? 0) },
  notes: { label: _("Notes"), agreed: true, of: (trip) => trip.notes || "—" },
  payer: { label: _("Payer"), agreed: true, of: (trip) => trip.payer?.name ?? "—" },
  version: { label: _("Version"), of: (trip) => String(trip.version) },
};
