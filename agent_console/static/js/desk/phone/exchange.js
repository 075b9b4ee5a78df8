// The driver for the carrier simulator: one WebSocket per browser, calls by their sid, speech as sound and as text.
import { Voice } from "../../../../../hotline/exchange/static/voice.js";

// The rest of the desk reaches the simulator's code through this driver only.
export { showLevels } from "../../../../../hotline/exchange/static/levels.js";

const TOKEN_ERRORS = /^(201\d\d|31207)$/;

export class ExchangeDriver {
  #socket = null;
  #stopped = false;
  #calls = new Set();

  constructor({ device_url: url, token, worklet }) {
    this.voice = new Voice({ send: (message) => this.#send(message), worklet });
    this.url = `${url.replace(/\/$/, "")}/device?token=${encodeURIComponent(token)}`;
  }

  start(tell) {
    this.#socket = new WebSocket(this.url);
    this.#socket.onmessage = (message) => this.#hear(JSON.parse(message.data), tell);
    this.voice.addEventListener("look", ({ detail }) => tell("voice", detail));
    this.#socket.onclose = (event) => {
      this.voice.close();
      this.#calls.clear();
      if (!this.#stopped) tell("down", { reason: `closed ${event.code}` });
    };
  }

  #hear(message, tell) {
    const call = { callSid: message.callSid, offer: message.params?.offer };
    switch (message.type) {
      case "registered":
        return tell("up");
      case "incoming":
        this.#calls.add(message.callSid);
        return tell("incoming", call);
      case "cancel":
        this.#calls.delete(message.callSid);
        return tell("cancelled", call);
      case "open":
        this.voice.open(message.callSid);
        return tell("open", call);
      case "ended":
        this.#calls.delete(message.callSid);
        this.voice.close();
        return tell("ended", call);
      case "voice":
      case "signal":
        return this.voice.take(message);
      case "caption":
        return tell("caption", { callSid: message.callSid, who: message.who, text: message.text });
      case "error":
        return this.#fail(message, tell);
      default:
        return undefined;
    }
  }

  /** A refused or expired token ends the registration; a call goes on. */
  #fail({ code, message }, tell) {
    if (!TOKEN_ERRORS.test(String(code))) return tell("trouble", { reason: message });
    tell("down", { reason: message, code, keepsCalls: this.#calls.size > 0 });
    return tell("renew");
  }

  #send(message) {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    this.#socket.send(message instanceof ArrayBuffer ? message : JSON.stringify(message));
  }

  accept(callSid) {
    this.#send({ type: "accept", callSid });
  }

  reject(callSid) {
    this.#send({ type: "reject", callSid });
  }

  hangup(callSid) {
    this.#send({ type: "hangup", callSid });
  }

  mute(callSid, muted) {
    this.voice.mute(muted);
    this.#send({ type: "mute", callSid, muted });
  }

  digits(callSid, digits) {
    this.#send({ type: "digits", callSid, digits });
  }

  say(callSid, text) {
    this.#send({ type: "say", callSid, text });
  }

  /** Gives the exchange a new token, which keeps the device registered or registers it again. */
  renew(token) {
    this.#send({ type: "token", token });
  }

  stop() {
    this.#stopped = true;
    this.voice.close();
    this.#socket?.close();
  }
}
