// Makes or uses a passkey for a form: `data-passkey` is "create" or "get", `data-options` the server's options as JSON. The
// answer goes into the field with `data-passkey-answer`, and the form is sent.

import { first } from "./dom.js";

/** @param {string} text base64url */
function bytes(text) {
  const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(plain, (sign) => sign.charCodeAt(0));
}

/** @param {ArrayBuffer | null} buffer */
function base64url(buffer) {
  if (!buffer) return undefined;
  const plain = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

function described(list) {
  return (list ?? []).map((each) => ({ ...each, id: bytes(each.id) }));
}

async function create(options) {
  const publicKey = {
    ...options,
    challenge: bytes(options.challenge),
    user: { ...options.user, id: bytes(options.user.id) },
    excludeCredentials: described(options.excludeCredentials),
  };
  return navigator.credentials.create({ publicKey });
}

async function get(options) {
  const publicKey = {
    ...options,
    challenge: bytes(options.challenge),
    allowCredentials: described(options.allowCredentials),
  };
  return navigator.credentials.get({ publicKey });
}

/** Returns the credential as the server reads it. */
function asJson(credential) {
  const { response } = credential;
  return JSON.stringify({
    id: credential.id,
    rawId: base64url(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment ?? undefined,
    clientExtensionResults: {},
    response: {
      clientDataJSON: base64url(response.clientDataJSON),
      attestationObject: base64url(response.attestationObject),
      authenticatorData: base64url(response.authenticatorData),
      signature: base64url(response.signature),
      userHandle: base64url(response.userHandle),
    },
  });
}

/** @param {HTMLFormElement} form */
function prepare(form) {
  const button = /** @type {HTMLButtonElement} */ (first("[data-passkey-start]", form));
  const error = first("[data-passkey-error]", form);
  first("[data-passkey-part]", form).hidden = false;
  button.addEventListener("click", async () => {
    error.hidden = true;
    button.disabled = true;
    try {
      const options = JSON.parse(form.dataset.options);
      const credential = await (form.dataset.passkey === "create" ? create(options) : get(options));
      /** @type {HTMLInputElement} */ (first("[data-passkey-answer]", form)).value = asJson(credential);
      form.submit();
    } catch {
      // Cancelled, timed out, or no passkey here: the other ways stay.
      error.hidden = false;
      button.disabled = false;
    }
  });
}

if (window.PublicKeyCredential) {
  for (const form of document.querySelectorAll("form[data-passkey]")) prepare(/** @type {HTMLFormElement} */ (form));
}
