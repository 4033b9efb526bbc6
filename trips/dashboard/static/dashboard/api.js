// The public API, with the session of whoever looks at the page.

import { _ } from "atw/i18n.js";

/** `{ok, status, body}` of one request; status 0 where no answer came. */
export async function call(method, path, body) {
  const headers = { Accept: "application/json" };
  if (method !== "GET") headers["X-CSRFToken"] = document.querySelector("[name=csrfmiddlewaretoken]").value;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  try {
    const answer = await fetch(path, { method, headers, body: body && JSON.stringify(body) });
    return { ok: answer.ok, status: answer.status, body: await answer.json().catch(() => null) };
  } catch {
    return { ok: false, status: 0, body: null };
  }
}

/** What the server says against it, in one or two sentences. */
export function why({ status, body }) {
  if (status === 0) return _("The server does not answer.");
  const said = [...messages(body?.errors)];
  if (said.length > 0) return said.join(" ");
  return body?.detail ?? _("That did not work ({status}).", { status });
}

function* messages(errors) {
  if (errors?.message) yield errors.message;
  else if (errors && typeof errors === "object") for (const part of Object.values(errors)) yield* messages(part);
}

/** An id that no other tap has; `crypto.randomUUID` is missing on plain http. */
export function freshId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
