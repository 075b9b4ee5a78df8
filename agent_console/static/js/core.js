// What every page has: htmx with our CSRF token, the theme and menu switches, times that tick, the shortcut sheet.
import "htmx.org/dist/htmx.esm.js";
import { startLists } from "./lists.js";
import { csrfToken } from "./net.js";
import { startTicking } from "./ticking.js";

document.addEventListener("htmx:config:request", (event) => {
  const { request } = event.detail.ctx;
  if (new URL(request.action ?? location.href, location.href).origin === location.origin) {
    request.headers["X-CSRFToken"] = csrfToken();
  }
});

document.addEventListener("click", (event) => {
  const theme = event.target.closest("[data-choose-theme]");
  if (theme) {
    document.dispatchEvent(new CustomEvent("choosetheme", { detail: theme.dataset.chooseTheme }));
    markTheme();
  }
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
  if (event.target.closest("[data-print]")) window.print();
  const opener = event.target.closest("[data-opens]");
  if (opener) document.getElementById(opener.dataset.opens)?.showModal();
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    for (const menu of document.querySelectorAll("details.menu[open]")) menu.open = false;
  }
  const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
  if (event.key === "?" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    document.getElementById("shortcuts")?.showModal();
  }
});

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submits]")) event.target.form.requestSubmit();
});

function markTheme() {
  for (const button of document.querySelectorAll("[data-choose-theme]")) {
    const chosen = button.dataset.chooseTheme === document.documentElement.dataset.theme;
    button.setAttribute("aria-pressed", String(chosen));
  }
}

markTheme();
startLists();
startTicking();
