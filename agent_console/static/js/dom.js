// Typed access to the elements of a page.

/**
 * Returns the element with this id, or null when the page has none of this class.
 * @template {HTMLElement} [T=HTMLElement]
 * @param {string} id
 * @param {new () => T} [kind]
 * @returns {T}
 */
export function byId(id, kind) {
  const found = document.getElementById(id);
  return found instanceof (kind ?? HTMLElement) ? /** @type {T} */ (found) : null;
}

/**
 * Returns the first HTML element below `root` that matches, or null.
 * @param {string} selector
 * @param {ParentNode} [root]
 * @returns {HTMLElement}
 */
export function first(selector, root = document) {
  return root.querySelector(selector);
}

/**
 * Returns every HTML element below `root` that matches.
 * @param {string} selector
 * @param {ParentNode} [root]
 * @returns {HTMLElement[]}
 */
export function all(selector, root = document) {
  return [...root.querySelectorAll(selector)].filter((one) => one instanceof HTMLElement);
}

/**
 * Returns the element that an event came from or one around it, or null; events of the document itself have none.
 * @param {Event} event
 * @param {string} selector
 * @returns {HTMLElement}
 */
export function closest(event, selector) {
  return event.target instanceof Element ? event.target.closest(selector) : null;
}
