// What the board shows is in its address, so that a link is a saved view. Pure.

/** `{view, query, trip}` of a query string; what is none is null or "". */
export function readAddress(search, views) {
  const given = new URLSearchParams(search);
  const view = given.get("view");
  const trip = Number(given.get("trip"));
  return {
    view: views.some(({ id }) => id === view) ? view : null,
    query: given.get("q") ?? "",
    trip: Number.isSafeInteger(trip) && trip > 0 ? trip : null,
  };
}

/** The query string of a view, "" for the whole board. */
export function writeAddress({ view, query, trip }) {
  const given = new URLSearchParams();
  if (view) given.set("view", view);
  if (query.trim()) given.set("q", query.trim());
  if (trip) given.set("trip", String(trip));
  const text = given.toString();
  return text && `?${text}`;
}
