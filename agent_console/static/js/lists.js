// Marks a list as loading after its filter form is sent. The mark is cleared when the browser shows the page from its cache.

import { closest } from "./dom.js";

export function startLists() {
  document.addEventListener("submit", (event) => {
    closest(event, "[data-list-form]")?.classList.add("is-loading");
  });
  addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("[data-list-form].is-loading")) form.classList.remove("is-loading");
  });
}
