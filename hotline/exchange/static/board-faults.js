// The fault switches of the status page: set, turn on and off, remove.
import { both } from "./board-words.js";

const form = /** @type {HTMLFormElement} */ (document.getElementById("new-fault"));
const note = document.getElementById("fault-note");
const clear = document.getElementById("clear");
let kinds = {};
let refresh = () => {};

export function onChange(action) { refresh = action; }

/** Fills the form's lists once; the list of steps depends on the chosen fault. */
export function offer(given) {
  if (Object.keys(kinds).length) return;
  kinds = given;
  form.elements.fault.replaceChildren(...Object.keys(kinds).map(option));
  offerSteps();
}

function option(word) {
  const node = document.createElement("option");
  node.value = word;
  node.textContent = both(word);
  return node;
}

function offerSteps() {
  const any = document.createElement("option");
  any.value = "";
  any.textContent = "任何 any";
  form.elements.step.replaceChildren(any, ...(kinds[form.elements.fault.value] ?? []).map(option));
}

async function ask(method, where, body) {
  const answer = await fetch(`/faults${where}`, {
    method, headers: { "Content-Type": "application/json" }, body: body === undefined ? undefined : JSON.stringify(body),
  });
  note.textContent = answer.ok ? "" : (await answer.json()).error;
  refresh();
}

form.elements.fault.addEventListener("change", offerSteps);
form.addEventListener("submit", (event) => {
  event.preventDefault();
  const { fault, step, nth, times, seconds } = form.elements;
  ask("POST", "", {
    fault: fault.value, step: step.value || null, nth: Number(nth.value),
    times: times.value ? Number(times.value) : null, seconds: Number(seconds.value),
  });
});
clear.addEventListener("click", () => ask("DELETE", ""));

export function faultRows(board) {
  clear.hidden = board.faults.length === 0;
  return board.faults.map((fault) => ({
    key: fault.id,
    style: fault.is_on && !fault.is_spent ? "" : "over",
    cells: [
      { node: () => toggle(fault), mend: (box) => { box.checked = fault.is_on; } },
      both(fault.fault),
      fault.path ? `${fault.step ? both(fault.step) : "任何 any"} ${fault.path}` : fault.step ? both(fault.step) : "任何 any",
      `第${fault.nth}次起 ×${fault.times ?? "∞"}${["delay", "reorder", "replay"].includes(fault.fault) ? ` · ${fault.seconds} s` : ""}`,
      { text: String(fault.fired), style: fault.fired ? "n bad" : "n" },
      { node: () => button("✕", `移除 remove ${fault.id}`, () => ask("DELETE", `/${fault.id}`)) },
    ],
  }));
}

function toggle(fault) {
  const box = document.createElement("input");
  box.type = "checkbox";
  box.checked = fault.is_on;
  box.setAttribute("aria-label", `开关 on ${fault.id}`);
  box.addEventListener("change", () => ask("POST", `/${fault.id}`, { is_on: box.checked }));
  return box;
}

function button(text, label, action) {
  const node = document.createElement("button");
  node.type = "button";
  node.textContent = text;
  node.setAttribute("aria-label", label);
  node.addEventListener("click", action);
  return node;
}
