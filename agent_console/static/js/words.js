// The page's own words in the person's language: a JSON block the server rendered. `{n}` marks are filled in.
const blocks = new Map();

export function readBlock(id) {
  if (!blocks.has(id)) blocks.set(id, JSON.parse(document.getElementById(id).textContent));
  return blocks.get(id);
}

export function word(key, values = {}) {
  const text = readBlock("desk-words")[key];
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}
