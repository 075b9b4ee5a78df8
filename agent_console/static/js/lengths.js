// Counts what is typed into a field with `data-longest` as the server does: code points, each line end as one sign. The
// attribute `maxlength` counts UTF-16 units and cuts off text without a word; here a text that is too long is only marked,
// and the server shows it again.
import { all } from "./dom.js";

const SHOWN_FROM = 0.8;

/**
 * Returns the length of a text in code points, without spaces around it.
 * @param {string} text
 */
export function countSigns(text) {
  return [...text.trim()].length;
}

/** Shows the length of every counted field that is nearly full, now and while it is typed into. */
export function startCounting() {
  for (const field of all("[data-longest]")) show(field);
  document.addEventListener("input", ({ target }) => show(target));
  document.addEventListener("change", ({ target }) => show(target));
}

/** @param {EventTarget} field */
function show(field) {
  if (!(field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement) || !field.dataset.longest) return;
  const [length, longest] = [countSigns(field.value), Number(field.dataset.longest)];
  const isLong = length > longest;
  const shown = length >= longest * SHOWN_FROM;
  const note = noteOf(field, shown);
  if (note) {
    note.textContent = shown ? `${length} / ${longest}` : "";
    note.classList.toggle("is-too-long", isLong);
  }
  if (isLong) field.setAttribute("aria-invalid", "true");
  else if (note) field.removeAttribute("aria-invalid");
}

/** Returns the element beside the field that shows its length; it is made when it is needed first. */
function noteOf(field, isNeeded) {
  const next = field.nextElementSibling;
  if (next instanceof HTMLElement && next.dataset.length === "") return next;
  if (!isNeeded) return null;
  const note = document.createElement("span");
  note.dataset.length = "";
  note.className = "hint num";
  note.role = "status";
  field.after(note);
  return note;
}
