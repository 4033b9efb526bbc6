// Plays test vectors (JSON lines on stdin) on state.js; prints per vector what it sent and shows.

import { createInterface } from "node:readline";
import * as client from "../../trips/dashboard/static/dashboard/state.js";

const INPUTS = {
  connect: (state, step, now) => client.opened(state, now),
  disconnect: (state, step, now) => client.closed(state, step.code ?? null, now),
  tick: (state) => client.ticked(state),
};

function play(vector) {
  const state = client.initialState();
  const sent = vector.steps.map((step, second) => {
    const apply = INPUTS[step.in] ?? (() => client.received(state, step.in, second));
    return apply(state, step, second).send;
  });
  const code = vector.steps.at(-1).code ?? null;
  return { sent, shown: shown(state, code) };
}

function shown(state, code) {
  return {
    status: state.status,
    offline_since: state.offlineSince,
    stopped: state.stopped,
    stream: state.stream,
    epoch: state.epoch,
    seq: state.seq,
    unread: state.unread,
    notifications: state.notifications.map((notice) => notice.id),
    error: state.error?.code ?? null,
    counters: state.counters,
    trips: Object.fromEntries(state.trips),
    vehicles: Object.fromEntries(state.vehicles),
    delays: [0, 1, 2, 9].map((attempt) => [
      client.reconnectDelay(code, attempt, 0),
      client.reconnectDelay(code, attempt, 0.999),
    ]),
  };
}

for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(play(JSON.parse(line))));
}
