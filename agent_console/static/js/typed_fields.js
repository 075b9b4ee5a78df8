// Controls in the language of the page: the browser's own for dates and files, and its messages, are in the browser's language.
import { closest, first } from "./dom.js";

export function startTypedFields() {
  // A field with `data-wrong` says what it wants in its own words.
  document.addEventListener("invalid", ({ target }) => {
    if (target instanceof HTMLInputElement && target.dataset.wrong) target.setCustomValidity(target.dataset.wrong);
  }, true);
  document.addEventListener("input", ({ target }) => {
    if (target instanceof HTMLInputElement && target.dataset.wrong) target.setCustomValidity("");
  });
  document.addEventListener("change", (event) => {
    const label = closest(event, ".file");
    if (label && event.target instanceof HTMLInputElement) {
      const chosen = event.target.files?.[0];
      const name = first(".file-name", label);
      name.textContent = chosen ? chosen.name : name.dataset.none;
    }
  });
}
