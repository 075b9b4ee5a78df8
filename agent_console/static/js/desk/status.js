// The status signs: the softphone, the connection to the server, the save state, and the message at the foot.
import { word } from "../words.js";

const DOTS = { on: "dot-done", connecting: "dot-soon", off: "dot-over" };
const WORDS = {
  phone: { on: "phone_on", connecting: "phone_connecting", off: "phone_off" },
  live: { on: "live_on", connecting: "live_off", off: "live_off" },
};
const TOAST_MS = 6000;
let toastTimer = null;

export function showLink(name, state) {
  const place = document.getElementById(`${name}-state`);
  place.dataset.state = state;
  place.querySelector(".dot").className = `dot ${DOTS[state]}`;
  const text = word(WORDS[name][state]);
  const said = place.querySelector("[data-word]");
  if (said.textContent !== text) said.textContent = text;
}

/** Shows the save state: `saved` (with the server's clock), `saving`, `unsaved`, `refused`, `incomplete`, `restored` or `failed`. */
export function showSaveState(kind, detail = "") {
  const place = document.getElementById("save-state");
  if (place) {
    place.dataset.kind = kind;
    place.textContent = kind === "saved" ? `${word("saved")} ${detail}` : kind === "failed" ? word("refused") : word(kind);
  }
  if (kind === "failed" && detail) toast(detail);
}

/** Shows a hint beside the ringing call. */
export function phoneHint(text) {
  const place = document.querySelector("[data-phone-hint]");
  if (place) place.textContent = text;
}

export function toast(text, tone = "over") {
  const place = document.getElementById("toast");
  place.textContent = text;
  place.className = `telling telling-${tone}`;
  place.hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => {
    place.hidden = true;
  }, TOAST_MS);
}
