// What a problem's `errors` say, field by field; amounts as people type them. Pure.

/** `[["pickup.address", "This field is required."]]` of nested errors. */
export function complaints(errors, path = "") {
  if (!errors || typeof errors !== "object") return [];
  if (typeof errors.message === "string") return [[path, errors.message]];
  return Object.entries(errors).flatMap(([name, part]) => complaints(part, Array.isArray(errors) ? path : joined(path, name)));
}

function joined(path, name) {
  if (name === "non_field_errors") return path;
  return path ? `${path}.${name}` : name;
}

/** Cents of "12.50" or "12,50"; "" is 0, and null means that it is no amount. */
export function centsOf(text) {
  const found = /^(\d{1,6})(?:[.,](\d{1,2}))?$/.exec(text.trim() || "0");
  return found && Number(found[1]) * 100 + Number((found[2] ?? "").padEnd(2, "0"));
}

/** "12.50" of 1250. */
export function amountOf(cents) {
  return cents ? (cents / 100).toFixed(2) : "";
}
