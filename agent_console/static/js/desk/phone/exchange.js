// Driver for the exchange in the box: a WebSocket per browser, calls told by their sid, speech as text.

export class ExchangeDriver {
  #socket = null;
  #stopped = false;

  constructor({ device_url: url, token }) {
    this.url = `${url.replace(/\/$/, "")}/device?token=${encodeURIComponent(token)}`;
  }

  start(tell) {
    this.#socket = new WebSocket(this.url);
    this.#socket.onmessage = (message) => this.#hear(JSON.parse(message.data), tell);
    this.#socket.onclose = (event) => {
      if (!this.#stopped) tell("down", { reason: `closed ${event.code}` });
    };
  }

  #hear(message, tell) {
    const call = { callSid: message.callSid, offer: message.params?.offer };
    switch (message.type) {
      case "registered":
        return tell("up");
      case "incoming":
        return tell("incoming", call);
      case "cancel":
        return tell("cancelled", call);
      case "open":
        return tell("open", call);
      case "ended":
        return tell("ended", call);
      case "caption":
        return tell("caption", { callSid: message.callSid, who: message.who, text: message.text });
      case "error":
        return tell("trouble", { reason: message.message });
      default:
        return undefined;
    }
  }

  #send(message) {
    this.#socket.send(JSON.stringify(message));
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
    this.#send({ type: "mute", callSid, muted });
  }

  digits(callSid, digits) {
    this.#send({ type: "digits", callSid, digits });
  }

  say(callSid, text) {
    this.#send({ type: "say", callSid, text });
  }

  /** The token is only looked at when the socket opens; the next one is fetched at the next connection. */
  renew() {}

  stop() {
    this.#stopped = true;
    this.#socket?.close();
  }
}
