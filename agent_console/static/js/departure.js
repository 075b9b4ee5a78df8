// Calls ring on the desk's page only. When its last tab is closed or goes to another page, a ready operator becomes not
// ready, and the next page of this tab says so. A page that is reloaded makes the operator ready again.
import { byId } from "./dom.js";
import { csrfToken } from "./net.js";

const TABS = "hotline:desk-tabs";
const LEFT = "hotline:left-desk";
const LOCK = "hotline-desk-tab:";
const RELOAD_MS = 20_000;

const tabs = () => JSON.parse(localStorage.getItem(TABS) ?? "[]");
const keep = (ids) => localStorage.setItem(TABS, JSON.stringify(ids));

/** Shows on any page but the desk's that the operator has just left the desk. */
export function showDeparture() {
  if (byId("desk")) return;
  const note = byId("left-desk");
  if (note && sessionStorage.getItem(LEFT)) note.hidden = false;
  sessionStorage.removeItem(LEFT);
}

/** Returns whether this tab left the desk a moment ago for the desk itself, as a reload or another language does. */
export function wasReloaded() {
  const left = Number(sessionStorage.getItem(LEFT));
  sessionStorage.removeItem(LEFT);
  return Date.now() - left < RELOAD_MS;
}

/** Watches this tab of the desk; `isOffered()` tells whether calls ring here, so that leaving matters. */
export class DeskTab {
  #id = Math.random().toString(36).slice(2);

  constructor(isOffered) {
    keep([...tabs(), this.#id]);
    navigator.locks.request(LOCK + this.#id, () => new Promise(() => {}));
    this.forgetCrashed();
    window.addEventListener("pagehide", () => this.#leave(isOffered()));
    // The back button may show this page as it was left: without a telephone, and with an old state.
    window.addEventListener("pageshow", (event) => event.persisted && location.reload());
  }

  /** Forgets tabs that ended without a word: their locks are released. */
  async forgetCrashed() {
    const { held } = await navigator.locks.query();
    const alive = new Set(held.map(({ name }) => name));
    keep(tabs().filter((id) => id === this.#id || alive.has(LOCK + id)));
  }

  #leave(isOffered) {
    const others = tabs().filter((id) => id !== this.#id);
    keep(others);
    if (!isOffered || others.length) return;
    sessionStorage.setItem(LEFT, String(Date.now()));
    // `keepalive`: the request outlives the page.
    fetch("/console/desk/leave", { method: "POST", keepalive: true, headers: { "X-CSRFToken": csrfToken() } });
  }
}
