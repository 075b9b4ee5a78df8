// The sound of one call in the browser: the microphone, a link to each other person on the line, the levels, and the
// recording. The exchange decides which ends are connected (see core/audio_mesh.py for the protocol).
import { Link } from "./link.js";
import { Mixer } from "./mixer.js";

const MICROPHONE = { audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true } };
const LOOK_MS = 100;
const LOUD = 0.25;
const LINGER_MS = 1000;
const FALL = 0.75;
const SILENCE = { links: [], typed: false, record: false, own: false, recorded: false };

/** Emits `look` ten times a second during a call, and once after it; its detail is the value of `look()`. */
export class Voice extends EventTarget {
  #call = null;
  #links = new Map();
  #microphone = null;
  #microphoneState = "off";
  #isMuted = false;
  #order = SILENCE;
  #mixer = null;
  #timer = null;
  #meters = { me: new Meter(), them: new Meter() };

  /** `send` takes objects and ArrayBuffers for the exchange; `worklet` is the URL of tape.js. */
  constructor({ send, worklet }) {
    super();
    this.send = send;
    this.worklet = worklet;
  }

  /** Starts a call after a click: asks for the microphone and reports to the exchange whether it is available. */
  async open(call) {
    if (this.#call === call || !("RTCPeerConnection" in window)) return;
    this.close();
    this.#call = call;
    this.#isMuted = false;
    this.#mixer = new Mixer(this.worklet, (samples) => this.send(samples));
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
    this.#microphoneState = "asking";
    this.#tell();
    const microphone = await navigator.mediaDevices?.getUserMedia(MICROPHONE).catch(() => null);
    if (this.#call !== call) {
      stop(microphone);
      return;
    }
    this.#microphone = microphone ?? null;
    this.#microphoneState = microphone ? "on" : "none";
    this.#mixer.setOwn(this.#microphone);
    this.#tell();
    this.#obey();
  }

  /** Ends the sound of the call. */
  close() {
    if (this.#call === null) return;
    this.#call = null;
    clearInterval(this.#timer);
    for (const link of this.#links.values()) link.close();
    this.#links.clear();
    this.#order = SILENCE;
    stop(this.#microphone);
    this.#microphone = null;
    this.#microphoneState = "off";
    this.#mixer.close();
    this.#mixer = null;
    this.#look();
  }

  /** Mutes or unmutes the person, at once and without waiting for the exchange. */
  mute(isMuted) {
    this.#isMuted = isMuted;
    for (const track of this.#microphone?.getAudioTracks() ?? []) track.enabled = !isMuted;
    if (this.#call) this.#tell();
  }

  /** Handles a `voice` or `signal` message of the exchange. */
  take(message) {
    if (message.callSid !== this.#call) return;
    if (message.type === "signal") {
      this.#links.get(message.link)?.take(message);
      return;
    }
    this.#order = message;
    const wanted = new Set(message.links.map(({ id }) => id));
    for (const [id, link] of this.#links) if (!wanted.has(id)) this.#drop(id, link);
    for (const { id, offers } of message.links) if (!this.#links.has(id)) this.#links.set(id, this.#connect(id, offers));
    this.#obey();
  }

  /** Returns the state of the sound: {me, them: one word each, mine, theirs: levels 0 to 1, isRecorded}. */
  look() {
    const levels = this.#mixer?.levels() ?? { own: 0, others: 0 };
    const me = this.#meters.me.show(this.#me(), levels.own);
    const them = this.#meters.them.show(this.#them(), levels.others);
    return { me: me.word, them: them.word, mine: me.level, theirs: them.level, isRecorded: this.#order.recorded };
  }

  /** Returns off, asking, none (no microphone), muted, alone, typed (the others can only read), connecting, failed or on. */
  #me() {
    if (this.#microphoneState !== "on") return this.#microphoneState;
    if (this.#isMuted) return "muted";
    if (!this.#order.links.length) return this.#order.typed ? "typed" : this.#order.own ? "on" : "alone";
    return this.#order.links.some(({ speaks }) => speaks) ? this.#connected("speaks") : "muted";
  }

  /** Returns off, alone, typed, muted (the others), connecting, failed or on. */
  #them() {
    if (this.#call === null) return "off";
    if (!this.#order.links.length) return this.#order.typed ? "typed" : "alone";
    return this.#order.links.some(({ hears }) => hears) ? this.#connected("hears") : "muted";
  }

  #connected(way) {
    const states = [...this.#links.values()].filter((link) => link[way]).map((link) => link.state);
    if (states.includes("connected")) return "on";
    return states.includes("failed") ? "failed" : "connecting";
  }

  #tell() {
    const microphone = this.#microphoneState === "on";
    this.send({ type: "voice", callSid: this.#call, microphone, muted: this.#isMuted });
  }

  #connect(id, offers) {
    const callSid = this.#call;
    const signal = (part) => this.send({ type: "signal", callSid, link: id, ...part });
    return new Link({ id, offers, signal, changed: () => this.#obey() });
  }

  #drop(id, link) {
    link.close();
    this.#links.delete(id);
  }

  #obey() {
    if (this.#call === null) return;
    const track = this.#microphone?.getAudioTracks()[0] ?? null;
    const heard = new Map();
    for (const order of this.#order.links) {
      const link = this.#links.get(order.id);
      link.obey(order, track);
      if (order.hears && link.stream) heard.set(order.id, link.stream);
    }
    this.#mixer.setOthers(heard);
    this.#mixer.record(this.#order.record, this.#order.own).catch((error) => console.warn("not recorded:", error));
  }

  #look() {
    this.dispatchEvent(new CustomEvent("look", { detail: this.look() }));
  }
}

/** A level that falls slowly, and a state that bridges the pauses between two syllables. */
class Meter {
  #level = 0;
  #loudAt = -Infinity;

  show(word, level) {
    const isOn = word === "on";
    this.#level = isOn ? Math.max(level, this.#level * FALL) : 0;
    if (isOn && level >= LOUD) this.#loudAt = performance.now();
    const isHeard = performance.now() - this.#loudAt < LINGER_MS;
    return { word: isOn ? (isHeard ? "heard" : "quiet") : word, level: this.#level };
  }
}

function stop(stream) {
  for (const track of stream?.getTracks() ?? []) track.stop();
}
