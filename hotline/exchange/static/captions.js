// Captions: the current text in large type, earlier lines above it, read aloud where the browser has a voice.
import { choices } from "./words.js";

const past = document.getElementById("past");
const now = document.getElementById("now");
const chips = document.getElementById("chips");
let current = null;
let pressed = (_key) => {};

export function onChip(action) { pressed = action; }

export function clear(text = "") {
  finish(true);
  past.replaceChildren();
  now.textContent = text;
  now.className = "now";
  chips.replaceChildren();
}

/** Adds a line above the current one, after the other person's last words; `kind` is "", "me" or "system". */
export function keep(text, kind = "") {
  if (current?.still && kind) finish(true);
  const line = document.createElement("p");
  line.textContent = text;
  if (kind) line.className = kind;
  past.append(line);
  while (past.childElementCount > 200) past.firstElementChild.remove();
  past.scrollTop = past.scrollHeight;
}

/** Shows the words of another person in large type until the next words arrive. */
export function hear(who, text) {
  finish(true);
  const name = document.createElement("span");
  name.className = "who";
  name.textContent = `${who}：`;
  now.replaceChildren(name, text);
  now.className = "now";
  current = { id: null, text: `${who}：${text}`, said: now, ahead: name, length: 0, still: true };
}

/** Begins to say `message.text`, which takes `message.seconds` × pace real seconds. */
export function begin(message, pace, aloud, language) {
  finish(true);
  const said = document.createElement("span");
  const ahead = document.createElement("span");
  ahead.className = "ahead";
  now.replaceChildren(said, ahead);
  now.className = message.voice === "error" ? "now error" : "now";
  current = { id: message.id, text: message.text, said, ahead, began: performance.now(), length: message.seconds * pace * 1000 };
  showChoices(message.text);
  if (aloud && message.voice === "speech") speak(message.text, message.language || language);
  requestAnimationFrame(reveal);
}

function reveal() {
  if (!current || current.still) return;
  const letters = [...current.text];
  const part = current.length ? (performance.now() - current.began) / current.length : 1;
  const count = Math.min(letters.length, Math.ceil(letters.length * part));
  current.said.textContent = letters.slice(0, count).join("");
  current.ahead.textContent = letters.slice(count).join("");
  if (count < letters.length) requestAnimationFrame(reveal);
}

/** Ends the current text: a whole sentence is kept, an interrupted one up to the part that was heard. */
export function finish(whole, id = null) {
  if (!current || (id !== null && current.id !== id)) return;
  const text = whole || current.still ? current.text : `${current.said.textContent}…`;
  current = null;
  now.replaceChildren();
  if (text) keep(text);
  if (!whole && "speechSynthesis" in window) speechSynthesis.cancel();
}

function showChoices(text) {
  const offered = choices(text);
  if (!offered.length) return;
  chips.replaceChildren(...offered.map(({ key, label }) => {
    const button = document.createElement("button");
    const name = document.createElement("b");
    button.type = "button";
    name.textContent = key;
    button.append(name, label);
    button.addEventListener("click", () => pressed(key));
    return button;
  }));
}

export function hideChoices() { chips.replaceChildren(); }

function speak(text, language) {
  if (!("speechSynthesis" in window)) return;
  const wanted = language.toLowerCase().replace("cmn", "zh").slice(0, 2);
  const voice = speechSynthesis.getVoices().find((one) => one.lang.toLowerCase().startsWith(wanted));
  if (!voice) return;
  const utterance = new SpeechSynthesisUtterance(text);
  utterance.voice = voice;
  utterance.lang = voice.lang;
  speechSynthesis.cancel();
  speechSynthesis.speak(utterance);
}

export function hush() { if ("speechSynthesis" in window) speechSynthesis.cancel(); }
