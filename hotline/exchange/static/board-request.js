// One opened request: everything that was sent, and the document or error of the answer. It is not updated.
import { both, path } from "./board-words.js";

const dialog = /** @type {HTMLDialogElement} */ (document.getElementById("opened"));
const facts = document.getElementById("opened-facts");
const sent = document.getElementById("opened-sent");

export async function openRequest(id) {
  const answer = await fetch(`/requests/${id}`);
  if (!answer.ok) return;
  const request = await answer.json();
  document.getElementById("opened-title").textContent = `${both(request.kind)} · ${request.method} ${path(request.url)}`;
  facts.replaceChildren(...[
    ["时刻", "at", request.at],
    ["结果", "result", request.is_done ? String(request.status ?? "无答复 none") : "等待中 waiting"],
    ["用时", "took", `${request.milliseconds} ms`],
    ["尝试", "tries", String(request.tries)],
    ["故障", "fault", request.fault ? both(request.fault) : "—"],
    ["通话", "call", request.call || "—"],
    ["地址", "address", request.url],
    ["错误", "error", request.error || "—"],
  ].flatMap(([zh, en, value]) => fact(zh, en, value)));
  const names = Object.keys(request.sent).sort((one, other) => Number(!request.sent[one]) - Number(!request.sent[other]) || one.localeCompare(other));
  sent.replaceChildren(...names.map((name) => row(name, request.sent[name])));
  if (!names.length) sent.append(row("—", ""));
  document.getElementById("opened-answer").textContent = pretty(request) || request.error || "（空 empty）";
  if (!dialog.open) dialog.showModal();
}

function fact(zh, en, value) {
  const name = document.createElement("dt");
  const small = document.createElement("small");
  small.textContent = en;
  name.append(`${zh} `, small);
  const told = document.createElement("dd");
  told.textContent = value;
  return [name, told];
}

function row(name, value) {
  const node = document.createElement("tr");
  if (!value) node.className = "void";
  const head = document.createElement("th");
  head.textContent = name;
  const cell = document.createElement("td");
  cell.textContent = value;
  node.append(head, cell);
  return node;
}

/** Formats JSON with indentation and TwiML with one element a line; other text is returned unchanged. */
function pretty({ answer, content_type: type }) {
  if (type.includes("json")) try { return JSON.stringify(JSON.parse(answer), null, 2); } catch { return answer; }
  if (!type.includes("xml")) return answer;
  let depth = 0;
  return answer.replace(/>\s*</g, ">\n<").split("\n").map((line) => {
    if (/^<\//.test(line)) depth -= 1;
    const shown = "  ".repeat(Math.max(0, depth)) + line;
    if (/^<[A-Za-z][^>]*[^/]>$/.test(line) || /^<[A-Za-z]>$/.test(line)) depth += 1;
    return shown;
  }).join("\n");
}

dialog.querySelector(".close").addEventListener("click", () => dialog.close());
dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
