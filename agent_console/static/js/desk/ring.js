// Signals a ringing call by sound, title and notification, also when the desk is behind another window.
// Browsers allow sound only after the user has touched the page; until then the page says so.
import { word } from "../words.js";

export class Ring {
  #audio = null;
  #timer = null;
  #title = document.title;
  #note = null;

  constructor() {
    const unlock = () => {
      this.#audio ??= new AudioContext();
      this.#audio.resume();
    };
    document.addEventListener("pointerdown", unlock);
    document.addEventListener("keydown", unlock);
  }

  /** True when the browser allows this page to sound. */
  get isHeard() {
    return this.#audio?.state === "running";
  }

  /** Asks for the permission to notify; browsers require a click of the user before. */
  askToNotify() {
    if ("Notification" in window && Notification.permission === "default") Notification.requestPermission();
  }

  start(caller) {
    if (this.#timer) return;
    let odd = false;
    const beat = () => {
      odd = !odd;
      document.title = odd ? `● ${word("ringing")} ${caller}` : this.#title;
      if (odd) this.#sound();
    };
    beat();
    this.#timer = setInterval(beat, 1000);
    if (document.hidden && "Notification" in window && Notification.permission === "granted") {
      this.#note = new Notification(word("ringing"), { body: caller, tag: "hotline-ring" });
      this.#note.onclick = () => window.focus();
    }
  }

  stop() {
    clearInterval(this.#timer);
    this.#timer = null;
    document.title = this.#title;
    this.#note?.close();
    this.#note = null;
  }

  #sound() {
    if (!this.isHeard) return;
    const at = this.#audio.currentTime;
    for (const [start, pitch] of [[0, 659], [0.16, 784], [0.32, 659], [0.48, 784]]) {
      const tone = new OscillatorNode(this.#audio, { type: "sine", frequency: pitch });
      const volume = new GainNode(this.#audio, { gain: 0 });
      volume.gain.setValueAtTime(0, at + start);
      volume.gain.linearRampToValueAtTime(0.16, at + start + 0.02);
      volume.gain.exponentialRampToValueAtTime(0.001, at + start + 0.15);
      tone.connect(volume).connect(this.#audio.destination);
      tone.start(at + start);
      tone.stop(at + start + 0.16);
    }
  }
}
