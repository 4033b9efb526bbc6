// Keeps a part of a page as the server would draw it now: a notice on one's own stream is the
// bell, and now and then there is a second look. Nothing is replaced under the reader's hands.

import { BoardSocket } from "../dashboard/socket.js";

const TOGETHER_MS = 300;
const SECOND_LOOK_MS = 60000;
const scheme = location.protocol === "https:" ? "wss" : "ws";

/**
 * Calls `look()` after each notice on one's own stream, when somebody looks again, and once a
 * minute for what nobody is told; one at a time, so that no older answer comes last. `show(status)`
 * says how the stream stands. Answers what asks for a look at once.
 */
export function listen(look, show = () => {}) {
  let [asked, asking, missed, lookedAt] = [null, false, false, Date.now()];
  const soon = () => {
    if (asking) missed = true;
    else if (document.visibilityState === "visible") asked ??= setTimeout(now, TOGETHER_MS);
  };
  const now = async () => {
    [asked, asking, missed, lookedAt] = [null, true, false, Date.now()];
    await look().finally(() => (asking = false));
    if (missed) soon();
  };
  const socket = new BoardSocket(`${scheme}://${location.host}/ws/me/`, {
    onChange: (effects, state) => {
      show(state.status);
      if (effects.all || effects.notifications) soon();
    },
  });
  socket.start();
  setInterval(() => Date.now() - lookedAt >= SECOND_LOOK_MS && soon(), 1000);
  const wake = () => document.visibilityState === "visible" && (socket.wake(), soon());
  for (const [target, name] of [[document, "visibilitychange"], [window, "online"], [window, "pageshow"]]) {
    target.addEventListener(name, wake);
  }
  return soon;
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

if (document.getElementById("live")) listen(async () => renew(await freshPage(), "live"));
