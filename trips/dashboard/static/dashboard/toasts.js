// Short words at the lower edge, with one thing that can be done about them.

import { h } from "./dom.js";

const SHOWN_MS = 6000;

/** Shows `text`; `action` is `{label, run}`. Stays while it is pointed at or focused. */
export function toast(text, { action = null, ms = SHOWN_MS } = {}) {
  const root = h("div", { class: "toast" }, h("span", {}, text));
  const close = () => root.remove();
  if (action) {
    const run = () => (close(), action.run());
    root.append(h("button", { type: "button", onclick: run }, action.label));
  }
  let timer = setTimeout(close, ms);
  const hold = () => clearTimeout(timer);
  const release = () => (timer = setTimeout(close, ms));
  root.addEventListener("pointerenter", hold);
  root.addEventListener("focusin", hold);
  root.addEventListener("pointerleave", release);
  root.addEventListener("focusout", release);
  document.getElementById("toasts").append(root);
  return close;
}
