// A long job of ours: followed until it has ended.

import { call } from "../dashboard/api.js";

const EVERY_MS = 700;

/** The ended job `id`; `onProgress(percent)` on the way. An answer that got lost is asked for again. */
export async function followed(id, onProgress) {
  for (;;) {
    const { ok, status, body } = await call("GET", `/api/tasks/${id}/`);
    if (ok && body.ready) return body;
    if (ok) onProgress(body.percent);
    else if (status >= 400 && status < 500) return { state: "FAILURE", error: body?.detail };
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  }
}
