// The operator's softphone, with one interface over all drivers. `isLost`: it was cut off and is not back yet. Emits `state` (off | connecting | on), `incoming`, `cancelled`,
// `open`, `ended` (detail: {callSid, offer}), `caption` (detail: {who, text}) and `trouble`. A driver offers
// start(token, tell), accept, reject, hangup, mute, digits, say, renew(token) and stop.
import { postJson } from "../../net.js";
import { ExchangeDriver } from "./exchange.js";
import { SipDriver } from "./sip.js";
import { TwilioDriver } from "./twilio.js";

const DRIVERS = { exchange: ExchangeDriver, sip: SipDriver, twilio: TwilioDriver };
const RETRY_MS = [500, 1000, 2000, 5000, 10_000];
const RENEW_SHARE = 0.75;
const PATIENCE_MS = 5000;

export class Softphone extends EventTarget {
  state = "off";
  ringing = null;
  open = null;
  isMuted = false;
  #driver = null;
  #attempt = 0;
  #renewal = null;
  #retry = null;
  #armed = null;
  isLost = false;
  /** Whether the telephone is outside the browser; whether the desk must report its answer. */
  isOutside = false;
  reportsAnswer = false;
  /** Where a telephone outside the browser is registered. */
  address = "";

  async start() {
    this.#set("connecting");
    let driver = this.#driver;
    try {
      const line = await postJson("/console/softphone/token");
      if (!DRIVERS[line.driver]) throw new Error("this installation has no telephones: SOFTPHONE_DRIVER is not set");
      this.isOutside = line.driver === "sip";
      this.reportsAnswer = line.reports_answer;
      this.address = line.address;
      this.#driver?.stop();
      driver = this.#driver = new DRIVERS[line.driver](line);
      this.#scheduleRenewal(line.lives_seconds);
      // A driver that was replaced may still finish its registration.
      await driver.start((kind, detail) => driver === this.#driver && this.#hear(kind, detail));
    } catch (error) {
      if (driver === this.#driver) this.#hear("down", { reason: String(error) });
    }
  }

  // A token lives an hour. The SDK warns only once before the end, so the token is also renewed by a timer.
  #scheduleRenewal(seconds) {
    clearTimeout(this.#renewal);
    this.#renewal = setTimeout(() => this.#renew(), seconds * RENEW_SHARE * 1000);
  }

  async #renew() {
    try {
      const line = await postJson("/console/softphone/token");
      await this.#driver?.renew(line.token);
      this.#scheduleRenewal(line.lives_seconds);
    } catch (error) {
      this.#scheduleRenewal(60);
      this.#tell("trouble", { reason: String(error) });
    }
  }

  #hear(kind, detail = {}) {
    switch (kind) {
      case "up":
        this.#attempt = 0;
        this.isLost = false;
        this.#set("on");
        break;
      case "down":
        this.#lose(detail);
        break;
      case "renew":
        this.#renew();
        break;
      case "incoming":
        this.ringing = detail;
        this.#tell("incoming", detail);
        if (this.#armed && String(this.#armed.offer) === detail.offer) this.#applyEarlyAnswer();
        break;
      case "cancelled":
        if (this.ringing?.callSid === detail.callSid) this.ringing = null;
        this.#tell("cancelled", detail);
        break;
      case "open":
        this.open = detail;
        this.ringing = null;
        this.#armed = null;
        this.isMuted = false;
        this.#tell("open", detail);
        break;
      case "ended":
        if (this.open?.callSid === detail.callSid) this.open = null;
        if (this.ringing?.callSid === detail.callSid) this.ringing = null;
        this.#tell("ended", detail);
        break;
      default:
        this.#tell(kind, detail);
    }
  }

  /** Shows the telephone as off and brings it back later. `keepsCalls`: a call goes on without the registration. */
  #lose({ keepsCalls = false, ...detail }) {
    const had = keepsCalls ? null : this.open;
    if (!keepsCalls) this.ringing = this.open = null;
    this.isLost = true;
    this.#set("off");
    if (had) this.#tell("ended", had);
    this.#tell("trouble", detail);
    this.#retryLater();
  }

  #retryLater() {
    if (this.#retry) return;
    const wait = RETRY_MS[Math.min(this.#attempt++, RETRY_MS.length - 1)];
    this.#retry = setTimeout(() => this.#recover(), wait * (0.75 + Math.random() / 2));
  }

  async #recover() {
    this.#retry = null;
    if (this.state === "on") return;
    if (!this.open && !this.ringing) {
      await this.start();
      return;
    }
    // A new device would end the call, so during a call the old one is given a new token.
    await this.#renew();
    if (this.state !== "on") this.#retryLater();
  }

  #set(state) {
    this.state = state;
    this.#tell("state", { state });
  }

  #tell(kind, detail) {
    this.dispatchEvent(new CustomEvent(kind, { detail }));
  }

  /** Resolves to true as soon as the softphone can ring, or to false after PATIENCE_MS. */
  isOn() {
    if (this.state === "on") return Promise.resolve(true);
    return new Promise((resolve) => {
      const heard = () => this.state === "on" && done(true);
      const timer = setTimeout(() => done(false), PATIENCE_MS);
      const done = (isOn) => {
        clearTimeout(timer);
        this.removeEventListener("state", heard);
        resolve(isOn);
      };
      this.addEventListener("state", heard);
    });
  }

  /** Answers the ringing call; pressed before the softphone rings, the call is answered when it rings. */
  accept(offer) {
    if (!this.ringing) {
      this.#armed = { offer, accept: true };
      return false;
    }
    this.#driver.accept(this.ringing.callSid);
    return true;
  }

  /** Forgets an answer that was given too early, so that it does not take the next call. */
  disarm() {
    this.#armed = null;
  }

  reject(offer) {
    this.disarm();
    if (!this.ringing) {
      this.#armed = { offer, accept: false };
      return false;
    }
    this.#driver.reject(this.ringing.callSid);
    return true;
  }

  #applyEarlyAnswer() {
    const { offer, accept } = this.#armed;
    if (accept) this.accept(offer);
    else this.reject(offer);
  }

  hangUp() {
    if (!this.open) return false;
    this.#driver.hangup(this.open.callSid);
    return true;
  }

  toggleMute() {
    if (!this.open) return;
    this.isMuted = !this.isMuted;
    this.#driver.mute(this.open.callSid, this.isMuted);
    this.#tell("mute", { isMuted: this.isMuted });
  }

  digits(digits) {
    if (this.open) this.#driver.digits(this.open.callSid, digits);
  }

  say(text) {
    if (!this.open) return false;
    this.#driver.say(this.open.callSid, text);
    return true;
  }
}
