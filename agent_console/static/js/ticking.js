// Running times: an element with data-since (or data-until) holds a moment of the server's clock, in ms since 1970.
// The browser's clock may be wrong, so its difference to the server's is taken from <html data-server-now>.

import { all } from "./dom.js";

let skew = 0;

/** Sets the server's clock (ms) and updates all running times. */
export function setServerNow(serverMs) {
  skew = serverMs - Date.now();
  tick();
}

export function serverNow() {
  return Date.now() + skew;
}

/** Formats seconds as 0:42, 12:05 or 1:02:33. */
export function formatSeconds(total) {
  const seconds = Math.max(0, Math.floor(total));
  const pad = (n) => String(n).padStart(2, "0");
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return h ? `${h}:${pad(m)}:${pad(s)}` : `${m}:${pad(s)}`;
}

export function tick() {
  const now = serverNow();
  for (const element of all("[data-since]")) {
    show(element, (now - Number(element.dataset.since)) / 1000);
  }
  for (const element of all("[data-until]")) {
    const left = (Number(element.dataset.until) - now) / 1000;
    element.classList.toggle("is-over", left < 0);
    show(element, Math.abs(left), left < 0 ? "+" : "");
  }
}

function show(element, seconds, sign = "") {
  const text = sign + formatSeconds(seconds);
  if (element.textContent !== text) element.textContent = text;
}

export function startTicking() {
  const stated = Number(document.documentElement.dataset.serverNow);
  if (stated) skew = stated - Date.now();
  tick();
  setInterval(tick, 250);
}
