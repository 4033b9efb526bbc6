// One way to ask the server. An answer always comes: status 0 means that there was none.

const ANSWER_WITHIN_MS = 15_000;
const PICTURE_WITHIN_MS = 90_000;

/** `{status, body, retryAfter}`; `body` is JSON, a Blob (sent as it is), or nothing. */
export async function call(token, method, path, body) {
  const picture = body instanceof Blob;
  const headers = token ? { Authorization: `Token ${token}` } : {};
  if (body !== undefined) headers["Content-Type"] = picture ? body.type : "application/json";
  try {
    const answer = await fetch(path, {
      method,
      headers,
      body: picture ? body : body && JSON.stringify(body),
      credentials: "omit",
      cache: "no-store",
      signal: AbortSignal.timeout(picture ? PICTURE_WITHIN_MS : ANSWER_WITHIN_MS),
    });
    const text = await answer.text();
    return { status: answer.status, body: parsed(text), retryAfter: Number(answer.headers.get("Retry-After")) };
  } catch {
    return { status: 0, body: null, retryAfter: 0 };
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** What a refusal says to people. */
export function detailOf(answer) {
  const fields = Object.values(answer.body?.errors ?? {}).flat();
  const said = fields.map((one) => one?.message ?? one).filter((one) => typeof one === "string");
  return said.join(" ") || answer.body?.detail || "";
}

/** A name that no other tap has; on plain http `crypto.randomUUID` does not exist. */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
