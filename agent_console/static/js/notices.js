// The form of a known outage: previews the announcement while it is written, counts its characters and reads it aloud.

import { byId, closest, first } from "./dom.js";
import { countSigns } from "./lengths.js";

const SIGNS_A_SECOND = { text_zh: 4.2, text_en: 14 };
const form = byId("announce", HTMLFormElement);

/** @param {string} name */
function words(name) {
  return form.elements[name].value.split(/\s+/).filter(Boolean).join(" ");
}

/** @param {string} name */
function show(name) {
  const field = form.elements[name];
  const text = words(name);
  const heard = first(`[data-heard="${name}"]`, form);
  heard.textContent = text || heard.dataset.blank;
  heard.classList.toggle("quiet", !text);
  const seconds = first(`[data-seconds="${name}"]`, form);
  const told = seconds.dataset.words.replace("{n}", String(Math.max(1, Math.round(countSigns(text) / SIGNS_A_SECOND[name]))));
  seconds.textContent = text ? told : "";
  const hint = document.getElementById(`hint-${name}`);
  hint.dataset.rule ??= hint.textContent;
  hint.textContent = `${countSigns(text)} / ${field.dataset.counts} · ${hint.dataset.rule}`;
  hint.classList.toggle("is-too-long", countSigns(text) > Number(field.dataset.counts));
  first(`[data-says="${name}"]`, form).hidden = !text || !window.speechSynthesis;
}

function showEnd() {
  first(".announce-until", form).hidden = form.elements.lasts.value !== "at";
}

function say(name) {
  const spoken = new SpeechSynthesisUtterance(words(name));
  spoken.lang = name === "text_en" ? "en-US" : "zh-CN";
  window.speechSynthesis.cancel();
  window.speechSynthesis.speak(spoken);
}

if (form) {
  for (const name of Object.keys(SIGNS_A_SECOND)) show(name);
  showEnd();
  form.addEventListener("input", ({ target }) => {
    if (target instanceof HTMLTextAreaElement && target.name in SIGNS_A_SECOND) show(target.name);
  });
  form.addEventListener("change", showEnd);
  form.addEventListener("click", (event) => {
    const name = closest(event, "[data-says]")?.dataset.says;
    if (name) say(name);
  });
}
