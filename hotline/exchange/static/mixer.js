// The sound on this side of the line as numbers: its levels, and the mixture for a recording.

const CHUNK_MS = 50;

export class Mixer {
  #context = new AudioContext();
  #own = null;
  #others = new Map();
  #tape = null;
  #tapeIsComing = null;
  #wanted = { record: false, own: false };

  /** `worklet` is the URL of tape.js; `keep(samples)` receives pieces of the mixture as ArrayBuffers. */
  constructor(worklet, keep) {
    this.worklet = worklet;
    this.keep = keep;
    if (this.#context.state !== "running") this.#context.resume();
  }

  setOwn(stream) {
    this.#own?.source.disconnect();
    this.#own = stream && this.#listen(stream);
    this.#rewire();
  }

  /** Sets the streams that are heard, by the id of their link. */
  setOthers(streams) {
    for (const [id, other] of this.#others) {
      if (streams.get(id) === other.stream) continue;
      other.source.disconnect();
      this.#others.delete(id);
    }
    for (const [id, stream] of streams) if (!this.#others.has(id)) this.#others.set(id, this.#listen(stream));
    this.#rewire();
  }

  /** Records what is heard, with the own voice if `own`. */
  async record(record, own) {
    this.#wanted = { record, own };
    if (record && !this.#tape) {
      this.#tapeIsComing ??= this.#context.audioWorklet.addModule(this.worklet);
      await this.#tapeIsComing;
      if (this.#context.state === "closed") return;
      this.#tape ??= this.#makeTape();
    }
    this.#rewire();
  }

  /** Returns the present levels of the own voice and of the others, 0 to 1. */
  levels() {
    const others = [...this.#others.values()].map((other) => loudness(other.analyser));
    return { own: this.#own ? loudness(this.#own.analyser) : 0, others: Math.max(0, ...others) };
  }

  close() {
    this.#wanted = { record: false, own: false };
    this.#context.close();
  }

  #listen(stream) {
    const source = this.#context.createMediaStreamSource(stream);
    const analyser = new AnalyserNode(this.#context, { fftSize: 1024 });
    source.connect(analyser);
    return { stream, source, analyser };
  }

  #makeTape() {
    const tape = new AudioWorkletNode(this.#context, "tape", {
      channelCount: 1,
      channelCountMode: "explicit",
      processorOptions: { chunkMs: CHUNK_MS },
    });
    tape.port.onmessage = ({ data }) => this.#wanted.record && this.keep(data);
    tape.connect(this.#context.destination); // silent, but a browser only runs nodes that are connected to the destination
    return tape;
  }

  #rewire() {
    if (!this.#tape) return;
    this.#tape.port.postMessage(this.#wanted.record);
    const mixed = this.#wanted.record ? [...this.#others.values()] : [];
    if (this.#own && this.#wanted.record && this.#wanted.own) mixed.push(this.#own);
    for (const one of [...this.#others.values(), this.#own]) one && detach(one);
    for (const one of mixed) one.source.connect(this.#tape);
  }
}

function detach({ source, analyser }) {
  source.disconnect();
  source.connect(analyser);
}

function loudness(analyser) {
  const wave = new Float32Array(analyser.fftSize);
  analyser.getFloatTimeDomainData(wave);
  const mean = Math.sqrt(wave.reduce((sum, value) => sum + value * value, 0) / wave.length);
  return Math.min(1, Math.max(0, 1 + Math.log10(mean + 1e-5) / 2.5)); // -50 dB and less is 0
}
