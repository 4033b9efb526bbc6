// The page behind a tracking link, alive: the server renders every word of it; this asks for it
// again when the socket says that something changed, and moves the vehicle on the map.

import { BoardSocket } from "../dashboard/socket.js";
import { LiveMap } from "./map.js";

const config = JSON.parse(document.getElementById("track-config").textContent);
const MINUTE_MS = 60000;
const TOGETHER_MS = 300;
const UNDER_WAY = new Set(["en_route_pickup", "arrived_pickup", "in_progress", "arrived_dropoff"]);

let map = null;
let [asked, asking, missed] = [null, false, false];
let shownAt = Date.now();

const address = new URL(config.socket, location.href);
address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
const socket = new BoardSocket(address.href, { onChange: changed });
socket.start();
setInterval(keepUp, 1000);
document.addEventListener("visibilitychange", keepUp);

function changed(effects, state) {
  if (state.stopped) return renewSoon();
  if (effects.all || effects.trips.length > 0) renewSoon();
  drawMap(state);
}

/** The minutes go on, and a network that knows no sockets is asked the old way. */
function keepUp() {
  if (document.hidden) return;
  const patience = socket.state.status === "live" ? MINUTE_MS : config.refresh_s * 1000;
  if (Date.now() - shownAt >= patience) renewSoon();
}

/** What happens while an answer is under way may not be in it: then it is asked for once more. */
function renewSoon() {
  if (asking) missed = true;
  else asked ??= setTimeout(renew, TOGETHER_MS);
}

async function renew() {
  [asked, asking, missed] = [null, true, false];
  shownAt = Date.now();
  try {
    const answer = await fetch(location.pathname, { headers: { Accept: "text/html" } });
    if (answer.status === 404) return location.reload();
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    show(new DOMParser().parseFromString(await answer.text(), "text/html"));
  } catch {
    document.getElementById("away").hidden = false;
  } finally {
    asking = false;
    if (missed) renewSoon();
  }
}

/** Changes only what differs: a screen reader speaks on each change. */
function show(page) {
  document.title = page.title;
  for (const part of document.querySelectorAll("[data-part]")) {
    const now = page.getElementById(part.id);
    if (!now) continue;
    if (now.dataset.hue) part.dataset.hue = now.dataset.hue;
    const spoken = part.querySelector("h1");
    const news = now.querySelector("h1");
    if (spoken && news) {
      if (spoken.textContent !== news.textContent) spoken.textContent = news.textContent;
      const rest = [...now.children].filter((child) => !child.contains(news));
      const held = [...part.children].filter((child) => !child.contains(spoken));
      if (html(rest) === html(held)) continue;
      held.forEach((child) => child.remove());
      part.append(...rest);
    } else if (part.innerHTML !== now.innerHTML) part.replaceChildren(...now.childNodes);
  }
  if (!page.getElementById("track-config")) socket.stop();
}

function html(elements) {
  return elements.map((element) => element.outerHTML).join("");
}

function drawMap(state) {
  const trip = [...state.trips.values()][0];
  const vehicle = [...state.vehicles.values()].find((one) => one.latitude !== null);
  const concerned = Boolean(trip && vehicle && UNDER_WAY.has(trip.status));
  const place = document.getElementById("map");
  if (!place) return;
  if (!concerned) {
    place.hidden = true;
    return;
  }
  place.hidden = false;
  map ??= LiveMap.create(place, config).catch(() => {
    place.remove(); // no WebGL: the words say it all
    return null;
  });
  const stop = trip.status === "en_route_pickup" ? trip.pickup : trip.dropoff;
  map.then((drawn) => drawn?.draw(vehicle, stop));
}
