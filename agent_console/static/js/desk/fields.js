// Reads and writes the fields of a ticket's form, and shows errors at them.

import { all, closest, first } from "../dom.js";

/** Returns the value of every field: trimmed texts, the codes of choices, check boxes as true or false. */
export function readForm(form) {
  const values = {};
  for (const element of form.elements) {
    if (!element.name) continue;
    if (element.type === "radio") {
      values[element.name] ??= "";
      if (element.checked) values[element.name] = element.value;
    } else if (element.type === "checkbox") {
      values[element.name] = element.checked;
    } else {
      values[element.name] = element.value.trim();
    }
  }
  return values;
}

/** Sets a field. A field that already has the value is not touched, so that the caret stays. */
export function writeField(form, name, value) {
  const field = form.elements.namedItem(name);
  if (!field) return;
  if (field instanceof RadioNodeList) {
    if (field.value !== value) field.value = value;
  } else if (field.type === "checkbox") {
    field.checked = Boolean(value);
  } else if (field.value.trim() !== value) {
    field.value = value;
    field.dispatchEvent(new Event("change", { bubbles: true }));
  }
}

function places() {
  return all("[data-field]");
}

/** Shows `errors` (field -> text) and clears all others; `jump` puts the caret into the first wrong field. */
export function showErrors(form, errors, jump = false) {
  let wrong = null;
  for (const place of places()) {
    const words = errors[place.dataset.field] ?? "";
    place.classList.toggle("is-wrong", Boolean(words));
    const note = place.querySelector(".field-error");
    if (note && note.textContent !== words) note.textContent = words;
    if (words) wrong ??= place;
  }
  if (jump && wrong) first("input, textarea, select", wrong)?.focus();
}

/** Ticks "confidential" when the type becomes a report (举报), as the server does; the operator may untick it. */
export function keepReportsSecret({ target }) {
  if (!(target instanceof HTMLInputElement) || target.name !== "type" || target.value !== "report") return;
  const secret = target.form.elements.namedItem("confidential");
  if (secret instanceof HTMLInputElement) secret.checked = true;
}

/** Clears the error of the field that is being changed. */
export function clearError(event) {
  const place = closest(event, "[data-field].is-wrong");
  if (!place) return;
  place.classList.remove("is-wrong");
  place.querySelector(".field-error").textContent = "";
}
