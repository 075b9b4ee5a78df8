// One WebRTC connection to one other person on the line. The exchange names the link and decides which side offers and
// which side may speak. Its messages take effect at once: a side that may not speak sends no sound, a side that does not
// hear plays none.

export class Link {
  #peer = new RTCPeerConnection();
  #sender = null;
  #work = Promise.resolve();
  #microphone = null;
  #audio = new Audio();
  stream = null;
  hears = false;
  speaks = false;

  /** `signal(part)` sends a description or candidate to the other end; `changed()` is called after each change. */
  constructor({ id, offers, signal, changed }) {
    this.id = id;
    this.signal = signal;
    this.changed = changed;
    this.#peer.onicecandidate = ({ candidate }) => candidate?.candidate && signal({ candidate: candidate.toJSON() });
    this.#peer.onconnectionstatechange = () => changed();
    this.#peer.ontrack = ({ track }) => this.#take(new MediaStream([track]));
    if (offers) this.#offer();
  }

  /** Returns "connecting", "connected" or "failed". */
  get state() {
    const state = this.#peer.connectionState;
    return state === "connected" || state === "failed" ? state : "connecting";
  }

  /** Applies the exchange's decision: sends `microphone` (a track or null) only where the exchange allows it. */
  obey({ speaks, hears }, microphone) {
    this.speaks = speaks;
    this.hears = hears;
    this.#microphone = speaks ? microphone : null;
    this.#audio.muted = !hears;
    this.#queue(() => this.#sender?.replaceTrack(this.#microphone));
  }

  /** Handles the signals of the other end in the order of sending. */
  take({ description, candidate }) {
    if (description?.type === "offer") this.#queue(() => this.#answer(description));
    else if (description) this.#queue(() => this.#peer.setRemoteDescription(description));
    else this.#queue(() => this.#peer.addIceCandidate(candidate));
  }

  close() {
    this.#peer.close();
    this.#audio.srcObject = null;
  }

  #offer() {
    this.#sender = this.#peer.addTransceiver("audio", { direction: "sendrecv" }).sender;
    this.#queue(async () => {
      await this.#peer.setLocalDescription();
      this.signal({ description: this.#peer.localDescription.toJSON() });
    });
  }

  async #answer(description) {
    await this.#peer.setRemoteDescription(description);
    const [transceiver] = this.#peer.getTransceivers();
    transceiver.direction = "sendrecv";
    this.#sender = transceiver.sender;
    await this.#sender.replaceTrack(this.#microphone);
    await this.#peer.setLocalDescription();
    this.signal({ description: this.#peer.localDescription.toJSON() });
  }

  #take(stream) {
    this.stream = stream;
    this.#audio.srcObject = stream;
    this.#audio.muted = !this.hears;
    // A browser that requires a click plays after the next one; the state is "connecting" at most until then.
    this.#audio.play().catch(() => document.addEventListener("pointerdown", () => this.#audio.play(), { once: true }));
    this.changed();
  }

  /** Runs one step after the other; a step that fails because the link was closed meanwhile is no error. */
  #queue(step) {
    this.#work = this.#work.then(step).catch((error) => {
      if (this.#peer.signalingState === "closed") return;
      console.warn("no sound:", error);
    });
  }
}
