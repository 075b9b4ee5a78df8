// The driver for telephones outside the browser: the carrier rings them, and people answer, mute and hang up on them.

export class SipDriver {
  start(tell) {
    tell("up");
  }

  accept() {}

  reject() {}

  hangup() {}

  mute() {}

  digits() {}

  say() {}

  renew() {}

  stop() {}
}
