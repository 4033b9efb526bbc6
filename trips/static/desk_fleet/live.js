// Keeps a part of a page as the server would draw it now: a notice on one's own stream is the
// bell, a heartbeat the second look. Nothing is replaced under the reader's hands.

import { BoardSocket } from "../dashboard/socket.js";

const scheme = location.protocol === "https:" ? "wss" : "ws";

/** Rings `hear(frame)` for every frame of one's own stream; `show(status)` says how it stands. */
export function listen(hear, show = () => {}) {
  const socket = new BoardSocket(`${scheme}://${location.host}/ws/me/`, {
    onFrame: hear,
    onChange: (_effects, state) => show(state.status),
  });
  socket.start();
  const wake = () => document.visibilityState === "visible" && socket.wake();
  for (const [target, name] of [[document, "visibilitychange"], [window, "online"], [window, "pageshow"]]) {
    target.addEventListener(name, wake);
  }
}

/** The page as it is now, or null where no answer came. */
export async function freshPage() {
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (!answer.ok || answer.redirected) return null;
    return new DOMParser().parseFromString(await answer.text(), "text/html");
  } catch {
    return null;
  }
}

/** Puts the fresh content of `#id` in place; false where it is as it was, or is being used. */
export function renew(page, id) {
  const [now, fresh] = [document.getElementById(id), page?.getElementById(id)];
  if (!now || !fresh || plain(now) === plain(fresh)) return false;
  if (now.contains(document.activeElement) && document.activeElement !== now) return false;
  now.replaceChildren(...fresh.childNodes);
  return true;
}

// Forms have another token each time.
function plain(element) {
  const copy = element.cloneNode(true);
  for (const token of copy.querySelectorAll("[name=csrfmiddlewaretoken]")) token.remove();
  return copy.innerHTML;
}

const SECOND_LOOK = ["heartbeat", "notification"];

if (document.getElementById("live")) {
  listen(async (frame) => {
    if (SECOND_LOOK.includes(frame.type) && document.visibilityState === "visible") renew(await freshPage(), "live");
  });
}
