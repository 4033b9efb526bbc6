// What opens over the screen: questions before steps that are not taken lightly.

import { _ } from "../atw/i18n.js";
import { h, setText } from "../dashboard/dom.js";
import { noShow } from "./plan.js";
import { pad, shrunk } from "./pictures.js";
import { field } from "./screens.js";
import { clock, countdown, length } from "./words.js";

const TICK_MS = 500;

/** Shows a dialog until it is closed; `content(close)` gives its elements. */
export function open(title, content, { onClosed = () => {}, wide = false } = {}) {
  const dialog = h("dialog", { class: wide ? "sheet-dialog wide" : "sheet-dialog", "aria-label": title });
  const close = () => dialog.close();
  dialog.addEventListener("close", () => {
    dialog.remove();
    onClosed();
  });
  dialog.append(h("h2", {}, title), ...content(close));
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

const back = (close) => h("button", { type: "button", class: "quiet big", onclick: close }, _("Back"));

/** A question with one of several reasons; `onReason(text)`. */
export function reason(title, choices, onReason) {
  open(title, (close) => {
    const other = field(_("Another reason"), { name: "other", maxlength: 200 });
    const radios = choices.map((text, index) =>
      h("label", { class: "choice" }, h("input", { type: "radio", name: "reason", value: text, checked: index === 0 }), text),
    );
    const submit = (event) => {
      event.preventDefault();
      const form = new FormData(event.target);
      onReason(String(form.get("other") || form.get("reason")));
      close();
    };
    return [h("form", { class: "form", onsubmit: submit }, h("fieldset", { class: "choices" }, h("legend", { class: "hidden" }, title), radios), other, h("button", { class: "danger big" }, _("Confirm")), back(close))];
  });
}

/** The rules of a no-show, live; `position()` is the newest one or null. */
export function notHere({ trip, company, zone, position, now, onConfirm }) {
  let timer = null;
  const wait = h("b", {});
  const place = h("b", {});
  const confirm = h("button", { type: "button", class: "danger big" }, _("Patient is not here"));
  const draw = () => {
    const rule = noShow(trip, company, now(), position());
    const waited = rule.waits_ms === 0;
    setText(wait, waited ? _("done") : _("until {time}, {left} left", { time: clock(rule.until, zone), left: countdown(rule.waits_ms) }));
    setText(place, placeText(rule));
    confirm.disabled = !waited || rule.near === false;
  };
  const content = (close) => {
    confirm.onclick = () => {
      onConfirm();
      close();
    };
    const rules = h("dl", { class: "facts" }, h("dt", {}, _("Wait")), h("dd", {}, wait), h("dt", {}, _("At the door")), h("dd", {}, place));
    const hint = h("p", { class: "muted" }, _("Ring, and call the patient, before you say so. If you must leave earlier, call dispatch."));
    return [hint, rules, confirm, back(close)];
  };
  open(_("Patient is not here?"), content, { onClosed: () => clearInterval(timer) });
  draw();
  timer = setInterval(draw, TICK_MS);
}

function placeText({ near, distance_m }) {
  if (near === null) return _("no position of this phone; the vehicle's counts");
  return near ? _("yes") : _("{distance} away", { distance: length(distance_m) });
}

/** A pad to sign on; `onBlob(blob)`. */
export function signature(name, onBlob) {
  let drawn = null;
  const canvas = h("canvas", { class: "pad", role: "img", "aria-label": _("Field to sign in with a finger") });
  const save = async (close) => {
    if (drawn.isEmpty()) return;
    onBlob(await drawn.blob());
    close();
  };
  open(
    _("Signature"),
    (close) => [
      h("p", {}, name),
      canvas,
      h("div", { class: "seconds" }, h("button", { type: "button", class: "quiet", onclick: () => drawn.clear() }, _("Clear")), h("button", { type: "button", class: "quiet", onclick: close }, _("Back"))),
      h("button", { type: "button", class: "primary big", onclick: () => save(close) }, _("Keep the signature")),
    ],
    { wide: true },
  );
  drawn = pad(canvas);
}

/** The phone's camera, then the photo made small; `onBlob(blob)`, `onFailed()`. */
export function photo(onBlob, onFailed) {
  const input = h("input", { type: "file", accept: "image/jpeg,image/png,image/webp", capture: "environment", class: "hidden", "aria-label": _("Photo") });
  input.addEventListener("change", () => {
    input.remove();
    if (input.files[0]) shrunk(input.files[0]).then(onBlob, onFailed);
  });
  input.addEventListener("cancel", () => input.remove());
  document.body.append(input);
  input.click();
}

/** Yes or back. */
export function sure(title, text, yes, onYes, hue = "danger") {
  open(title, (close) => [
    h("p", {}, text),
    h("button", { type: "button", class: `${hue} big`, onclick: () => (onYes(), close()) }, yes),
    back(close),
  ]);
}

/** The end of the shift, with the odometer. */
export function endShift(onEnd) {
  open(_("End the shift?"), (close) => {
    const submit = (event) => {
      event.preventDefault();
      onEnd(odometerOf(new FormData(event.target)));
      close();
    };
    const odometer = field(_("Odometer, miles (if asked for)"), { name: "odometer", inputmode: "decimal", pattern: "[0-9]{1,7}([.,][0-9])?" });
    return [h("form", { class: "form", onsubmit: submit }, h("p", {}, _("From then on this phone tells nobody where you are.")), odometer, h("button", { class: "primary big" }, _("End shift")), back(close))];
  });
}

/** `{odometer}` of a form, or nothing. */
export function odometerOf(form) {
  const given = String(form.get("odometer") ?? "").replace(",", ".").trim();
  return given ? { odometer: given } : {};
}

/** What a browser cannot do, what this one can, and the way out. */
export function phoneHelp(model, onPair) {
  const yes = (ok) => h("dd", { "data-hue": ok ? "aboard" : "trouble" }, ok ? _("yes") : _("no"));
  const row = (name, ok) => [h("dt", {}, name), yes(ok)];
  const facts = h(
    "dl",
    { class: "facts" },
    row(_("Safe connection (https)"), window.isSecureContext),
    row(_("Location allowed"), model.position.state === "on"),
    row(_("Screen can stay on"), "wakeLock" in navigator && window.isSecureContext),
    row(_("Starts without coverage"), Boolean(navigator.serviceWorker?.controller)),
  );
  open(
    _("This phone"),
    (close) => [
      facts,
      h("h3", {}, _("What a browser cannot do")),
      h("ul", { class: "plain" }, h("li", {}, _("Tell positions while the screen is off or another app is in front.")), h("li", {}, _("Tell positions at all over plain http, as in a local network without https.")), h("li", {}, _("Ask again once you refused: allow the location in the settings of the browser."))),
      h("h3", {}, _("A tracking app can")),
      h("p", {}, _("Traccar Client or OwnTracks report in the background. Install one of them, then pair it. You tap here as before.")),
      h("button", { type: "button", class: "primary big", onclick: () => (close(), onPair()) }, _("Pair a tracking app")),
      model.tracker ? h("button", { type: "button", class: "quiet big", onclick: () => (model.useTracker(false), close()) }, _("Report from this page again")) : null,
      back(close),
    ].filter(Boolean),
  );
}

/** The links that pair a tracking app. */
export function pairing(found, model) {
  open(_("Pair a tracking app"), (close) => [
    h("p", {}, _("Open the link of the app that you installed, then switch tracking on there. A link that was made before ends.")),
    h("div", { class: "ways" }, found.apps.map((app) => h("a", { class: "button", href: app.link }, app.name))),
    h("dl", { class: "facts" }, h("dt", {}, _("Server")), h("dd", {}, h("code", {}, found.server)), h("dt", {}, _("Device")), h("dd", {}, h("code", {}, found.token)), h("dt", {}, _("Interval")), h("dd", {}, `${found.interval_s} s, ${found.distance_m} m`)),
    h("button", { type: "button", class: "primary big", onclick: () => (model.useTracker(true), close()) }, _("The app reports from now on")),
    back(close),
  ]);
}
