// The intake pages' pure modules.

import assert from "node:assert/strict";
import { test } from "node:test";
import { amountOf, centsOf, complaints } from "../../trips/desk/static/bookings/complaints.js";
import { differing } from "../../trips/desk/static/bookings/differing.js";
import { localParts, momentOf, returnDay, shifted } from "../../trips/desk/static/bookings/local.js";
import { partsOf, ruleOf } from "../../trips/desk/static/bookings/rule.js";
import { csvOf } from "../../trips/desk/static/bookings/sheet.js";
import { isTwin } from "../../trips/desk/static/bookings/twin.js";

test("a problem's errors are told by the field that they are about", () => {
  const said = (message) => [{ message, code: "x" }];
  const errors = { pickup: { latitude: said("No.") }, needs: { 0: said("Too long.") }, non_field_errors: said("Say what.") };
  assert.deepEqual(complaints(errors), [["pickup.latitude", "No."], ["needs.0", "Too long."], ["", "Say what."]]);
  assert.deepEqual(complaints(undefined), []);
});

test("an amount is typed with a point or a comma, and is no more than cents", () => {
  assert.deepEqual(["12.50", "12,5", "3", "", " 0.05 "].map(centsOf), [1250, 1250, 300, 0, 5]);
  assert.deepEqual(["-1", "1.234", "12 kr", "1e3"].map(centsOf), [null, null, null, null]);
  assert.deepEqual([amountOf(1250), amountOf(0)], ["12.50", ""]);
});

test("a day and a time are the company's, whatever the reader's clock says", () => {
  assert.equal(momentOf("2026-11-20", "08:30", "America/New_York"), "2026-11-20T13:30:00.000Z");
  assert.equal(momentOf("2026-11-20", "", "America/New_York"), null);
  assert.deepEqual(localParts("2026-11-21T03:30:00Z", "America/New_York"), { day: "2026-11-20", time: "22:30" });
  assert.deepEqual(localParts(null, "UTC"), { day: "", time: "" });
});

test("a way back that is earlier than the way there is on the next day", () => {
  assert.equal(returnDay("2026-12-31", "22:00", "01:30"), "2027-01-01");
  assert.equal(returnDay("2026-12-31", "08:00", "12:00"), "2026-12-31");
  assert.equal(shifted("2028-02-28", 1), "2028-02-29");
});

test("a rule is what the form says, and a form that cannot say a rule says so", () => {
  const rule = ruleOf({ frequency: "WEEKLY", interval: 2, days: ["FR", "MO"] });
  assert.equal(rule, "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR");
  assert.deepEqual(partsOf(rule), { frequency: "WEEKLY", interval: 2, days: ["MO", "FR"] });
  assert.deepEqual(partsOf("FREQ=WEEKLY;INTERVAL=1;BYDAY=MO,WE;WKST=MO"), { frequency: "WEEKLY", interval: 1, days: ["MO", "WE"] });
  assert.equal(partsOf("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO;WKST=SU"), null);
  assert.equal(ruleOf({ frequency: "DAILY", interval: 1, days: ["MO"] }), "FREQ=DAILY");
  for (const own of ["FREQ=MONTHLY;BYDAY=TU;BYSETPOS=1", "FREQ=MONTHLY;BYMONTHDAY=3", "FREQ=WEEKLY;BYDAY=1MO", "FREQ=DAILY;BYDAY=MO"]) {
    assert.equal(partsOf(own), null, own);
  }
});

test("errors go into a file in which nothing runs", () => {
  assert.equal(csvOf([["row", 'a "b"'], [3, "=1+1"]]), '\ufeff"row","a ""b"""\r\n"3","\'=1+1"\r\n');
});

test("a twin is near in time, and not over", () => {
  const trip = { status: "scheduled", scheduled_at: "2026-11-20T08:00:00Z" };
  assert.ok(isTwin(trip, "2026-11-20T09:20:00Z"));
  assert.ok(!isTwin(trip, "2026-11-20T15:00:00Z"));
  assert.ok(isTwin(trip, null));
  assert.ok(!isTwin({ ...trip, status: "cancelled" }, "2026-11-20T08:00:00Z"));
});

test("only what differs is sent", () => {
  assert.deepEqual(differing({ a: [1], b: null, c: { x: 1 } }, { a: [1], b: 2, c: { x: 1 } }), { b: 2 });
});
