// What the driver's phone concludes without coverage.

import assert from "node:assert/strict";
import { test } from "node:test";
import * as plan from "../../trips/driver_app/static/driver/plan.js";

const NOON = Date.parse("2026-03-02T12:00:00Z");
const DOOR = { latitude: 57.7035, longitude: 11.966 };
const LIFE = {
  assigned: { next: "start", actions: { start: { to: "en_route_pickup" }, decline: { to: "scheduled" } } },
  en_route_pickup: { next: "arrive_pickup", actions: { arrive_pickup: { to: "arrived_pickup" }, undo: { to: null } } },
  arrived_pickup: { next: "pick_up", actions: { pick_up: { to: "in_progress" }, no_show: { to: "no_show" } } },
};
const iso = (ms) => new Date(ms).toISOString();
const trip = (id, status, more = {}) => ({
  id, status, scheduled_at: iso(NOON), state_since: iso(NOON), pickup: DOOR, dropoff: DOOR,
  actions: Object.keys(LIFE[status]?.actions ?? {}).map((action) => ({ action })), ...more,
});
const tap = (trip_id, action, more = {}) => ({ kind: "tap", trip_id, action, at: iso(NOON), refused: null, ...more });

test("unsent taps show the trip where it will be, and say that it is unsent", () => {
  const [first, second] = plan.withTaps(
    [trip(1, "assigned"), trip(2, "assigned")],
    [tap(1, "start"), tap(1, "arrive_pickup", { at: iso(NOON + 60_000) })],
    LIFE,
  );
  assert.deepEqual([first.status, first.unsent, first.state_since], ["arrived_pickup", true, iso(NOON + 60_000)]);
  assert.deepEqual([second.status, second.unsent], ["assigned", undefined]);
  assert.equal(plan.nextStep(first, LIFE), "pick_up");
});

test("an unsent step that is taken back shows where the trip was", () => {
  const [shown] = plan.withTaps([trip(1, "assigned")], [tap(1, "start"), tap(1, "undo")], LIFE);
  assert.deepEqual([shown.status, shown.unsent], ["assigned", true]);
});

test("a tap that arrived already, and one that was refused, move nothing", () => {
  const taps = [tap(1, "start"), tap(1, "arrive_pickup", { refused: { status: 409 } })];
  const [shown] = plan.withTaps([trip(1, "en_route_pickup")], taps, LIFE);
  assert.equal(shown.status, "en_route_pickup");
});

test("the server's word counts where nothing is unsent", () => {
  const forbidden = trip(1, "assigned", { actions: [] });
  assert.equal(plan.nextStep(forbidden, LIFE), null);
  assert.equal(plan.nextStep(trip(1, "assigned"), LIFE), "start");
});

test("the trip at hand is what is under way, else the next by time, else what was chosen", () => {
  const late = trip(1, "assigned", { scheduled_at: iso(NOON + 3_600_000) });
  const soon = trip(2, "assigned");
  const under = trip(3, "en_route_pickup", { scheduled_at: iso(NOON + 7_200_000) });
  const over = trip(4, "completed");
  assert.equal(plan.arranged([late, soon, under, over]).current.id, 3);
  assert.equal(plan.arranged([late, soon, over]).current.id, 2);
  const chosen = plan.arranged([late, soon, under, over], 4);
  assert.equal(chosen.current.id, 4);
  assert.deepEqual(chosen.next.map((one) => one.id), [2, 1, 3]);
  assert.equal(plan.arranged([over]).current, null);
  assert.deepEqual(plan.arranged([over]).done.map((one) => one.id), [4]);
});

test("a no-show is possible after the wait, which begins no earlier than the agreed time", () => {
  const company = { no_show_wait_minutes: 10, at_door_radius_m: 200 };
  const early = trip(1, "arrived_pickup", { state_since: iso(NOON - 900_000) });
  const far = { latitude: 57.71, longitude: 11.966 };
  assert.equal(plan.noShow(early, company, NOON, DOOR).waits_ms, 600_000);
  const waited = plan.noShow(early, company, NOON + 600_000, DOOR);
  assert.deepEqual([waited.waits_ms, waited.near], [0, true]);
  assert.equal(plan.noShow(early, company, NOON, far).near, false);
  assert.equal(plan.noShow(early, company, NOON, null).near, null);
});

test("positions are kept each 3 s on the move and each 30 s standing", () => {
  const at = (latitude) => ({ latitude, longitude: 11.9, recorded_at: iso(NOON) });
  assert.equal(plan.worthKeepingIn(null, at(57.7), NOON), 0);
  assert.equal(plan.worthKeepingIn(at(57.7), at(57.71), NOON + 2_000), 1_000);
  assert.equal(plan.worthKeepingIn(at(57.7), at(57.71), NOON + 3_000), 0);
  assert.equal(plan.worthKeepingIn(at(57.7), at(57.7), NOON + 29_000), 1_000);
  assert.equal(plan.worthKeepingIn(at(57.7), at(57.7), NOON + 31_000), 0);
});

test("a position of the browser becomes one of ours, without what it does not know", () => {
  const coords = { ...DOOR, speed: null, heading: NaN, accuracy: 8, altitude: null };
  const fix = plan.fixOf({ coords, timestamp: NOON }, undefined, "a1");
  assert.deepEqual(fix, { ...DOOR, recorded_at: iso(NOON), id: "a1", accuracy: 8 });
});

test("what an answer means", () => {
  const words = [200, 202, 0, 408, 429, 500, 503, 401, 400, 404, 409, 422].map(plan.verdict);
  const later = ["later", "later", "later", "later", "later"];
  const refused = ["refused", "refused", "refused", "refused"];
  assert.deepEqual(words, ["done", "done", ...later, "signed-out", ...refused]);
});

test("trying again waits longer each time, and as long as the server asks", () => {
  assert.deepEqual([0, 1, 2, 9].map((n) => plan.pause(n, 0, 1)), [1_000, 2_000, 4_000, 15_000]);
  assert.equal(plan.pause(3, 7, 0), 7_000);
});

test("taps go in order, before pictures, and only one's own", () => {
  const item = (n, kind, user_id = 1, refused = null) => ({ n, kind, user_id, refused });
  const items = [item(1, "file"), item(2, "tap", 2), item(3, "tap", 1, {}), item(4, "tap"), item(5, "shift")];
  assert.equal(plan.upNext(items, 1).n, 4);
  assert.equal(plan.upNext(items.slice(0, 3), 1).n, 1);
  assert.equal(plan.upNext([], 1), null);
});

test("a clock that is fast is told from one that is right", () => {
  assert.equal(plan.clockError(iso(NOON), NOON + 59_000, NOON + 61_000), 60_000);
});
