// Lists say that they are being read again while the server answers; coming back by the browser's arrow clears it.

import { closest } from "./dom.js";

export function startLists() {
  document.addEventListener("submit", (event) => {
    closest(event, "[data-list-form]")?.classList.add("is-loading");
  });
  addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("[data-list-form].is-loading")) form.classList.remove("is-loading");
  });
}
