// How the sound stands, for the eye: a bar and a word for each side, and whether it is recorded.

/** Show what `Voice` looks like in `place`; `word(side, state)` are the words of the page. */
export function showLevels(place, { me, them, mine, theirs, isRecorded }, word) {
  for (const [side, state, level] of [["me", me, mine], ["them", them, theirs]]) {
    const row = place.querySelector(`[data-side="${side}"]`);
    row.dataset.state = state;
    row.querySelector("i").style.transform = `scaleX(${level.toFixed(2)})`;
    write(row.querySelector("[data-said]"), word(side, state));
  }
  place.querySelector("[data-taped]").hidden = !isRecorded;
}

function write(place, text) {
  if (place.textContent !== text) place.textContent = text;
}
