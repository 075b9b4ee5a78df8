// Rows that never move under the pointer. While the pointer is on a panel, its rows only change in place; new rows are
// counted at the edge and inserted when the pointer leaves, with the key N, or when the count is pressed.

/** Updates one panel. `rows` are {key, cells, style?, open?, counts?}; a cell is a text, {text, title, style}, or
    {node, mend}: what is made once and mended afterwards. */
export function renew(panel, rows) {
  const body = panel.querySelector("tbody");
  const present = new Map([...body.rows].map((row) => [row.dataset.key, row]));
  const wanted = new Set(rows.map((row) => String(row.key)));
  const news = rows.filter((row) => !present.has(String(row.key))).length;
  const held = body.rows.length > 0 && panel.dataset.held === "yes";
  for (const row of rows) {
    const old = present.get(String(row.key));
    if (old) fill(old, row);
  }
  for (const [key, row] of present) if (!wanted.has(key)) row.classList.add("gone");
  tell(panel, rows, held ? news : 0);
  if (!held) arrange(body, rows, present, wanted);
}

function arrange(body, rows, present, wanted) {
  for (const [key, row] of present) if (!wanted.has(key)) row.remove();
  rows.forEach((row, place) => {
    let node = present.get(String(row.key));
    if (!node) {
      node = document.createElement("tr");
      node.dataset.key = row.key;
      fill(node, row);
    }
    if (body.rows[place] !== node) body.insertBefore(node, body.rows[place] ?? null);
  });
}

function fill(node, row) {
  node.className = row.style ?? "";
  if (row.open && !node.dataset.open) {
    node.tabIndex = 0;
    node.dataset.open = "yes";
    node.addEventListener("click", row.open);
    node.addEventListener("keydown", (event) => { if (event.key === "Enter") row.open(); });
  }
  row.cells.forEach((given, place) => {
    const cell = node.cells[place] ?? node.insertCell();
    const { text = "", title, style = "", node: inside, mend } = typeof given === "object" ? given : { text: String(given) };
    if (cell.className !== style) cell.className = style;
    if (inside) { if (!cell.firstChild) cell.append(inside()); mend?.(cell.firstChild); return; }
    if (cell.textContent !== text) cell.textContent = text;
    const hint = title ?? text;
    if (cell.title !== hint) cell.title = hint;
  });
}

function tell(panel, rows, news) {
  panel.querySelector(".count").textContent = rows.filter((row) => row.counts !== false).length || "";
  panel.querySelector(".empty").hidden = rows.length > 0;
  const badge = panel.querySelector(".news");
  badge.hidden = news === 0;
  badge.textContent = `＋${news} 条新 new · N`;
}

/** Holds the rows of a panel while the pointer is on it or it has the focus; then `again` draws it anew. */
export function hold(panel, again) {
  const scroll = panel.querySelector(".scroll");
  const set = (held) => { panel.dataset.held = held ? "yes" : ""; if (!held) again(); };
  scroll.addEventListener("pointerenter", () => set(true));
  scroll.addEventListener("pointerleave", () => set(scroll.contains(document.activeElement) && document.activeElement !== scroll));
  scroll.addEventListener("focusin", () => set(true));
  scroll.addEventListener("focusout", () => set(scroll.matches(":hover")));
  panel.querySelector(".news").addEventListener("click", () => letIn(panel, again));
}

/** Inserts the new rows on request, although the pointer is on the panel. */
export function letIn(panel, again) {
  const held = panel.dataset.held;
  panel.dataset.held = "";
  again();
  panel.dataset.held = held;
}
