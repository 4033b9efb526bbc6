// The ledger of the page "Break something": it must be able to say that a promise was broken.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Breaks, Ledger, LOST_AFTER_MS } from "../../trips/static/chaos/ledger.js";

function ledgerOf(...answered) {
  const ledger = new Ledger();
  for (const [version, sentAt] of answered) ledger.answered("trip", version, sentAt, sentAt + 50);
  return ledger;
}

test("what was answered is under way, then shown", () => {
  const ledger = ledgerOf([1, 1000]);
  assert.equal(ledger.numbers(1100).underWay, 1);
  ledger.shown("trip", 1, 1300);
  const { answered, shown, underWay, lost, slowestMs } = ledger.numbers(1300);
  assert.deepEqual([answered, shown, underWay, lost, slowestMs], [1, 1, 0, 0, 300]);
});

test("what is shown before its answer has arrived counts once", () => {
  const ledger = new Ledger();
  ledger.shown("trip", 1, 1020);
  ledger.answered("trip", 1, 1000, 1050);
  const { answered, shown, underWay, slowestMs } = ledger.numbers(1060);
  assert.deepEqual([answered, shown, underWay, slowestMs], [1, 1, 0, 20]);
});

test("what was answered and is never shown is lost, until it is shown after all", () => {
  const ledger = ledgerOf([1, 0]);
  const late = LOST_AFTER_MS + 100;
  assert.deepEqual([ledger.numbers(late).lost, ledger.numbers(late).underWay], [1, 0]);
  ledger.shown("trip", 1, late);
  assert.equal(ledger.numbers(late).lost, 0);
});

test("twice and out of order are told apart, and of each trip by itself", () => {
  const ledger = ledgerOf([1, 0], [2, 0], [3, 0]);
  ledger.shown("trip", 1, 10);
  ledger.shown("trip", 3, 20);
  ledger.shown("trip", 2, 30);
  ledger.shown("trip", 3, 40);
  ledger.shown("other", 1, 50);
  const { doubled, disordered } = ledger.numbers(60);
  assert.deepEqual([doubled, disordered], [1, 1]);
});

test("a snapshot shows what came before it, and is no repetition", () => {
  const ledger = ledgerOf([1, 0], [2, 0], [3, 0]);
  ledger.covered("trip", 2, 100);
  const { shown, covered, underWay, doubled } = ledger.numbers(100);
  assert.deepEqual([shown, covered, underWay, doubled], [0, 2, 1, 0]);
  ledger.answered("trip", 2, 90, 120);
  assert.equal(ledger.numbers(130).covered, 3);
});

test("a break is over when a tap made after it is shown and nothing is missing", () => {
  const [ledger, breaks] = [ledgerOf([1, 0]), new Breaks()];
  breaks.add({ verb: "kill-web", program: "web", starts: 1 }, 500);
  ledger.shown("trip", 1, 600);
  assert.deepEqual(breaks.settle(ledger, 600), []);
  ledger.answered("trip", 2, 700, 750);
  ledger.answered("trip", 3, 800, 850);
  ledger.shown("trip", 2, 900);
  assert.deepEqual(breaks.settle(ledger, 900), []);
  ledger.shown("trip", 3, 1700);
  assert.equal(breaks.settle(ledger, 1700)[0].rightMs, 1200);
  assert.deepEqual(breaks.settle(ledger, 1800), []);
});

test("a program is back when it was started again, a frozen one when it has thawed", () => {
  const breaks = new Breaks();
  breaks.add({ verb: "kill-web", program: "web", starts: 1 }, 500);
  breaks.add({ verb: "freeze-valkey", program: "valkey", starts: 1 }, 500);
  const heard = (web, valkey, now) => breaks.heard({ web: { up: true, frozen: false, ...web }, valkey: { up: true, starts: 1, ...valkey } }, now);
  heard({ starts: 1 }, { frozen: false }, 600);
  heard({ starts: 1, up: false }, { frozen: true }, 900);
  assert.deepEqual(breaks.all.map((one) => one.backMs), [null, null]);
  heard({ starts: 2 }, { frozen: true }, 2500);
  heard({ starts: 2 }, { frozen: false }, 20900);
  assert.deepEqual(breaks.all.map((one) => one.backMs), [2000, 20400]);
});
