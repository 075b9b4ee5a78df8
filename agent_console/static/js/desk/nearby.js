// Looks up recent tickets of the same place while the place is typed.
const QUIET_MS = 500;

export class Nearby {
  #part = document.getElementById("nearby-part");
  #list = document.getElementById("nearby");
  #timer = null;
  #form = null;

  serve(form) {
    this.#form = form;
    this.#part.hidden = !form;
    if (!form) return;
    form.elements.place.addEventListener("input", () => this.#soon());
    this.#look();
  }

  #soon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#look(), QUIET_MS);
  }

  async #look() {
    const form = this.#form;
    const asked = new URLSearchParams({ place: form.elements.place.value.trim(), ticket: form.dataset.ticket });
    try {
      const response = await fetch(`/console/desk/nearby?${asked}`, { credentials: "same-origin" });
      if (response.ok && form === this.#form) this.#list.innerHTML = await response.text();
    } catch (error) {
      console.warn("the same-place look-up failed; the next change of the place repeats it", error);
    }
  }
}
