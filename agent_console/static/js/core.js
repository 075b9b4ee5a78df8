// The script of every page: htmx with the CSRF token, the theme and menu switches, running times, the list of shortcuts.
import "htmx.org/dist/htmx.esm.js";
import { showDeparture } from "./departure.js";
import { all, byId, closest } from "./dom.js";
import { startCounting } from "./lengths.js";
import { startLists } from "./lists.js";
import { csrfToken } from "./net.js";
import { startSorting } from "./sorting.js";
import { startTicking } from "./ticking.js";
import { startTypedFields } from "./typed_fields.js";
import { startUnitFields } from "./unit_fields.js";

document.addEventListener("htmx:config:request", (event) => {
  const { request } = event.detail.ctx;
  if (new URL(request.action ?? location.href, location.href).origin === location.origin) {
    request.headers["X-CSRFToken"] = csrfToken();
  }
});

document.addEventListener("click", (event) => {
  const theme = closest(event, "[data-choose-theme]");
  if (theme) {
    document.dispatchEvent(new CustomEvent("choosetheme", { detail: theme.dataset.chooseTheme }));
    markTheme();
  }
  closeMenus((menu) => !(event.target instanceof Node && menu.contains(event.target)));
  if (closest(event, "[data-print]")) window.print();
  const opener = closest(event, "[data-opens]");
  if (opener) byId(opener.dataset.opens, HTMLDialogElement)?.showModal();
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") closeMenus(() => true);
  const typing = closest(event, "input, textarea, select, [contenteditable]");
  if (event.key === "?" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    byId("shortcuts", HTMLDialogElement)?.showModal();
  }
});

// Events of a player do not bubble, so they are caught on the way down.
document.addEventListener("error", (event) => showFailure(event, true), true);
document.addEventListener("loadedmetadata", (event) => showFailure(event, false), true);

document.addEventListener("change", (event) => {
  const every = closest(event, "[data-check-all]");
  if (every instanceof HTMLInputElement) {
    for (const box of all(`input[type=checkbox][name="${every.dataset.checkAll}"]`)) {
      if (box instanceof HTMLInputElement) box.checked = every.checked;
    }
  }
  const field = closest(event, "[data-submits]");
  if (field instanceof HTMLInputElement || field instanceof HTMLSelectElement) field.form.requestSubmit();
});

/** Shows or hides the sentence behind a player whose sound does not arrive. */
function showFailure(event, isFailed) {
  const player = closest(event, ".player");
  const sentence = player?.nextElementSibling;
  if (sentence instanceof HTMLElement && sentence.matches(".player-failed")) sentence.hidden = !isFailed;
}

/** Closes the open menus for which `isLeft(menu)` is true. */
function closeMenus(isLeft) {
  for (const menu of all("details.menu[open]")) if (isLeft(menu)) menu.removeAttribute("open");
}

function markTheme() {
  for (const button of all("[data-choose-theme]")) {
    const chosen = button.dataset.chooseTheme === document.documentElement.dataset.theme;
    button.setAttribute("aria-pressed", String(chosen));
  }
}

markTheme();
showDeparture();
startCounting();
startLists();
startSorting();
startTicking();
startTypedFields();
startUnitFields();
