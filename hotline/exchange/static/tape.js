// Runs in the audio thread: resamples the input to 8 kHz, 16 bit and passes it on in small pieces. Each new sample is the
// mean of the old samples it replaces: a simple low-pass filter that keeps the telephone band and limits aliasing.

const RATE = 8000;

class Tape extends AudioWorkletProcessor {
  #chunk;
  #filled = 0;
  #sum = 0;
  #count = 0;
  #phase = 0;
  #isOn = false;

  constructor({ processorOptions: { chunkMs } }) {
    super();
    this.#chunk = new Int16Array((RATE * chunkMs) / 1000);
    this.port.onmessage = ({ data }) => {
      this.#isOn = data;
      if (!data) this.#filled = 0;
    };
  }

  process([[wave]]) {
    if (!this.#isOn) return true;
    for (let at = 0; at < (wave?.length ?? 128); at++) this.#take(wave?.[at] ?? 0);
    return true;
  }

  #take(value) {
    this.#sum += value;
    this.#count += 1;
    this.#phase += RATE;
    if (this.#phase < sampleRate) return;
    this.#phase -= sampleRate;
    const mean = Math.max(-1, Math.min(1, this.#sum / this.#count));
    this.#sum = this.#count = 0;
    this.#chunk[this.#filled++] = Math.round(mean * 32767);
    if (this.#filled < this.#chunk.length) return;
    const full = this.#chunk.slice().buffer;
    this.#filled = 0;
    this.port.postMessage(full, [full]);
  }
}

registerProcessor("tape", Tape);
