// Server-sent events over one connection per browser, shared by its tabs: a browser allows few connections per host.
// The tab that holds the lock keeps the EventSource and broadcasts its events; when the tab closes, another takes over.
// While the connection is down, listeners receive `state` and a `poll` every three seconds.

const RETRY_MS = [500, 1000, 2000, 3000];
const POLL_MS = 3000;
const GRACE_MS = 2500; // a page that has just opened is still connecting

/** Emits `told` (detail: list of events), `state` (detail: {up}), `resync` (the connection is new) and `poll`. */
export class Live extends EventTarget {
  #channel = new BroadcastChannel("hotline-live");
  #up = false;
  #attempt = 0;
  #poll = null;

  start() {
    this.#channel.onmessage = (message) => this.#hear(message.data);
    this.#startPolling();
    setTimeout(() => this.#up || this.#tellState(), GRACE_MS);
    this.#channel.postMessage({ kind: "who" });
    navigator.locks.request("hotline-live", () => this.#lead());
  }

  #lead() {
    this.#channel.addEventListener("message", (message) => {
      if (message.data.kind === "who") this.#channel.postMessage({ kind: this.#up ? "up" : "down" });
    });
    return new Promise(() => this.#connect());
  }

  #connect() {
    const source = new EventSource("/events");
    source.onopen = () => {
      this.#attempt = 0;
      this.#share({ kind: "up" });
      this.#share({ kind: "resync" });
    };
    source.addEventListener("told", (message) => this.#share({ kind: "told", events: JSON.parse(message.data) }));
    source.addEventListener("reset", () => this.#share({ kind: "resync" }));
    source.onerror = () => {
      this.#share({ kind: "down" });
      if (source.readyState === EventSource.CLOSED) {
        const wait = RETRY_MS[Math.min(this.#attempt++, RETRY_MS.length - 1)];
        setTimeout(() => this.#connect(), wait * (0.75 + Math.random() / 2));
      }
    };
  }

  #share(message) {
    this.#channel.postMessage(message);
    this.#hear(message);
  }

  #hear(message) {
    if (message.kind === "up" || message.kind === "down") this.#setUp(message.kind === "up");
    if (message.kind === "resync") this.dispatchEvent(new Event("resync"));
    if (message.kind === "told") this.dispatchEvent(new CustomEvent("told", { detail: message.events }));
  }

  #setUp(up) {
    this.#up = up;
    if (up) {
      clearInterval(this.#poll);
      this.#poll = null;
    } else {
      this.#startPolling();
    }
    this.#tellState();
  }

  #startPolling() {
    this.#poll ??= setInterval(() => this.dispatchEvent(new Event("poll")), POLL_MS);
  }

  #tellState() {
    this.dispatchEvent(new CustomEvent("state", { detail: { up: this.#up } }));
  }
}
