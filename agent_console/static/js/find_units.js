// Finds units by Chinese name, pinyin initials, English name or code, and by abbreviations: zhzf or 综合执法 finds
// 综合行政执法局.

/**
 * Returns the units that match every word of `query`, in their order, whole parts before abbreviations.
 * @template {{ keys: string, zh: string, initials: string }} Unit
 * @param {Unit[]} units
 * @param {string} query
 * @returns {Unit[]}
 */
export function findUnits(units, query) {
  const words = query.normalize("NFKC").trim().toLowerCase().split(/\s+/).filter(Boolean);
  const ranked = units.map((unit) => ({ unit, rank: Math.max(0, ...words.map((word) => rankOf(unit, word))) }));
  const found = ranked.filter(({ rank }) => rank < Infinity);
  return found.sort((one, other) => one.rank - other.rank).map(({ unit }) => unit);
}

function rankOf(unit, word) {
  if (unit.keys.includes(word)) return 0;
  return abbreviates(word, unit.initials) || abbreviates(word, unit.zh) ? 1 : Infinity;
}

/** Returns whether the characters of `word` stand in `name` in their order, the first at its beginning. */
function abbreviates(word, name) {
  if (word.length < 2 || word[0] !== name[0]) return false;
  let from = 0;
  for (const sign of word) {
    from = name.indexOf(sign, from) + 1;
    if (!from) return false;
  }
  return true;
}
