// Adds a field to each select of units that narrows it while a name, pinyin initials or a code are typed.
import { findUnits } from "./find_units.js";

export function startUnitFields() {
  for (const select of document.querySelectorAll("select[data-units]")) {
    if (select instanceof HTMLSelectElement) narrow(select);
  }
}

function narrow(select) {
  const [none, ...options] = select.options;
  const optionOf = new Map(
    options.map((option) => {
      const { keys, zh, initials } = option.dataset;
      return [{ keys, zh, initials }, option];
    }),
  );
  const query = document.createElement("input");
  query.type = "search";
  query.className = "unit-query";
  query.autocomplete = "off";
  query.placeholder = select.dataset.units;
  query.setAttribute("aria-label", select.dataset.unitsLabel);
  query.setAttribute("aria-controls", select.id);
  select.before(query);
  const chosen = select.value;
  query.addEventListener("input", () => {
    const typed = query.value.trim();
    const found = findUnits([...optionOf.keys()], typed).map((unit) => optionOf.get(unit));
    select.replaceChildren(...(typed && found.length ? found : [none, ...options]));
    select.value = typed && found.length ? found[0].value : chosen;
  });
  query.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    select.dispatchEvent(new Event("change", { bubbles: true }));
    if (!("submits" in select.dataset)) select.focus();
  });
}
