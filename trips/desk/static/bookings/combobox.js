// A field that suggests, as WAI-ARIA describes a combobox with a list.

import { _, ngettext } from "atw/i18n.js";
import { h, setText } from "../dashboard/dom.js";

const WAIT_MS = 180;

export class Combobox {
  /**
   * Of a text `input`. `find(text)` resolves to `[{label, note, value}]`; `onChoose(choice)` when
   * one is taken, `onType(text)` when something else was typed. Asks from `from` letters on.
   */
  constructor(input, { find, onChoose, onType = () => {}, from = 2 }) {
    Object.assign(this, { input, find, onChoose, onType, from, choices: [], at: -1, asked: 0 });
    this.list = h("ul", { class: "choices", role: "listbox", id: `${input.id}-choices`, "aria-label": _("Suggestions"), hidden: true });
    this.said = h("p", { class: "hidden", role: "status" });
    const attributes = { role: "combobox", autocomplete: "off", spellcheck: "false", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": this.list.id };
    for (const [name, value] of Object.entries(attributes)) input.setAttribute(name, value);
    input.after(h("div", { class: "choices-place" }, this.list), this.said);
    input.addEventListener("input", () => this.#typed());
    input.addEventListener("keydown", (event) => this.#key(event));
    input.addEventListener("blur", () => this.close());
  }

  close() {
    this.asked += 1;
    clearTimeout(this.timer);
    this.list.hidden = true;
    this.at = -1;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }

  #typed() {
    this.onType(this.input.value);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#ask(), WAIT_MS);
  }

  async #ask() {
    const text = this.input.value.trim();
    if (text.length < this.from) return this.close();
    const turn = (this.asked += 1);
    const choices = await this.find(text);
    // An answer that was overtaken, or that nobody waits for any more.
    if (turn === this.asked && document.activeElement === this.input) this.#show(choices);
  }

  #show(choices) {
    this.choices = choices;
    this.at = -1;
    this.list.replaceChildren(...choices.map((choice, index) => this.#option(choice, index)));
    this.list.hidden = choices.length === 0;
    this.input.setAttribute("aria-expanded", String(choices.length > 0));
    const none = _("No suggestion");
    setText(this.said, choices.length > 0 ? ngettext("{n} suggestion", "{n} suggestions", choices.length) : none);
  }

  #option(choice, index) {
    const take = (event) => (event.preventDefault(), this.#take(index));
    const attributes = { role: "option", id: `${this.list.id}-${index}`, "aria-selected": "false", onpointerdown: take };
    return h("li", attributes, h("span", {}, choice.label), choice.note && h("small", {}, choice.note));
  }

  #key(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && this.list.hidden) this.#ask();
    else if (step) this.#move(step);
    else if (event.key === "Enter" && !this.list.hidden && this.at >= 0) this.#take(this.at);
    else if (event.key === "Escape" && !this.list.hidden) this.close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #move(step) {
    const count = this.choices.length;
    this.at = (this.at + step + count) % count;
    [...this.list.children].forEach((option, index) => option.setAttribute("aria-selected", String(index === this.at)));
    const option = this.list.children[this.at];
    option.scrollIntoView({ block: "nearest" });
    this.input.setAttribute("aria-activedescendant", option.id);
  }

  #take(index) {
    const choice = this.choices[index];
    this.close();
    this.onChoose(choice);
  }
}
