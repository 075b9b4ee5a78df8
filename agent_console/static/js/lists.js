// Lists say that they are being read again while the server answers; coming back by the browser's arrow clears it.

export function startLists() {
  document.addEventListener("submit", (event) => {
    event.target.closest("[data-list-form]")?.classList.add("is-loading");
  });
  addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("[data-list-form].is-loading")) form.classList.remove("is-loading");
  });
}
