// Keyboard shortcuts: each presses a button of the page, and does nothing where the page has no such button.
import { first } from "../dom.js";

const KEYS = [
  { code: "F2", selector: '[data-act="answer"]' },
  { code: "F4", selector: '[data-act="decline"]' },
  { code: "F8", selector: '[data-act="mute"]' },
  { code: "F9", selector: '[data-act="hang-up"]' },
  { code: "Enter", ctrl: true, shift: false, selector: '[data-act="finish"][data-how="answer"]' },
  { code: "Enter", ctrl: true, shift: true, selector: '[data-act="finish"][data-how="hand-off"]' },
  { code: "KeyX", alt: true, selector: '[data-act="no-matter"]' },
  { code: "KeyR", alt: true, selector: '[data-act="ready"]' },
  { code: "KeyU", alt: true, selector: "#unit-q", focus: true },
];

function fits(key, event) {
  return (
    (event.code === key.code || (key.code === "Enter" && event.key === "Enter")) &&
    (event.ctrlKey || event.metaKey) === Boolean(key.ctrl) &&
    event.altKey === Boolean(key.alt) &&
    (key.shift === undefined || event.shiftKey === key.shift)
  );
}

export function listenToKeys() {
  document.addEventListener("keydown", (event) => {
    const sheet = document.querySelector("dialog[open]");
    if (sheet) return chooseByDigit(sheet, event);
    const key = KEYS.find((one) => fits(one, event));
    if (!key) return undefined;
    event.preventDefault();
    const target = first(key.selector);
    if (!target || target.matches(":disabled") || target.closest("[hidden]")) return undefined;
    return key.focus ? target.focus() : target.click();
  });
}

/** Chooses the numbered choice of a dialog by its digit. */
function chooseByDigit(sheet, event) {
  if (event.ctrlKey || event.altKey || event.metaKey || event.target.matches('input[name="note"]')) return;
  const choices = sheet.querySelectorAll('input[type="radio"]');
  const choice = choices[Number(event.key) - 1];
  if (!choice) return;
  event.preventDefault();
  choice.checked = true;
  choice.focus();
}
