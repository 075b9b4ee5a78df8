// The texts of a page's script in the user's language, from a JSON block that the server rendered. Marks such as `{n}` are replaced.
const blocks = new Map();

export function readBlock(id) {
  if (!blocks.has(id)) blocks.set(id, JSON.parse(document.getElementById(id).textContent));
  return blocks.get(id);
}

export function word(key, values = {}) {
  const text = readBlock("desk-words")[key];
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}
