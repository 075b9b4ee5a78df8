// The open ticket form. Typed text is stored in this browser at once, saved at the server 0.6 s later, and removed here
// only when the server has confirmed it. A save carries the revision: after another person's save, fields changed on one
// side only are merged, and a field changed on both sides is shown twice until the operator chooses.
import { getJson, postJson, Refused } from "../net.js";
import { word } from "../words.js";
import { showConflicts } from "./conflict.js";
import { readForm, showErrors, writeField } from "./fields.js";
import { forget, recall, remember } from "./keep.js";

const QUIET_MS = 600;
const RETRY_MS = 3000;
// Temporary errors: a session renewed in another tab (400) or over in a talk (401), too many requests (429).
const PASSING = new Set([400, 401, 429]);

/** One open draft; it lives as long as its form is on the page. */
export class Draft {
  #timer = null;
  #saving = null;
  #finishing = false;
  #conflicts = new Map();

  constructor(form, onStatus) {
    this.form = form;
    this.id = Number(form.dataset.ticket);
    this.revision = Number(form.dataset.revision);
    this.saved = readForm(form);
    this.onStatus = onStatus;
    form.addEventListener("input", () => this.#typed());
    form.addEventListener("submit", (event) => event.preventDefault());
    this.#restore();
  }

  /** Returns the values that differ from the server's, without fields whose conflict is open. */
  changes() {
    const now = readForm(this.form);
    const differs = (name) => now[name] !== this.saved[name] && !this.#conflicts.has(name);
    return Object.fromEntries(Object.keys(now).filter(differs).map((name) => [name, now[name]]));
  }

  get isSettled() {
    return Object.keys(this.changes()).length === 0 && this.#conflicts.size === 0;
  }

  #restore() {
    const kept = recall(this.id);
    if (!kept) return;
    for (const [name, value] of Object.entries(kept.values)) writeField(this.form, name, value);
    this.onStatus("restored");
    if (kept.revision !== this.revision) this.#merge(kept.base, this.saved);
    this.#typed();
  }

  #typed() {
    const changes = this.changes();
    if (Object.keys(changes).length) {
      remember(this.id, { revision: this.revision, base: this.saved, values: changes });
      this.onStatus("saving");
    }
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.save(), QUIET_MS);
  }

  /** Saves now; resolves to true when everything typed before the call is at the server. */
  async save() {
    clearTimeout(this.#timer);
    if (this.#saving) await this.#saving;
    const facts = this.changes();
    if (!Object.keys(facts).length) return this.#conflicts.size === 0;
    this.onStatus("saving");
    this.#saving = this.#send("save", facts);
    try {
      return Boolean(await this.#saving);
    } finally {
      this.#saving = null;
    }
  }

  async #send(how, facts) {
    try {
      const answer = await postJson(`/console/desk/tickets/${this.id}/${how}`, { revision: this.revision, facts });
      this.revision = answer.revision;
      Object.assign(this.saved, facts);
      if (this.isSettled) forget(this.id);
      this.onStatus("saved", answer.saved_clock);
      return answer;
    } catch (error) {
      return this.#trouble(how, error);
    }
  }

  async #trouble(how, error) {
    if (!(error instanceof Refused) || PASSING.has(error.status) || error.status >= 500) return this.#tryLater();
    if (error.status === 422) {
      showErrors(this.form, error.body.errors, how !== "save");
      this.onStatus(how === "save" ? "refused" : "incomplete");
      return false;
    }
    if (error.status === 409 && error.body?.stale) {
      return this.#catchUp();
    }
    this.onStatus("failed", error.body?.message);
    return false;
  }

  /** Keeps the typed text and sends it again later: the network, the server or the session is away. */
  #tryLater() {
    this.onStatus("unsaved");
    this.#timer = setTimeout(() => this.save(), RETRY_MS);
    return false;
  }

  async #catchUp() {
    try {
      const theirs = await getJson(`/console/desk/tickets/${this.id}`);
      this.revision = theirs.revision;
      this.#merge(this.saved, theirs.facts);
      this.#typed();
      return false;
    } catch (error) {
      console.warn("the other version could not be read yet", error);
      return this.#tryLater();
    }
  }

  /** Three-way merge: takes over a field changed by them only; a field changed on both sides becomes a conflict. */
  #merge(base, theirs) {
    const mine = readForm(this.form);
    for (const name of Object.keys(mine)) {
      if (theirs[name] === base[name] || theirs[name] === mine[name]) continue;
      if (mine[name] === base[name]) writeField(this.form, name, theirs[name]);
      else this.#conflicts.set(name, theirs[name]);
    }
    this.saved = { ...this.saved, ...theirs };
    this.#showConflicts();
  }

  #showConflicts() {
    showConflicts(this.form, this.#conflicts, (name, value) => {
      this.#conflicts.delete(name);
      writeField(this.form, name, value);
      this.#showConflicts();
      this.#typed();
    });
  }

  /** Finishes the ticket; resolves to the server's answer, or to false with the reason shown at the field. */
  async finish(how) {
    if (this.#finishing) return false;
    this.#finishing = true;
    try {
      return await this.#finish(how);
    } finally {
      this.#finishing = false;
    }
  }

  async #finish(how) {
    while (!this.isSettled) {
      if (await this.save()) continue;
      if (this.#conflicts.size) this.onStatus("failed", word("conflict"));
      return false;
    }
    const answer = await this.#send(how, {});
    if (answer) forget(this.id);
    return answer;
  }

  close() {
    clearTimeout(this.#timer);
  }

  /** Discards the draft: nothing of it stays in this browser. */
  drop() {
    this.close();
    forget(this.id);
  }
}
