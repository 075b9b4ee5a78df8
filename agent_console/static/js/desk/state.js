// The desk's state: it is read whole and shown piece by piece. Only pieces that changed are replaced, so that nothing
// moves under the pointer or the caret.
import { getJson, postJson, setCsrfToken } from "../net.js";
import { setServerNow } from "../ticking.js";
import { readBlock } from "../words.js";

const PIECES = ["presence", "notices", "queue", "card", "history", "work"];
const QUEUE_MS = 2000;

/** Emits `change` (detail: {state, before}) after a new state is shown, and `lost` or `found` for the server. */
export class Desk extends EventTarget {
  state = readBlock("desk-state");
  #shown = { ...this.state.html };
  #asking = null;
  #askAgain = false;
  #queueTimer = null;
  #opening = false;

  /** Reads the state and shows it; any number of calls made meanwhile lead to one more request. */
  refresh() {
    if (this.#asking) {
      this.#askAgain = true;
      return this.#asking;
    }
    this.#asking = this.#ask().finally(() => {
      this.#asking = null;
      if (this.#askAgain) {
        this.#askAgain = false;
        this.refresh();
      }
    });
    return this.#asking;
  }

  async #ask() {
    try {
      this.#take(await getJson(`/console/desk/state?work=${encodeURIComponent(this.state.work_key)}`));
      this.dispatchEvent(new Event("found"));
    } catch (error) {
      this.dispatchEvent(new CustomEvent("lost", { detail: error }));
    }
  }

  #take(state) {
    const before = this.state;
    this.state = state;
    setServerNow(state.now);
    setCsrfToken(state.csrf);
    if (state.html.work !== undefined) this.dispatchEvent(new CustomEvent("leave-work", { detail: before }));
    for (const piece of PIECES) this.#show(piece, state.html[piece]);
    this.dispatchEvent(new CustomEvent("change", { detail: { state, before } }));
  }

  #show(piece, html) {
    if (html === undefined || this.#shown[piece] === html) return;
    this.#shown[piece] = html;
    const place = document.getElementById(piece);
    const wasOpen = Boolean(place.querySelector("details[data-keep-open][open]"));
    place.innerHTML = html;
    if (wasOpen) place.querySelector("details[data-keep-open]")?.setAttribute("open", "");
    setServerNow(this.state.now);
  }

  /** Reads the queue's figures only, about every two seconds at most. */
  refreshQueue() {
    if (this.#queueTimer) return;
    this.#queueTimer = setTimeout(async () => {
      this.#queueTimer = null;
      try {
        const answer = await getJson("/console/desk/queue");
        this.#show("queue", answer.queue);
        this.#show("notices", answer.notices);
      } catch (error) {
        this.dispatchEvent(new CustomEvent("lost", { detail: error }));
      }
    }, QUEUE_MS * (0.5 + Math.random()));
  }

  /** Opens the ticket of the current call as soon as the call is connected to this desk. */
  async openDraft() {
    const { stage, call_id: call, ticket_id: ticket } = this.state;
    if (ticket || this.#opening || !["connecting", "talking", "wrap_up"].includes(stage)) return;
    this.#opening = true;
    try {
      await postJson(`/console/desk/calls/${call}/draft`);
    } finally {
      this.#opening = false;
    }
    await this.refresh();
  }
}
