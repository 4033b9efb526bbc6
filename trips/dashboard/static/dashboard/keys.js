// The board's keys. A text field keeps its own.

const STEPS = { ArrowDown: 1, ArrowUp: -1 };

/** A `keydown` listener for the board; `showKeys()` explains them. */
export function keysOf(board, search, showKeys) {
  const { list, selection, bulk } = board;
  const meant = () => list.focused() ?? selection.tripId;
  const keys = {
    "/": () => search.focus(),
    "?": () => showKeys(),
    n: () => location.assign("/dispatch/trips/new/"),
    a: () => meant() && selection.assign(meant()),
    x: () => meant() && bulk.toggle(meant()),
    Escape: () => selection.back(),
  };
  return (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (event.target.matches("textarea, select, input:not([type=checkbox])")) return typed(event, list, search);
    const free = event.target === document.body || event.target === search;
    const run = keys[event.key] ?? (free && STEPS[event.key] && (() => list.step(STEPS[event.key])));
    if (!run) return;
    event.preventDefault();
    run();
  };
}

function typed(event, list, search) {
  if (event.target !== search) return;
  if (event.key === "Escape") list.narrow(list.only, "");
  else if (event.key === "ArrowDown" || event.key === "Enter") list.step(1);
  else return;
  event.preventDefault();
}
