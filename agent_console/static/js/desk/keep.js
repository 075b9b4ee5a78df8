// Text that the server has not confirmed yet, stored in this browser so that it survives reloads and crashes.
const PREFIX = "hotline:draft:";
const KEPT_MS = 3 * 24 * 3600 * 1000;

/** Stores `kept` ({revision, base, values}) for a ticket. A full or forbidden storage is logged. */
export function remember(ticket, kept) {
  try {
    localStorage.setItem(PREFIX + ticket, JSON.stringify({ ...kept, at: Date.now() }));
  } catch (error) {
    console.warn("the browser's storage is not available; unsaved text lives in this page only", error);
  }
}

export function recall(ticket) {
  const text = localStorage.getItem(PREFIX + ticket);
  return text ? JSON.parse(text) : null;
}

/** Removes entries older than three days; their tickets were finished elsewhere. */
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
