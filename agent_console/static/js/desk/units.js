// The unit picker: finds units with keyboard or mouse; while nothing is typed, those with most recent tickets come first.
import { all, byId, closest } from "../dom.js";
import { findUnits } from "../find_units.js";
import { readBlock, word } from "../words.js";

const SHOWN = 12;

export class UnitPicker {
  #units = readBlock("desk-units");
  #query = byId("unit-q", HTMLInputElement);
  #list = document.getElementById("unit-list");
  #part = document.getElementById("unit-part");
  #chosen = document.getElementById("unit-chosen");
  #form = null;
  #active = -1;

  constructor() {
    this.#query.addEventListener("input", () => this.#search());
    this.#query.addEventListener("keydown", (event) => this.#key(event));
    this.#list.addEventListener("click", (event) => {
      const option = closest(event, "[role=option]");
      if (option) this.choose(option.dataset.code);
    });
    this.#part.querySelector('[data-act="clear-unit"]').addEventListener("click", () => this.choose(""));
  }

  /** Attaches the picker to `form`, or hides it for null. */
  serve(form) {
    this.#form = form;
    this.#part.hidden = !form;
    if (!form) return;
    form.elements.unit_code.addEventListener("change", () => this.#showChosen());
    this.#query.value = "";
    this.#search();
    this.#showChosen();
  }

  focus() {
    if (!this.#part.hidden) this.#query.focus();
  }

  choose(code) {
    const field = this.#form?.elements.unit_code;
    if (!field || field.value === code) return;
    field.value = code;
    field.dispatchEvent(new Event("change", { bubbles: true }));
    field.dispatchEvent(new Event("input", { bubbles: true }));
    this.#part.classList.remove("is-wrong");
    document.getElementById("e-unit_code").textContent = "";
    this.#query.value = "";
    this.#search();
  }

  #matches() {
    const typed = this.#query.value.trim();
    if (typed) return findUnits(this.#units, typed);
    return [...this.#units].sort((one, other) => other.recent - one.recent);
  }

  #search() {
    const found = this.#matches();
    this.#active = this.#query.value.trim() && found.length ? 0 : -1;
    const options = found.slice(0, SHOWN).map((unit, index) => this.#option(unit, index));
    if (!found.length) options.push(note(word("no_unit")));
    if (found.length > SHOWN) options.push(note(word("more_units", { n: found.length - SHOWN })));
    this.#list.replaceChildren(...options);
    this.#mark();
  }

  #option(unit, index) {
    const item = document.createElement("li");
    item.role = "option";
    item.id = `unit-${index}`;
    item.dataset.code = unit.code;
    item.textContent = unit.name;
    item.setAttribute("aria-selected", String(this.#form?.elements.unit_code.value === unit.code));
    return item;
  }

  #mark() {
    const options = all("[role=option]", this.#list);
    options.forEach((option, index) => option.classList.toggle("is-active", index === this.#active));
    const active = options[this.#active];
    this.#query.setAttribute("aria-activedescendant", active?.id ?? "");
    active?.scrollIntoView({ block: "nearest" });
  }

  #key(event) {
    const count = all("[role=option]", this.#list).length;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && count) {
      this.#active = (this.#active + step + count) % count;
      this.#mark();
      event.preventDefault();
    } else if (event.key === "Enter" && !event.ctrlKey && this.#active >= 0) {
      this.choose(all("[role=option]", this.#list)[this.#active].dataset.code);
      event.preventDefault();
    } else if (event.key === "Escape" && this.#query.value) {
      this.#query.value = "";
      this.#search();
    }
  }

  #showChosen() {
    const code = this.#form.elements.unit_code.value;
    const unit = this.#units.find((one) => one.code === code);
    const name = unit?.name ?? code;
    this.#chosen.hidden = !code;
    this.#chosen.querySelector("[data-name]").textContent = name;
    document.getElementById("hand-off-button").classList.toggle("btn-act", Boolean(code));
    document.getElementById("answer-button").classList.toggle("btn-act", !code);
    this.#form.querySelector("[data-to-unit]").textContent = code ? ` ${word("to", { unit: name })}` : "";
    for (const option of all("[role=option]", this.#list)) {
      option.setAttribute("aria-selected", String(option.dataset.code === code));
    }
  }
}

function note(text) {
  const item = document.createElement("li");
  item.className = "unit-note quiet small";
  item.role = "presentation";
  item.textContent = text;
  return item;
}
