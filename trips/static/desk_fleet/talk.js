// A conversation that goes on by itself: what is new appears, what was shown counts as read.

import { _ } from "atw/i18n.js";
import { call, freshId, why } from "../dashboard/api.js";
import { setText } from "../dashboard/dom.js";
import { toast } from "../dashboard/toasts.js";
import { freshPage, listen, renew } from "./live.js";

const WORDS = { live: _("live"), "catching-up": _("catching up"), offline: _("offline") };
const at = (id) => document.getElementById(id);

toTheEnd();
markRead();
const lookSoon = listen(refresh, shown);
at("write")?.addEventListener("submit", send);
at("body")?.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) at("write").requestSubmit();
});

function shown(status) {
  const words = at("connection");
  words.hidden = false;
  words.dataset.status = status;
  setText(words, WORDS[status] ?? status);
}

async function refresh() {
  const page = await freshPage();
  renew(page, "threads");
  if (!renew(page, "said")) return;
  toTheEnd();
  await markRead();
}

function toTheEnd() {
  const said = at("said");
  if (said) said.scrollTop = said.scrollHeight;
}

async function markRead() {
  const unread = [...document.querySelectorAll("[data-notice]")];
  if (unread.length === 0 || document.visibilityState !== "visible") return;
  const marks = unread.map((one) => call("POST", `/api/notifications/${one.dataset.notice}/read/`));
  const answers = await Promise.all(marks);
  answers.forEach((answer, index) => answer.ok && unread[index].removeAttribute("data-notice"));
  renew(await freshPage(), "threads");
}

// Sent without leaving the page; where that fails, the text stays and the same id tries again.
async function send(event) {
  event.preventDefault();
  const form = event.target;
  const typed = at("body").value;
  const fields = Object.fromEntries(new FormData(form));
  const to = /^\d+$/.test(fields.to) ? Number(fields.to) : fields.to;
  const { body, client_message_id: id } = fields;
  const answer = await call("POST", "/api/messages/", { to, body, client_message_id: id });
  if (!answer.ok) return toast(why(answer));
  form.elements.client_message_id.value = freshId();
  // What was typed while it was under way is the next message.
  if (at("body").value === typed) at("body").value = "";
  lookSoon();
}
