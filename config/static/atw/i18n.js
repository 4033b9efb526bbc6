// Words for people. English is in the code; the page brings the reader's own language.

const words = JSON.parse(globalThis.document?.getElementById("words")?.textContent ?? "{}");
const language = globalThis.document?.documentElement.lang || "en";

/** How numbers, money and days are written for the reader. */
export const locale = language === "en" ? "en-GB" : language;

/** The reader's words for an English text; `{name}` is filled from `values`. */
export function _(text, values = {}) {
  const found = words[text] ?? text;
  return (Array.isArray(found) ? found[0] : found).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/** The same for a number of things; `{n}` is the number. */
export function ngettext(one, many, n, values = {}) {
  const forms = words[one] ?? [one, many];
  return _(forms[n === 1 ? 0 : 1] ?? many, { n, ...values });
}
