// The status page: requests all values once a second and updates each panel.
import { faultRows, offer, onChange } from "./board-faults.js";
import { openRequest } from "./board-request.js";
import { hold, letIn, renew } from "./board-rows.js";
import { WAYS, both, brief, lasting, path, short } from "./board-words.js";

const EVERY = 1000;
const which = /** @type {HTMLSelectElement} */ (document.getElementById("which"));
const state = document.getElementById("state");
let board = null;

const id = (sid) => ({ text: short(sid), title: sid, style: "id" });
const time = (seconds) => ({ text: lasting(seconds), style: "n" });
const over = (item) => (item.is_over ? "over" : "");

function doing(call) {
  const act = call.act && (call.act.what === "→" ? `问应用 asks ${both(call.act.detail)}` : [both(call.act.what), call.act.detail].filter(Boolean).join(" "));
  if (call.queue) return { text: `排队 ${call.queue.name} 第${call.queue.place}位${act ? ` · ${act}` : ""}`, since: call.queue.for };
  if (call.room) return { text: `会议 ${call.room.name}`, since: call.room.for };
  return { text: act || "—", since: call.act ? call.act.for : call.for };
}

const PANELS = {
  calls: ({ calls }) => calls.map((call) => {
    const now = doing(call);
    return {
      key: call.sid, style: over(call), counts: !call.is_over,
      cells: [id(call.sid), { text: WAYS[call.direction], title: `${call.direction} ${call.parent ?? ""}` }, `${call.from} → ${call.to}`, both(call.status),
        call.is_over ? "" : now.text, time(call.is_over ? call.for : now.since),
        call.is_kept ? { node: () => transcript(call.sid) } : ""],
    };
  }),
  queues: ({ queues }) => queues.flatMap((queue) => [
    { key: queue.sid, style: "head", counts: false, cells: [queue.name, { text: `${queue.members.length} / ${queue.limit}`, style: "n" }, ""] },
    ...queue.members.map((member, place) => ({ key: member.call, style: "seat", cells: [{ text: `${place + 1}. ${member.from}`, title: member.call }, "", time(member.for)] })),
  ]),
  conferences: ({ conferences }) => conferences.flatMap((room) => [
    { key: room.sid, style: `head ${over(room)}`, counts: !room.is_over, cells: [{ text: room.name, title: room.sid }, { text: both(room.status), title: room.why ?? room.status }, ""] },
    ...room.seats.map((seat) => ({
      key: `${room.sid}/${seat.call}`, style: "seat", counts: false,
      cells: [[`${seat.who} · ${short(seat.call)}`, seat.muted && "静音 muted", seat.hold && "保持 hold", seat.coaching && "耳语 coaching", seat.ends && "离开即散 ends"].filter(Boolean).join(" · "), both(seat.status), time(seat.for)],
    })),
  ]),
  recordings: ({ recordings }) => recordings.map((tape) => ({ key: tape.sid, cells: [id(tape.sid), { text: `${tape.source} · ${short(tape.of)}`, title: tape.of }, tape.status === "in-progress" ? "录制中 in-progress" : both(tape.status), time(tape.for)] })),
  devices: ({ devices }) => devices.map((device) => ({ key: device.address, cells: [device.address, { text: String(device.count), style: "n" }, device.busy ? "通话中 busy" : "空闲 free"] })),
  requests: ({ requests }) => requests.filter(wanted).map((request) => ({
    key: request.id, open: () => openRequest(request.id), style: request.fault ? "faulty" : "",
    cells: [request.at, { text: `${request.is_rest ? "← " : "→ "}${both(request.kind)}` }, { text: `${request.method} ${path(request.url)}`, title: request.url }, result(request),
      { text: request.is_done ? String(request.milliseconds) : "…", style: "n" }, id(request.call)],
  })),
  troubles: ({ troubles }) => troubles.map((trouble) => ({
    key: trouble.id,
    cells: [trouble.at, { text: String(trouble.code), style: "bad" }, trouble.text, id(trouble.call)],
  })),
  faults: faultRows,
};

function isBad(request) { return request.is_done && (request.status === null || request.status >= 400); }

function wanted(request) {
  return { all: true, webhooks: !request.is_rest, rest: request.is_rest, bad: isBad(request) || request.fault !== "" }[which.value];
}

function result(request) {
  const fault = request.fault ? `⚡${brief(request.fault)}` : "";
  const tries = request.tries > 1 ? `×${request.tries}` : "";
  const status = request.is_done ? (request.status ?? "无答复 none") : "等待 waiting";
  return { text: [status, tries, fault].filter(Boolean).join(" "), title: request.error || undefined, style: isBad(request) ? "bad" : request.is_done ? "ok" : "" };
}

function transcript(sid) {
  const link = document.createElement("a");
  link.href = `/calls/${sid}/transcript`;
  link.target = "_blank";
  link.textContent = "全文";
  link.title = "通话全文 transcript";
  return link;
}

function draw(name) {
  if (board) renew(document.getElementById(name), PANELS[name](board));
}

function drawAll() {
  Object.keys(PANELS).forEach(draw);
  const live = board.calls.filter((call) => !call.is_over).length;
  const waiting = board.queues.reduce((sum, queue) => sum + queue.members.length, 0);
  const faults = board.faults.filter((fault) => fault.is_on && !fault.is_spent).length;
  document.getElementById("number").textContent = board.number;
  document.getElementById("figures").textContent = `在线 live ${live} · 排队 waiting ${waiting} · 故障 faults ${faults}${board.pace === 1 ? "" : ` · 时速 pace ×${Number((1 / board.pace).toPrecision(3))}`}`;
}

async function refresh() {
  try {
    const answer = await fetch("/board.json", { cache: "no-store" });
    board = await answer.json();
    offer(board.kinds);
    drawAll();
    state.textContent = "● 实时 live";
    state.className = "ok";
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    state.textContent = "○ 与交换机断开 disconnected";
    state.className = "bad";
  }
}

async function keepRefreshing() {
  if (!document.hidden) await refresh();
  setTimeout(keepRefreshing, EVERY);
}

for (const name of Object.keys(PANELS)) hold(document.getElementById(name), () => draw(name));
document.addEventListener("keydown", (event) => {
  if (event.key.toLowerCase() !== "n" || event.ctrlKey || event.metaKey || (event.target instanceof Element && event.target.closest("input, select, dialog"))) return;
  for (const name of Object.keys(PANELS)) letIn(document.getElementById(name), () => draw(name));
});
which.addEventListener("change", () => draw("requests"));
onChange(refresh);
document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });
keepRefreshing();
