// Key tones and ringing, made by the browser; a call works without them.
const ROWS = [697, 770, 852, 941], COLUMNS = [1209, 1336, 1477];
const KEYS = "123456789*0#";
let audio = null;

function context() {
  audio ??= new AudioContext();
  if (audio.state === "suspended") audio.resume();
  return audio;
}

function sound(frequencies, seconds, loudness) {
  const now = context().currentTime;
  const gain = audio.createGain();
  gain.gain.setValueAtTime(loudness, now);
  gain.gain.setTargetAtTime(0, now + seconds, 0.01);
  gain.connect(audio.destination);
  for (const frequency of frequencies) {
    const tone = audio.createOscillator();
    tone.frequency.value = frequency;
    tone.connect(gain);
    tone.start(now);
    tone.stop(now + seconds + 0.1);
  }
}

/** Plays the two tones of a key (ITU-T Q.23). */
export function keyTone(key) {
  const place = KEYS.indexOf(key);
  if (place >= 0) sound([ROWS[Math.floor(place / 3)], COLUMNS[place % 3]], 0.12, 0.08);
}

export function beep() { sound([1000], 0.25, 0.06); }

let ringing = 0;
export function ring(on) {
  clearInterval(ringing);
  if (!on) return;
  const once = () => sound([440, 480], 0.9, 0.05);
  once();
  ringing = setInterval(once, 3000);
}
