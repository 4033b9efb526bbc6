// The board's pure modules: what a dispatcher reads, and how markers move.

import assert from "node:assert/strict";
import { test } from "node:test";
import { arrangedActions, fieldsOf } from "../../trips/dashboard/static/dashboard/actions.js";
import { readAddress, writeAddress } from "../../trips/dashboard/static/dashboard/address.js";
import { Room } from "../../trips/dashboard/static/dashboard/labels.js";
import { Glide } from "../../trips/dashboard/static/dashboard/motion.js";
import { BoardSocket } from "../../trips/dashboard/static/dashboard/socket.js";
import { money, noticeTold, told } from "../../trips/dashboard/static/dashboard/timeline.js";
import { compared } from "../../trips/dashboard/static/dashboard/versions.js";
import { ago, clockOf, fromLocal } from "../../trips/dashboard/static/dashboard/times.js";
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

test("a trip can be in several views at once", () => {
  const late = trip(1, "assigned", "2026-03-02T11:40:00Z");
  const tomorrow = trip(2, "scheduled", "2026-03-03T12:00:00Z");
  const context = { query: "", nowMs: NOON, isToday: (iso) => iso.startsWith("2026-03-02"), alarmed: new Set([2]) };
  const ids = (view) => trips.viewed([late, tomorrow], context).get(view).map(({ id }) => id);
  assert.deepEqual(["risk", "today", "alarms", "assigned"].map(ids), [[1], [1], [2], [1]]);
});

test("what has ended is not at risk any more", () => {
  assert.equal(trips.isAtRisk(trip(1, "completed", undefined, { risk: "late" }), NOON), false);
  assert.equal(trips.isAtRisk(trip(1, "dispatched", "2026-03-02T13:00:00Z", { risk: "at_risk" }), NOON), true);
});

test("a vehicle grows paler with the age of its position", () => {
  const ages = ["11:59:00", "11:57:00", "11:50:00", "11:00:00"].map((at) => trips.staleness(`2026-03-02T${at}Z`, NOON));
  assert.deepEqual(ages, [0, 1, 2, 3]);
});

test("the address of a view leads back to it, and foreign words in it to the whole board", () => {
  const view = { view: "risk", query: "van 3", trip: 17 };
  assert.deepEqual(readAddress(writeAddress(view), trips.VIEWS), view);
  assert.deepEqual(readAddress("?view=evil&trip=-1", trips.VIEWS), { view: null, query: "", trip: null });
  assert.equal(writeAddress({ view: null, query: " ", trip: null }), "");
});

test("the next step and the crew come first, what ends a trip comes last", () => {
  const of = (...names) => names.map((action) => ({ action, requires: [] }));
  const { next, more } = arrangedActions(of("assign", "unassign", "dispatch", "cancel", "undo"));
  assert.deepEqual(next.map(({ action }) => action), ["dispatch", "assign"]);
  assert.deepEqual(more.map(({ action }) => action), ["unassign", "undo", "cancel"]);
});

test("a dispatcher is asked only for what a person can type", () => {
  const names = (one, on) => fieldsOf(one, on).map(({ name }) => name);
  assert.deepEqual(names({ action: "transfer", requires: ["driver_id", "reason"] }, trip(1, "in_progress")), ["reason"]);
  assert.deepEqual(names({ action: "schedule", requires: [] }, trip(1, "requested", null)), ["scheduled_at"]);
});

test("the story says who, when by which clock, and what nobody tapped", () => {
  const event = {
    event: "trip.picked_up", inferred: false, actor_name: "Omar", source: "driver", message: "",
    occurred_at: "2026-03-02T12:00:00Z", recorded_at: "2026-03-02T12:09:00Z",
    latitude: 57.7, stop_distance_m: 84, position_age_s: 180,
  };
  const clock = clockOf("UTC");
  const one = told(event, clock);
  assert.deepEqual([one.title, one.by, one.at], ["Aboard", "Omar", "12:00:00"]);
  assert.equal(one.sent, "reached us at 12:09:00");
  assert.equal(one.where, "80 m from the stop, seen 3 min before");
  assert.match(told({ ...event, inferred: true }, clock).by, /nobody tapped/);
});

test("a message that failed is told as such", () => {
  const at = "2026-03-02T12:00:00Z";
  const notice = { kind: "trip_assigned", channel: "email", to: "driver", state: "failed", at, sent_at: null, read_at: null };
  const one = noticeTold(notice, clockOf("UTC"));
  assert.deepEqual([one.what, one.to, one.state, one.hue], ["Trip assigned", "Driver, mail", "failed", "trouble"]);
  assert.equal(money(123456, "EUR"), "€1,234.56");
});

test("two versions of a trip differ where they do", () => {
  const seen = trip(1, "scheduled", undefined, { version: 2 });
  const now = trip(1, "assigned", undefined, { version: 3, vehicle: { id: 3, name: "Van 3" } });
  const rows = compared(seen, now, clockOf("UTC")).filter(({ differs }) => differs);
  assert.deepEqual(rows.map(({ seen: a, now: b }) => [a, b]), [["Scheduled", "Assigned"], ["none", "Van 3"], ["2", "3"]]);
});

test("a time that is typed is the company's, on both sides of a change of the clocks", () => {
  assert.equal(fromLocal("2026-03-02T13:00", "Europe/Stockholm"), "2026-03-02T12:00:00.000Z");
  assert.equal(fromLocal("2026-03-29T03:30", "Europe/Stockholm"), "2026-03-29T01:30:00.000Z");
  assert.equal(fromLocal("2026-03-29T01:30", "Europe/Stockholm"), "2026-03-29T00:30:00.000Z");
});

test("a board that is looked at again does not wait for its next attempt", () => {
  const made = [];
  class Socket {
    readyState = 0;
    constructor() {
      made.push(this);
    }
    close() {}
    send() {}
  }
  const socket = new BoardSocket("ws://here/", { WebSocket: Socket, random: () => 0.9 });
  socket.start();
  made[0].onclose({ code: 1006 });
  assert.equal(made.length, 1);
  socket.wake();
  assert.equal(made.length, 2);
  socket.wake();
  assert.equal(made.length, 2);
  socket.stop();
});

test("a name has room where no other name and no vehicle is", () => {
  const room = new Room();
  const box = (x, y) => ({ x, y, width: 40, height: 17 });
  room.take({ x: 100, y: 100, width: 20, height: 20 });
  assert.equal(room.claim(box(110, 110)), false);
  assert.equal(room.claim(box(120, 100)), true);
  assert.equal(room.claim(box(159, 116)), false);
  assert.equal(room.claim(box(-70, -40)), true);
  assert.equal(room.claim(box(-40, -30)), false);
  room.take(box(500, 500));
  room.take(box(500, 500));
  assert.equal(room.claim(box(539, 500)), false);
});
