// The operator's desk: connects the desk's state, the softphone, the ticket's form and the server's events.
import { DeskTab, wasReloaded } from "../departure.js";
import { byId, closest } from "../dom.js";
import { Live } from "../live.js";
import { postJson, Refused } from "../net.js";
import { word } from "../words.js";
import { Captions } from "./captions.js";
import { Draft } from "./draft.js";
import { clearError, keepReportsSecret } from "./fields.js";
import { clearOld } from "./keep.js";
import { listenToKeys } from "./keys.js";
import { Nearby } from "./nearby.js";
import { askNoMatter } from "./no_matter.js";
import { showLevels } from "./phone/exchange.js";
import { Softphone } from "./phone/softphone.js";
import { Ring } from "./ring.js";
import { Desk } from "./state.js";
import { phoneHint, showLink, showSaveState, toast } from "./status.js";
import { UnitPicker } from "./units.js";

const BEAT_MS = 15_000;
const RECHECK_MS = 30_000;
const HANG_UP_MS = 2000;

const desk = new Desk();
const phone = new Softphone();
const live = new Live();
const ring = new Ring();
const captions = new Captions(phone);
const units = new UnitPicker();
const nearby = new Nearby();
let draft = null;
let tab = null;

/** Runs an action and shows its error; afterwards the state is read again, because the shown one may be outdated. */
async function attempt(act) {
  try {
    return await act();
  } catch (error) {
    toast(error instanceof Refused ? (error.body?.message ?? word("failed")) : word("offline"));
    return undefined;
  } finally {
    desk.refresh();
  }
}

function answer() {
  if (phone.isOutside && phone.reportsAnswer) return reportAnswer();
  if (phone.isOutside) return phoneHint(word("answer_outside"));
  if (phone.state === "off") return toast(word("phone_is_off"));
  if (!phone.accept(desk.state.offer_id)) phoneHint(word("answer_when_up"));
  else phoneHint(word("answering"));
  return undefined;
}

/** Tells the server that the telephone has answered, where the carrier does not tell it. */
function reportAnswer() {
  return attempt(() => postJson(`/console/desk/calls/${desk.state.call_id}/answered`));
}

function decline() {
  if (phone.isOutside) return phoneHint(word("decline_outside"));
  if (!phone.reject(desk.state.offer_id)) phoneHint(word("decline_when_up"));
  return undefined;
}

/** Hangs up on purpose. The server records it first: a leg that ends without it was lost, and its caller is kept. */
async function hangUp() {
  const recorded = attempt(() => postJson(`/console/desk/calls/${desk.state.call_id}/hang-up`));
  await Promise.race([recorded, new Promise((done) => setTimeout(done, HANG_UP_MS))]);
  phone.hangUp();
}

async function showNumber() {
  const shown = await attempt(() => postJson(`/console/desk/calls/${desk.state.call_id}/number`, { reason: "desk" }));
  if (!shown) return;
  await desk.refresh();
  document.getElementById("number").textContent = shown.number;
  document.querySelector('[data-act="show-number"]')?.remove();
}

async function finish(how) {
  if (!draft) return;
  const done = await draft.finish(how);
  if (done) toast(word(how === "answer" ? "finished" : "handed_off", { number: done.number }), "done");
  await desk.refresh();
}

async function noMatter() {
  const call = desk.state.call_id;
  if (await askNoMatter(call)) {
    toast(word("no_matter_done"), "done");
    draft?.drop();
  }
  await desk.refresh();
}

async function setPresence(state, reason = "") {
  ring.askToNotify();
  if (state === "ready" && !(await phone.isOn())) return toast(word("phone_is_off"));
  document.querySelector("details.presence")?.removeAttribute("open");
  return attempt(() => postJson("/console/desk/presence", { state, reason }));
}

const ACTS = {
  answer,
  decline,
  "hang-up": hangUp,
  mute: () => phone.toggleMute(),
  "show-number": showNumber,
  finish: (button) => finish(button.dataset.how),
  "no-matter": noMatter,
  ready: () => setPresence("ready"),
  "not-ready": (button) => setPresence("not_ready", button.dataset.reason),
};

document.addEventListener("click", (event) => {
  const button = closest(event, "[data-act]");
  if (button && ACTS[button.dataset.act]) ACTS[button.dataset.act](button);
  const closer = closest(event, "[data-closes]");
  if (closer) byId(closer.dataset.closes, HTMLDialogElement).close();
});
document.addEventListener("signed-out", () => toast(word("signed_out")));
document.addEventListener("input", clearError);
// In the capture phase: the form is read for saving when the event reaches it.
document.addEventListener("input", keepReportsSecret, true);

/** Puts the caret into the subject, unless the operator is already typing elsewhere. */
function beginTyping(form) {
  const active = document.activeElement;
  if (!active || active === document.body || active.closest("#card")) form.elements.title.focus();
}

/** Shows the save state. After a failed save the state is read, because it brings the token of a session begun in another tab. */
function showSaved(kind, detail) {
  showSaveState(kind, detail);
  if (kind === "unsaved") desk.refresh();
}

function followForm() {
  const form = byId("ticket", HTMLFormElement);
  if (draft?.form === form) return;
  draft?.close();
  draft = form && new Draft(form, showSaved);
  if (form && ["connecting", "talking"].includes(desk.state.stage)) beginTyping(form);
  units.serve(form);
  nearby.serve(form);
}

function followRing(state) {
  const isRinging = state.stage === "ringing";
  if (isRinging) ring.start(document.getElementById("number")?.textContent ?? "");
  else ring.stop();
  if (!isRinging) phone.disarm();
  else if (!ring.isHeard) phoneHint(word("sound_locked"));
  if (isRinging && phone.state === "off") phoneHint(word("phone_is_off"));
}

desk.addEventListener("leave-work", () => draft?.save());
desk.addEventListener("change", ({ detail: { state } }) => {
  followForm();
  followRing(state);
  captions.follow(["connecting", "talking"].includes(state.stage) ? state.call_id : null);
  showMute();
  desk.openDraft().catch(() => toast(word("failed")));
});
desk.addEventListener("lost", ({ detail }) => !(detail instanceof Refused) && showLink("live", "off"));

live.addEventListener("told", ({ detail: events }) => {
  if (events.some((event) => event.own || event.outage_id)) desk.refresh();
  else if (events.some((event) => event.kind === "QueueChanged")) desk.refreshQueue();
});
live.addEventListener("resync", () => desk.refresh());
live.addEventListener("poll", () => desk.refresh());
live.addEventListener("state", ({ detail }) => showLink("live", detail.up ? "on" : "off"));

function showMute() {
  const button = document.querySelector('[data-act="mute"]');
  if (!button) return;
  button.setAttribute("aria-pressed", String(phone.isMuted));
  button.querySelector("[data-mute-word]").textContent = word(phone.isMuted ? "unmute" : "mute");
}

phone.addEventListener("state", ({ detail }) => {
  showLink("phone", detail.state);
  document.getElementById("phone-state").title = phone.address;
  if (detail.state !== "connecting") tellTelephone();
});
phone.addEventListener("mute", showMute);
phone.addEventListener("voice", ({ detail }) => {
  const place = document.getElementById("voice");
  place.hidden = detail.me === "off";
  showLevels(place, detail, (side, state) => word(`voice_${side}_${state}`));
});
phone.addEventListener("open", () => phone.reportsAnswer && reportAnswer());
for (const kind of ["incoming", "cancelled", "open", "ended"]) {
  phone.addEventListener(kind, () => {
    document.body.toggleAttribute("data-in-talk", Boolean(phone.open));
    desk.refresh();
  });
}

window.addEventListener("beforeunload", (event) => {
  if (phone.open || (draft && !draft.isSettled)) event.preventDefault();
});

/** Tells the server whether this telephone can ring: an operator who cannot be rung is offered no call. */
async function tellTelephone() {
  await beat();
  desk.refresh();
}

async function beat() {
  tab?.forgetCrashed();
  try {
    await postJson("/console/desk/beat", phone.isLost ? { phone: "off" } : phone.state === "on" ? { phone: "on" } : {});
  } catch (error) {
    if (!(error instanceof Refused)) showLink("live", "off");
  }
}

async function open() {
  listenToKeys();
  clearOld();
  followForm();
  followRing(desk.state);
  await beat();
  setInterval(beat, BEAT_MS);
  setInterval(() => desk.refresh(), RECHECK_MS);
  live.start();
  phone.start();
  const wasReady = wasReloaded();
  tab = new DeskTab(() => ["ready", "ringing"].includes(desk.state.presence));
  if (wasReady || location.hash === "#ready") {
    history.replaceState(null, "", location.pathname);
    await setPresence("ready");
  }
  desk.refresh();
}

open();
