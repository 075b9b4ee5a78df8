// The browser phone. Its protocol is described in devices/phones.py.
import { beep, keyTone, ring } from "./tones.js";
import * as captions from "./captions.js";
import { showLevels } from "./levels.js";
import { Voice } from "./voice.js";
import { WORDS } from "./words.js";

// Every element looked up here has at most the properties of an input.
const $ = (id) => /** @type {HTMLInputElement} */ (document.getElementById(id));
const DEFAULT_NUMBER = "13800001234";
const kept = {
  get(name, otherwise) { try { return localStorage.getItem(`phone.${name}`) ?? otherwise; } catch { return otherwise; } },
  set(name, value) { try { localStorage.setItem(`phone.${name}`, value); } catch { /* private window: not kept */ } },
};
let language = kept.get("language", "zh");
let aloud = kept.get("aloud", "yes") === "yes";
let words = WORDS[language];
let socket = null;
let attempts = 0;
let state = "idle";
let lastStatus = "";
let pace = 1;
let talkingSince = 0;
let lineWord = "connecting";
let endedAt = 0;
let isOwnEnd = false; // whether the citizen hung up

function send(message) {
  if (socket?.readyState !== WebSocket.OPEN) return;
  socket.send(message instanceof ArrayBuffer ? message : JSON.stringify(message));
}

const voice = new Voice({ send, worklet: "/static/tape.js" });
voice.addEventListener("look", ({ detail }) => showLevels($("voice"), detail, (side, name) => words.voice[side][name]));

function translate() {
  words = WORDS[language];
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  for (const element of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-word]"))) element.textContent = words[element.dataset.word];
  $("words").placeholder = words.speak;
  $("words").setAttribute("aria-label", words.speak);
  $("language").textContent = words.other;
  $("language").lang = language === "zh" ? "en" : "zh-CN";
  $("line").textContent = words[lineWord] ?? "";
  showState();
  if (state === "idle") captions.clear(words.waiting);
}

function showLine(word) { lineWord = word; $("line").textContent = words[word] ?? ""; }

function showState() {
  document.body.dataset.state = state;
  const busy = state === "dialling" || state === "talking";
  $("state").textContent = state === "ended" ? `${words.ended} · ${words.status[lastStatus] ?? lastStatus}` : words[state];
  $("hangup").hidden = !busy;
  $("call").hidden = busy;
  $("call").disabled = lineWord !== "connected" || state === "ringing";
  $("incoming").hidden = state !== "ringing";
  // Late answers to the last question of a call are no part of the next number.
  $("to").readOnly = busy || isAnsweringLate();
  // Another number is another telephone, which would end this call without a word.
  $("me").disabled = $("change").disabled = busy || state === "ringing";
  $("own").title = $("me").disabled ? words.in_call : "";
}

const LATE_MS = 5000;

/** Returns whether the other side ended the call a moment ago, while the citizen may still be pressing a key for it. */
function isAnsweringLate() { return state === "ended" && !isOwnEnd && performance.now() - endedAt < LATE_MS; }

/** Returns the name of another party without the addresses by which the exchange knows it. */
function nameOf(party) {
  if (/^(client|sip):|^operator-\d+$/.test(party)) return words.operator;
  return party === "anonymous" ? words.other_side : national(party);
}

function national(number) { return number.replace(/^\+86/, "0").replace(/^0(1\d{10})$/, "$1"); }

function hangUp() { isOwnEnd = true; send({ type: "hangup" }); }

function become(next) {
  state = next;
  ring(next === "ringing");
  if (next === "talking") talkingSince = performance.now();
  if (next === "ended") { endedAt = performance.now(); setTimeout(showState, LATE_MS); }
  if (next === "dialling" || next === "ringing") { isOwnEnd = false; $("timer").textContent = "0:00"; $("keys").textContent = ""; $("with").textContent = ""; }
  if (next === "ended") { voice.close(); captions.finish(false); captions.hideChoices(); captions.hush(); $("with").textContent = ""; }
  showState();
  if (next === "ringing") $("answer").focus();
}

const TAKE = {
  registered(message) { pace = message.pace; attempts = 0; $("me").value = message.number.replace(/^\+86/, ""); showLine("connected"); showState(); },
  state(message) { become(message.state); voice.open(message.callSid); },
  ring(message) { captions.clear(); $("caller").textContent = national(message.from); become("ringing"); },
  say(message) { captions.begin(message.voice === "music" ? { ...message, text: `♪ ${words.sound}` } : message, pace, aloud, language); },
  said(message) { captions.finish(message.whole, message.id); },
  caption(message) { captions.hear(nameOf(message.who), message.text); },
  beep() { beep(); captions.keep(words.beep, "system"); },
  party(message) {
    // The exchange reports an empty line again when the conference ends after the last participant has left it.
    const hadParty = $("with").textContent !== "";
    $("with").textContent = message.names.length ? words.joined + message.names.map(nameOf).join("、") : "";
    if (hadParty && !message.names.length && state === "talking") captions.keep(words.alone, "system");
  },
  listen(message) { if (!message.keys) captions.hideChoices(); },
  ended(message) { lastStatus = message.status; become("ended"); },
  voice(message) { voice.take(message); },
  signal(message) { voice.take(message); },
  error(message) { console.warn(message.message); captions.keep(words.impossible, "system"); },
};

function connect() {
  const number = kept.get("number", DEFAULT_NUMBER);
  $("me").value = number.replace(/^\+86/, "");
  showLine("connecting");
  const mine = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/phone/ws?number=${encodeURIComponent(number)}`);
  let opened = false;
  socket = mine;
  mine.onopen = () => { opened = true; };
  mine.onmessage = (event) => { const message = JSON.parse(event.data); TAKE[message.type]?.(message); };
  mine.onclose = (event) => {
    if (mine !== socket) return;
    if (state === "dialling" || state === "talking" || state === "ringing") { lastStatus = "canceled"; become("ended"); }
    showLine(event.code === 4409 ? "replaced" : opened || attempts ? "lost" : "refused");
    showState();
    if (event.code !== 4409) setTimeout(() => { if (mine === socket) connect(); }, Math.min(10000, 500 * 2 ** attempts++));
  };
}

let isWhole = true; // whether the number shown is complete; then a key begins a new number
$("to").addEventListener("input", () => { isWhole = false; });

function press(key) {
  keyTone(key);
  const button = document.querySelector(`#pad button[data-key="${key}"]`);
  button?.classList.add("down");
  setTimeout(() => button?.classList.remove("down"), 120);
  if (state === "talking") {
    send({ type: "keys", digits: key });
    $("keys").textContent = ($("keys").textContent + key).slice(-16);
    captions.hideChoices();
  } else if (state !== "dialling" && !isAnsweringLate()) {
    $("to").value = (isWhole ? key : $("to").value + key).slice(0, 20);
    isWhole = false;
  }
}

function dial() {
  const to = $("to").value.trim();
  if (!to || state === "dialling" || state === "talking") return;
  isWhole = true;
  captions.clear();
  send({ type: "dial", to });
}

for (const key of "123456789*0#") {
  const button = document.createElement("button");
  button.type = "button";
  button.dataset.key = key;
  button.textContent = key;
  button.addEventListener("click", () => press(key));
  $("pad").append(button);
}
captions.onChip(press);
$("call").addEventListener("click", dial);
$("hangup").addEventListener("click", hangUp);
$("answer").addEventListener("click", () => { captions.clear(); send({ type: "answer" }); });
$("reject").addEventListener("click", () => send({ type: "reject" }));
$("language").addEventListener("click", () => { language = language === "zh" ? "en" : "zh"; kept.set("language", language); translate(); });
$("aloud").addEventListener("click", () => { aloud = !aloud; kept.set("aloud", aloud ? "yes" : "no"); showAloud(); });
$("words").addEventListener("input", () => send({ type: "typing" }));
$("speak").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = $("words").value.trim();
  if (!text || state !== "talking") return;
  send({ type: "say", text });
  captions.keep(text, "me");
  $("words").value = "";
});
$("own").addEventListener("submit", (event) => {
  event.preventDefault();
  if ($("me").disabled) return;
  kept.set("number", $("me").value.trim() || DEFAULT_NUMBER);
  const old = socket;
  socket = null;
  attempts = 0;
  old?.close();
  connect();
});

function showAloud() { $("aloud").setAttribute("aria-pressed", String(aloud)); if (!aloud) captions.hush(); }

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const field = event.target instanceof Element ? event.target.id : "";
  if (event.key === "Escape" && state !== "idle") hangUp();
  else if (event.key === "Enter" && state === "ringing" && field !== "reject") { event.preventDefault(); captions.clear(); send({ type: "answer" }); }
  else if (event.key === "Enter" && (field === "to" || event.target === document.body)) { event.preventDefault(); dial(); }
  else if (/^[0-9*#]$/.test(event.key) && field !== "words" && field !== "me" && (field !== "to" || $("to").readOnly)) { event.preventDefault(); press(event.key); }
});

setInterval(() => {
  if (state !== "talking") return;
  const seconds = Math.floor((performance.now() - talkingSince) / 1000);
  $("timer").textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}, 250);

showAloud();
translate();
connect();
