// The board's pure modules: what a dispatcher reads, and how markers move.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Glide } from "../../trips/dashboard/static/dashboard/motion.js";
import { ago, clockOf } from "../../trips/dashboard/static/dashboard/times.js";
import * as trips from "../../trips/dashboard/static/dashboard/trips.js";

const NOON = Date.parse("2026-03-02T12:00:00Z");

function trip(id, status, scheduled_at = "2026-03-02T12:00:00Z", more = {}) {
  const place = (address) => ({ address, latitude: 57.7, longitude: 11.97 });
  const [pickup, dropoff] = [place("Götgatan 1"), place("Dialysis")];
  const nobody = { patient: null, driver: null, vehicle: null };
  return { id, status, scheduled_at, mobility: "wheelchair", pickup, dropoff, ...nobody, ...more };
}

test("trips are in sections by state, by time, and what ended comes latest first", () => {
  const all = [
    trip(1, "scheduled", "2026-03-02T13:00:00Z"),
    trip(2, "requested", "2026-03-02T11:00:00Z"),
    trip(3, "scheduled", null),
    trip(4, "completed", "2026-03-02T08:00:00Z"),
    trip(5, "no_show", "2026-03-02T09:00:00Z"),
    trip(6, "in_progress"),
  ];
  const ids = [...trips.grouped(all, "")].map(([id, members]) => [id, members.map((t) => t.id)]);
  assert.deepEqual(Object.fromEntries(ids), {
    unassigned: [2, 1, 3],
    active: [6],
    assigned: [],
    will_call: [],
    finished: [5, 4],
  });
});

test("the board shows what a snapshot taken now would hold", () => {
  const reach = { ended_shown_s: 7200, ahead_s: 86400 };
  const [justNow, longAgo] = ["2026-03-02T11:59:00Z", "2026-03-02T09:59:00Z"];
  const all = [
    trip(1, "completed", undefined, { state_since: justNow }),
    trip(2, "completed", undefined, { state_since: longAgo }),
    trip(3, "scheduled", "2026-03-09T12:00:00Z", { state_since: longAgo }),
    trip(4, "scheduled", "2026-03-03T11:00:00Z", { state_since: longAgo }),
    trip(5, "will_call", null, { state_since: longAgo }),
  ];
  const shown = trips.onBoard(new Map(all.map((t) => [t.id, t])), reach, NOON);
  assert.deepEqual([...shown.keys()], [1, 4, 5]);
});

test("a state that this board does not know yet is not hidden", () => {
  assert.equal(trips.groupOf("on_hold"), "unassigned");
  assert.equal(trips.statusLabel("on_hold"), "on hold");
});

test("every word that is searched must be somewhere in the row", () => {
  const pia = trip(17, "assigned", null, { patient: { name: "Pia" }, vehicle: { name: "Van 3" } });
  for (const query of ["", "pia", "PIA van", "#17", "götgatan dial", "wheel"]) {
    assert.ok(trips.matches(pia, query), query);
  }
  assert.ok(!trips.matches(pia, "pia omar"));
});

test("a trip is late when its time is over and nobody is at the door", () => {
  const at = "2026-03-02T11:48:30Z";
  assert.equal(trips.minutesLate(trip(1, "assigned", at), NOON), 11);
  assert.equal(trips.minutesLate(trip(1, "arrived_pickup", at), NOON), 0);
  assert.equal(trips.minutesLate(trip(1, "will_call", null), NOON), 0);
  assert.equal(trips.minutesLate(trip(1, "assigned", at, { lateness_s: 300 }), NOON), 5);
});

test("a trip is too long in its state from the moment that the server names", () => {
  const after = (ms) => ({ stuck_at: new Date(NOON + ms).toISOString() });
  assert.equal(trips.isStuck(trip(1, "in_progress", null, after(1)), NOON), false);
  assert.equal(trips.isStuck(trip(1, "in_progress", null, after(0)), NOON), true);
  assert.equal(trips.isStuck(trip(1, "will_call", null, { stuck_at: null }), NOON), false);
  assert.equal(trips.isStuck(trip(1, "will_call", null), NOON), false);
});

test("a vehicle's current trip is the one that got furthest", () => {
  const van = { vehicle: { id: 3, name: "Van 3" } };
  const all = [
    trip(1, "in_progress", null, van),
    trip(2, "dispatched", null, van),
    trip(3, "completed", null, van),
  ];
  assert.equal(trips.currentTrips(all).get(3).id, 1);
});

test("times are the company's, not the browser's", () => {
  assert.equal(clockOf("America/New_York").time("2026-03-02T12:00:00Z"), "07:00");
  assert.equal(clockOf("Europe/Stockholm").day("2026-03-02T23:30:00Z"), "Tue 3 Mar");
});

test("an age is never negative, whatever the clocks say", () => {
  assert.equal(ago("2026-03-02T12:00:05Z", NOON), "0 s ago");
  assert.equal(ago("2026-03-02T11:57:00Z", NOON), "3 min ago");
});

test("a marker glides from where it is to the new fix and stops there", () => {
  const glide = new Glide({ latitude: 57, longitude: 11 }, 0);
  glide.moveTo({ latitude: 57.001, longitude: 11 }, 1000);
  assert.equal(glide.at(1000).latitude, 57);
  assert.ok(Math.abs(glide.at(1500).latitude - 57.0005) < 1e-9);
  glide.moveTo({ latitude: 57.002, longitude: 11 }, 1500);
  assert.ok(Math.abs(glide.at(1500).latitude - 57.0005) < 1e-9);
  assert.equal(glide.at(9000).latitude, 57.002);
  assert.ok(!glide.isMoving(9000));
});

test("a marker jumps after a long silence or over a long way", () => {
  const far = new Glide({ latitude: 57, longitude: 11 }, 0);
  far.moveTo({ latitude: 57.5, longitude: 11 }, 1000);
  assert.equal(far.at(1000).latitude, 57.5);
  const silent = new Glide({ latitude: 57, longitude: 11 }, 0);
  silent.moveTo({ latitude: 57.001, longitude: 11 }, 60000);
  assert.equal(silent.at(60000).latitude, 57.001);
});
