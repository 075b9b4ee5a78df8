// Two people changed the same field: both versions stay visible until the operator chooses mine, theirs or both.
import { word } from "../words.js";

function button(text, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "link small";
  made.textContent = text;
  made.addEventListener("click", act);
  return made;
}

function labelOf(form, name, value) {
  const choice = form.querySelector(`input[name="${name}"][value="${CSS.escape(String(value))}"]`);
  return choice ? choice.closest("label").textContent.trim() : String(value);
}

/** Shows `conflicts` (field -> their value); calls `choose(name, value)` with the value that is chosen. */
export function showConflicts(form, conflicts, choose) {
  for (const place of form.querySelectorAll(".theirs")) {
    place.hidden = true;
    place.replaceChildren();
  }
  const bar = form.querySelector("#conflict");
  bar.hidden = conflicts.size === 0;
  bar.textContent = conflicts.size ? word("conflict") : "";
  for (const [name, theirs] of conflicts) {
    const place = form.querySelector(`[data-field="${name}"] .theirs`) ?? bar;
    const field = form.elements.namedItem(name);
    const said = document.createElement("span");
    said.textContent = `${word("theirs")}：${labelOf(form, name, theirs)}`;
    place.append(said, button(word("take_theirs"), () => choose(name, theirs)));
    const mine = () => (field.type === "checkbox" ? field.checked : field.value);
    place.append(button(word("keep_mine"), () => choose(name, mine())));
    if (field instanceof HTMLTextAreaElement || (field instanceof HTMLInputElement && field.type === "text")) {
      place.append(button(word("keep_both"), () => choose(name, `${mine()} ${theirs}`.trim())));
    }
    place.hidden = false;
  }
}
