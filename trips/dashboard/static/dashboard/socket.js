// The transport of state.js: one WebSocket that heals itself. Runs in browsers and in
// Node >= 20 (hand in a WebSocket there if the global one is missing). No dependencies.

import { closed, initialState, opened, received, reconnectDelay, ticked } from "./state.js";

const PROTOCOL = "atw.v1";
const ACK_AFTER_MS = 5000;
const SILENCE_MS = 25000;
const CHECK_EVERY_MS = 1000;
const LONGEST_RETRY_MS = 15000;

export class BoardSocket {
  /**
   * @param {string} url ws:// or wss:// address of one of the sockets
   * @param {object} options `token` (else the browser's session cookie), `onChange(effects,
   * state)` after every change, `onFrame(frame)` before it, `longestRetryMs` where somebody watches,
   * `WebSocket`, `random`, `now`
   */
  constructor(url, options = {}) {
    this.url = url;
    this.state = initialState();
    this.protocols = options.token ? [PROTOCOL, `token.${options.token}`] : [PROTOCOL];
    this.onChange = options.onChange ?? (() => {});
    this.onFrame = options.onFrame ?? (() => {});
    this.WebSocket = options.WebSocket ?? globalThis.WebSocket;
    this.random = options.random ?? Math.random;
    this.now = options.now ?? Date.now;
    this.longestRetryMs = options.longestRetryMs ?? LONGEST_RETRY_MS;
    this.attempt = 0;
    this.socket = null;
    this.retry = null;
    this.watch = null;
  }

  /** Connects, and keeps connected until `stop`. */
  start() {
    this.watch = setInterval(() => this.#check(), CHECK_EVERY_MS);
    this.#connect();
  }

  /** Closes for good. */
  stop() {
    clearInterval(this.watch);
    clearTimeout(this.retry);
    this.#detach(1000);
  }

  /** Sends one frame; false where there is no open socket. */
  send(frame) {
    if (this.socket?.readyState !== 1) return false;
    this.socket.send(JSON.stringify(frame));
    return true;
  }

  /** Somebody looks again, or the network is back: do not wait for the next attempt. */
  wake() {
    if (this.socket || this.state.stopped !== null) return this.#check();
    clearTimeout(this.retry);
    this.attempt = 0;
    this.#connect();
  }

  #connect() {
    const socket = new this.WebSocket(this.url, this.protocols);
    this.socket = socket;
    this.connectedAt = this.now();
    this.tickedAt = this.now();
    socket.onopen = () => this.#apply(opened(this.state, this.now()));
    socket.onmessage = (message) => this.#receive(message.data);
    socket.onclose = (event) => this.#lost(event.code);
  }

  #receive(text) {
    const frame = JSON.parse(text);
    this.onFrame(frame);
    this.#apply(received(this.state, frame, this.now()));
    if (this.state.status === "live") this.attempt = 0;
  }

  #apply(effects) {
    effects.send.forEach((frame) => this.send(frame));
    this.onChange(effects, this.state);
  }

  #check() {
    if (!this.socket) return;
    const now = this.now();
    const heardAt = Math.max(this.connectedAt, this.state.lastFrameAt ?? 0);
    if (now - heardAt > SILENCE_MS) return this.#lost(null);
    if (now - this.tickedAt < ACK_AFTER_MS) return;
    this.tickedAt = now;
    this.#apply(ticked(this.state));
  }

  #lost(code) {
    this.#detach(code === null ? 4000 : 1000);
    this.#apply(closed(this.state, code, this.now()));
    const delay = reconnectDelay(code, this.attempt, this.random());
    this.attempt += 1;
    if (delay === null) return;
    this.retry = setTimeout(() => this.#connect(), Math.min(delay, this.longestRetryMs));
  }

  // A dead line never answers the close handshake, so nobody waits for it.
  #detach(code) {
    const socket = this.socket;
    this.socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close(code);
  }
}
