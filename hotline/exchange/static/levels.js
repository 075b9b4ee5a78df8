// Sound levels: a bar and a word for each side, and the recording light.

/** Shows the state of `Voice` in `place`; `word(side, state)` returns the page's words. */
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
