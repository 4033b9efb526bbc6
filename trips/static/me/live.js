// One's own trips, alive: the server renders every word; this asks for the page again when the
// socket tells that something happened, and changes only what differs. Without scripts the page
// is as true as when it was opened.

import { BoardSocket } from "../dashboard/socket.js";

const TOGETHER_MS = 300;
const LIVE_MS = 60000;
const AWAY_MS = 15000;
const config = document.getElementById("live").dataset;
const address = new URL(config.socket, location.href);
address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
const socket = new BoardSocket(address.href, { onChange: changed, longestRetryMs: 5000 });

let [asked, asking, missed] = [null, false, false];
let shownAt = Date.now();

socket.start();
setInterval(keepUp, 1000);
document.addEventListener("visibilitychange", () => document.hidden || (socket.wake(), renewSoon()));

function changed(effects, state) {
  if (state.stopped === 4401) location.reload();
  else if (effects.all || effects.notifications || effects.trips.length > 0) renewSoon();
}

// Not everything that changes a trip is told to who ordered it; and a network may know no sockets.
function keepUp() {
  if (document.hidden) return;
  const patience = socket.state.status === "live" ? LIVE_MS : AWAY_MS;
  if (Date.now() - shownAt >= patience) renewSoon();
}

// What happens while an answer is under way may not be in it: then it is asked for once more.
function renewSoon() {
  if (asking) missed = true;
  else asked ??= setTimeout(renew, TOGETHER_MS);
}

async function renew() {
  [asked, asking, missed] = [null, true, false];
  shownAt = Date.now();
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (answer.redirected || answer.status === 404) return location.reload();
    if (answer.ok) show(new DOMParser().parseFromString(await answer.text(), "text/html"));
  } catch {
    // Without an answer what stands here stays; it is asked for again.
  } finally {
    asking = false;
    if (missed) renewSoon();
  }
}

function show(page) {
  let differs = false;
  for (const part of document.querySelectorAll("[data-part]")) {
    const now = page.getElementById(part.id);
    // Nobody is interrupted who is filling in a form.
    if (!now || part.querySelector("details[open]") || plain(part) === plain(now)) continue;
    const focused = part.contains(document.activeElement) && keyOf(document.activeElement);
    part.replaceChildren(...now.childNodes);
    if (focused) [...part.querySelectorAll("a, button")].find((one) => keyOf(one) === focused)?.focus();
    differs = true;
  }
  if (differs) document.getElementById("live").textContent = config.changed;
}

/** The HTML of a part without what is different each time. */
function plain(part) {
  const copy = part.cloneNode(true);
  copy.querySelectorAll("[name=csrfmiddlewaretoken]").forEach((token) => token.remove());
  return copy.innerHTML;
}

function keyOf(element) {
  return element.getAttribute("href") ?? element.value;
}
