// Removes from Tabler's style sheet the rules for classes that no template, script or Python file mentions: nine tenths.
// A selector stays if each of its class names occurs somewhere as a word, so a class in use is never lost.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

const SOURCES = /\.(html|js|mjs|py)$/;

/** Returns every word of the source files below `folder`, where class names are written. */
export function wordsBelow(folder) {
  const words = new Set();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath ?? entry.path, entry.name);
    if (!entry.isFile() || !SOURCES.test(entry.name) || path.includes(`${join("static", "dist")}`)) continue;
    for (const [word] of readFileSync(path, "utf8").matchAll(/[A-Za-z_][\w-]*/g)) words.add(word);
  }
  return words;
}

/** Returns the position after the block or statement that begins at `from`; strings and nested blocks are skipped. */
function endOf(css, from) {
  let depth = 0;
  for (let at = from; at < css.length; at++) {
    const sign = css[at];
    if (sign === "\\") at++;
    else if (sign === '"' || sign === "'") at = closing(css, at);
    else if (sign === "{") depth++;
    else if (sign === "}" && --depth === 0) return at + 1;
    else if (sign === ";" && depth === 0) return at + 1;
  }
  return css.length;
}

function closing(css, from) {
  const quote = css[from];
  for (let at = from + 1; at < css.length; at++) {
    if (css[at] === "\\") at++;
    else if (css[at] === quote) return at;
  }
  return css.length;
}

/** Splits a selector list at its commas, except those inside `:is(…)` or `:not(…)`. */
function selectorsOf(list) {
  const found = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at < list.length; at++) {
    if (list[at] === "(" || list[at] === "[") depth++;
    else if (list[at] === ")" || list[at] === "]") depth--;
    else if (list[at] === "," && depth === 0) {
      found.push(list.slice(start, at));
      start = at + 1;
    }
  }
  return [...found, list.slice(start)];
}

function isUsed(selector, words) {
  const plain = selector.replace(/\[[^\]]*\]/g, "").replace(/:not\([^)]*\)/g, "");
  return [...plain.matchAll(/\.((?:\\.|[\w-])+)/g)].every(([, name]) => words.has(name.replace(/\\/g, "")));
}

/** Returns minified `css` without the rules for classes that are not in `words`. */
export function trim(css, words) {
  const kept = [];
  let at = 0;
  const bare = css.replace(/\/\*[^]*?\*\//g, "");
  while (at < bare.length) {
    const end = endOf(bare, at);
    const rule = bare.slice(at, end).trim();
    at = end;
    const open = rule.indexOf("{");
    const head = open < 0 ? rule : rule.slice(0, open);
    if (/^@(media|supports|layer|container)/.test(head) && open > 0) {
      const inner = trim(rule.slice(open + 1, -1), words);
      if (inner) kept.push(`${head}{${inner}}`);
    } else if (head.startsWith("@") || open < 0) {
      kept.push(rule);
    } else {
      const used = selectorsOf(head).filter((selector) => isUsed(selector, words));
      if (used.length) kept.push(`${used.join(",")}${rule.slice(open)}`);
    }
  }
  return kept.join("");
}
