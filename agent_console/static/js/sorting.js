// Sorts a table with `data-sortable` by a click on a column head, again in the other direction. The row of totals stays last.
import { all } from "./dom.js";

/** Turns the column heads of every sortable table into buttons. */
export function startSorting() {
  for (const table of all("table[data-sortable]")) {
    if (!(table instanceof HTMLTableElement)) continue;
    const [body] = table.tBodies;
    const rows = [...body.rows].filter((row) => !row.classList.contains("sum"));
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "sort";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const order = nextOrder(head, column);
        for (const other of heads) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", order);
        body.prepend(...sorted(rows, column, order === "ascending" ? 1 : -1));
      });
    });
  }
}

/** Returns the other direction; a first click puts names from the first to the last, and numbers from the largest down. */
function nextOrder(head, column) {
  const before = head.getAttribute("aria-sort");
  if (before) return before === "ascending" ? "descending" : "ascending";
  return column === 0 ? "ascending" : "descending";
}

/**
 * Returns the rows in the order of one column. Names keep the order of the server, by pinyin; what is no number stays last.
 * @param {HTMLTableRowElement[]} rows
 */
function sorted(rows, column, direction) {
  const keyed = rows.map((row, place) => ({ row, place, key: column === 0 ? place : numberIn(row.cells[column]) }));
  keyed.sort((a, b) => {
    if (a.key === null || b.key === null) return Number(a.key === null) - Number(b.key === null) || a.place - b.place;
    return direction * (a.key - b.key) || a.place - b.place;
  });
  return keyed.map((one) => one.row);
}

/** Returns the first number in the text of a cell, or null. */
function numberIn(cell) {
  const found = cell.textContent.replaceAll(",", "").match(/\d+(\.\d+)?/);
  return found ? Number(found[0]) : null;
}
