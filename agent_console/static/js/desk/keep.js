// What is typed and not yet confirmed by the server, kept in this browser through reloads and crashes.
const PREFIX = "hotline:draft:";
const KEPT_MS = 3 * 24 * 3600 * 1000;

/** Keep `kept` ({revision, base, values}) for a ticket. A full or forbidden store is the caller's to know: it is logged. */
export function remember(ticket, kept) {
  try {
    localStorage.setItem(PREFIX + ticket, JSON.stringify({ ...kept, at: Date.now() }));
  } catch (error) {
    console.warn("this browser keeps nothing; unsaved text lives in this page only", error);
  }
}

export function recall(ticket) {
  const text = localStorage.getItem(PREFIX + ticket);
  return text ? JSON.parse(text) : null;
}

/** Throw away what is older than three days: its ticket was long finished elsewhere. */
export function clearOld() {
  for (const key of Object.keys(localStorage)) {
    if (!key.startsWith(PREFIX)) continue;
    const { at } = JSON.parse(localStorage.getItem(key));
    if (!(Date.now() - at < KEPT_MS)) localStorage.removeItem(key);
  }
}

export function forget(ticket) {
  localStorage.removeItem(PREFIX + ticket);
}
