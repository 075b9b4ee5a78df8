// The driver for Twilio's Voice SDK, loaded only where the carrier is Twilio. Quirks of the SDK: its warning about an
// ending token may come once only (the softphone renews by a timer), a second call of register() races with the first,
// a device registers again by itself only while its token is valid, and a busy device ignores invitations, so there is
// never more than one call.

// Errors about the access token: invalid, wrong issuer, expired, not valid yet, wrong grant or signature, too long.
const TOKEN_ERRORS = new Set([20101, 20102, 20103, 20104, 20105, 20106, 20107, 20151, 20157]);

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
  /** @type {(kind: string, detail?: object) => void} */
  #tell = () => {};

  constructor({ script, token, sdk = {} }) {
    this.script = script;
    this.token = token;
    this.sdk = sdk;
  }

  async start(tell) {
    this.#tell = tell;
    if (!window.Twilio) await load(this.script);
    const options = { codecPreferences: ["opus", "pcmu"], closeProtection: true, ...this.sdk };
    this.#device = new window.Twilio.Device(this.token, options);
    this.#device.on("registered", () => tell("up"));
    this.#device.on("unregistered", () => this.#lose("unregistered"));
    this.#device.on("tokenWillExpire", () => tell("renew"));
    this.#device.on("error", (error) => this.#fail(error));
    this.#device.on("destroyed", () => tell("down", { reason: "destroyed" }));
    this.#device.on("incoming", (call) => this.#ring(call, tell));
    await this.#device.register();
  }

  /** Tells that the telephone cannot be rung. A call goes on: its sound does not need the registration. */
  #lose(reason, code = undefined) {
    this.#tell("down", { reason, code, keepsCalls: this.#calls.size > 0 });
  }

  #fail(error) {
    if (!TOKEN_ERRORS.has(error?.code)) return this.#tell("trouble", { reason: error?.message, code: error?.code });
    this.#lose(error.message, error.code);
    return this.#tell("renew");
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
    call.on("error", (error) => this.#fail(error));
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

  /** Gives the device a new token and registers it if it is not registered. A device that refuses counts as lost. */
  async renew(token) {
    try {
      await this.#device?.updateToken(token);
      if (this.#device?.state === "unregistered") await this.#device.register();
    } catch (/** @type {any} */ error) {
      this.#lose(String(error?.message ?? error), error?.code);
    }
  }

  stop() {
    this.#device?.removeAllListeners();
    this.#device?.destroy();
  }
}
