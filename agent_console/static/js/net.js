// JSON requests to the console's own server; a POST carries the CSRF token. Without a session the sign-in page follows;
// in a talk `signed-out` is dispatched to the document instead.

/** @returns {HTMLMetaElement} */
function csrfMeta() {
  return document.querySelector('meta[name="csrf-token"]');
}

export function csrfToken() {
  return csrfMeta().content;
}

/** Replaces the token: another tab may have begun a new session. */
export function setCsrfToken(token) {
  csrfMeta().content = token;
}

/** An answer other than 2xx, with its `status` and parsed `body` (null unless it is JSON). */
export class Refused extends Error {
  constructor(status, body) {
    super(`refused with ${status}`);
    this.status = status;
    this.body = body;
  }
}

async function ask(path, init) {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), 10_000);
  try {
    const headers = { Accept: "application/json", ...init.headers };
    const response = await fetch(path, { ...init, headers, credentials: "same-origin", signal: abort.signal });
    const isJson = response.headers.get("Content-Type")?.includes("json");
    const body = isJson ? await response.json() : null;
    // Leaving the page would end the talk; the sign-in page follows with the next request after it.
    if (response.status === 401) {
      if (document.body.hasAttribute("data-in-talk")) document.dispatchEvent(new Event("signed-out"));
      else location.assign(`/login?${new URLSearchParams({ next: location.pathname + location.search })}`);
    }
    if (!response.ok) throw new Refused(response.status, body);
    return body;
  } finally {
    clearTimeout(timer);
  }
}

export function getJson(path) {
  return ask(path, { method: "GET" });
}

export function postJson(path, body = {}) {
  const headers = { "Content-Type": "application/json", "X-CSRFToken": csrfToken() };
  return ask(path, { method: "POST", headers, body: JSON.stringify(body) });
}
