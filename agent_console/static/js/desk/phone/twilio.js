// The driver for Twilio's Voice SDK, loaded only where the carrier is Twilio. Quirks of the SDK: its warning about an
// ending token may come once only (the softphone renews by a timer), a second call of register() races with the first,
// and a busy device ignores invitations, so there is never more than one call.

function load(address) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = address;
    script.onload = resolve;
    script.onerror = () => reject(new Error("the Voice SDK did not load"));
    document.head.append(script);
  });
}

export class TwilioDriver {
  #device = null;
  #calls = new Map();

  constructor({ script, token }) {
    this.script = script;
    this.token = token;
  }

  async start(tell) {
    if (!window.Twilio) await load(this.script);
    this.#device = new window.Twilio.Device(this.token, { codecPreferences: ["opus", "pcmu"], closeProtection: true });
    this.#device.on("registered", () => tell("up"));
    this.#device.on("tokenWillExpire", () => tell("renew"));
    this.#device.on("error", (error) => tell("trouble", { reason: error.message }));
    this.#device.on("destroyed", () => tell("down", { reason: "destroyed" }));
    this.#device.on("incoming", (call) => this.#ring(call, tell));
    await this.#device.register();
  }

  #ring(call, tell) {
    const known = { callSid: call.parameters.CallSid, offer: call.customParameters.get("offer") };
    this.#calls.set(known.callSid, call);
    const end = (kind) => () => {
      this.#calls.delete(known.callSid);
      tell(kind, known);
    };
    call.on("accept", () => tell("open", known));
    call.on("cancel", end("cancelled"));
    call.on("reject", end("cancelled"));
    call.on("disconnect", end("ended"));
    call.on("error", (error) => tell("trouble", { reason: error.message }));
    tell("incoming", known);
  }

  accept(callSid) {
    this.#calls.get(callSid)?.accept();
  }

  reject(callSid) {
    this.#calls.get(callSid)?.reject();
  }

  hangup(callSid) {
    this.#calls.get(callSid)?.disconnect();
  }

  mute(callSid, muted) {
    this.#calls.get(callSid)?.mute(muted);
  }

  digits(callSid, digits) {
    this.#calls.get(callSid)?.sendDigits(digits);
  }

  /** Does nothing: on a real line people speak. */
  say() {}

  renew(token) {
    this.#device?.updateToken(token);
  }

  stop() {
    this.#device?.removeAllListeners();
    this.#device?.destroy();
  }
}
