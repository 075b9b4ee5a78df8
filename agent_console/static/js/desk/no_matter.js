// The dialog for a call without a request: the call needs a reason before it may end.
import { byId, first } from "../dom.js";
import { postJson, Refused } from "../net.js";
import { word } from "../words.js";

/** Asks for the reason and records it; resolves to true when it is recorded, to false when the operator went back. */
export function askNoMatter(call) {
  const sheet = byId("no-matter", HTMLDialogElement);
  const form = byId("no-matter-form", HTMLFormElement);
  const wrong = document.getElementById("e-no_matter");
  form.reset();
  wrong.textContent = "";
  return new Promise((resolve) => {
    const submit = async (event) => {
      event.preventDefault();
      const { no_matter, note } = Object.fromEntries(new FormData(form));
      try {
        await postJson(`/console/desk/calls/${call}/no-matter`, { no_matter: no_matter ?? "", note });
        finish(true);
      } catch (error) {
        wrong.textContent = wordsOf(error);
      }
    };
    const closed = () => finish(false);
    const finish = (done) => {
      form.removeEventListener("submit", submit);
      sheet.removeEventListener("close", closed);
      if (sheet.open) sheet.close();
      resolve(done);
    };
    form.addEventListener("submit", submit);
    sheet.addEventListener("close", closed);
    sheet.showModal();
    first("input", form).focus();
  });
}

function wordsOf(error) {
  if (!(error instanceof Refused)) return word("offline");
  return error.body?.errors?.no_matter ?? error.body?.message ?? word("failed");
}
