// Captions of the conversation, where the line provides text. They are kept for this call and this tab only.
import { byId } from "../dom.js";
import { word } from "../words.js";

const KEY = "hotline:captions";

export class Captions {
  #box = document.getElementById("captions");
  #lines = document.getElementById("caption-lines");
  #call = null;

  constructor(phone) {
    const form = byId("say", HTMLFormElement);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const text = form.elements.text.value.trim();
      if (text && phone.say(text)) {
        this.add("me", text);
        form.elements.text.value = "";
      }
    });
    phone.addEventListener("caption", ({ detail }) => this.add(detail.who, detail.text));
  }

  /** Shows the box for this call, or hides it for null; a new call begins with an empty box. */
  follow(call) {
    this.#box.hidden = call === null;
    if (call === this.#call) return;
    this.#call = call;
    this.#lines.replaceChildren();
    if (call === null) {
      sessionStorage.removeItem(KEY);
      return;
    }
    const kept = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
    if (kept?.call === call) for (const { who, text } of kept.lines) this.#append(who, text);
  }

  add(who, text) {
    this.#append(who, text);
    const lines = [...this.#lines.querySelectorAll("li")].map((line) => ({ who: line.dataset.who, text: line.lastChild.textContent }));
    sessionStorage.setItem(KEY, JSON.stringify({ call: this.#call, lines }));
  }

  #append(who, text) {
    const line = document.createElement("li");
    line.dataset.who = who;
    const name = document.createElement("b");
    name.textContent = word(who === "me" ? "me" : who === "line" ? "line" : "caller");
    line.append(name, document.createTextNode(text));
    this.#lines.append(line);
    this.#lines.scrollTop = this.#lines.scrollHeight;
  }
}
