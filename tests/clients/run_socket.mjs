// Connects BoardSocket to the address given and prints what it shows after every change.

import { BoardSocket } from "../../trips/dashboard/static/dashboard/socket.js";

const [url, token] = process.argv.slice(2);
const socket = new BoardSocket(url, {
  token,
  onChange(effects, state) {
    const { status, seq, epoch, stopped, counters } = state;
    const trips = Object.fromEntries(state.trips);
    console.log(JSON.stringify({ status, seq, epoch, stopped, counters, trips }));
  },
});
socket.start();
process.stdin.resume();
process.stdin.on("end", () => {
  socket.stop();
  process.exit(0);
});
