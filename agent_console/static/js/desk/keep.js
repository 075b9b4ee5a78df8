// What is typed and not yet confirmed by the server, kept in this browser through reloads and crashes.
const PREFIX = "hotline:draft:";

/** Keep `kept` ({revision, base, values}) for a ticket. A full or forbidden store is the caller's to know: it is logged. */
export function remember(ticket, kept) {
  try {
    localStorage.setItem(PREFIX + ticket, JSON.stringify(kept));
  } catch (error) {
    console.warn("this browser keeps nothing; unsaved text lives in this page only", error);
  }
}

export function recall(ticket) {
  const text = localStorage.getItem(PREFIX + ticket);
  return text ? JSON.parse(text) : null;
}

export function forget(ticket) {
  localStorage.removeItem(PREFIX + ticket);
}
