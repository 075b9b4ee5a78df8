// The labels of the status page: Chinese first, the carrier's term beside it.
const WORDS = {
  queued: "待呼", initiated: "已发起", ringing: "振铃", "in-progress": "通话中", completed: "已结束", busy: "忙",
  failed: "失败", "no-answer": "无应答", canceled: "已取消",
  init: "等待", connected: "在线", connecting: "接入中", complete: "已离开", paused: "暂停", stopped: "停止",
  absent: "空", deleted: "已删除",
  Say: "播报", Play: "放音", Pause: "停顿", Gather: "等按键", Record: "留言", Enqueue: "入队", Dial: "接通", Redirect: "转向",
  voice: "来电文档", gather: "按键", record: "留言后", enqueue: "出队后", dial: "接通后", redirect: "转向", moved: "改道",
  wait: "等候文档", leg: "对方提示", "queue-whisper": "出队提示", "conference-document": "会议文档", fallback: "备用",
  play: "音频", status: "状态", conference: "会议事件", recording: "录音事件",
  detection: "应答检测", "partial-speech": "语音片段", transcription: "转写",
  "create-call": "发起呼叫", "list-calls": "呼叫列表", "fetch-call": "查呼叫", "update-call": "改呼叫", "delete-call": "删呼叫",
  "list-recordings": "录音列表", "start-recording": "开始录音", "fetch-recording": "查录音", "update-recording": "改录音",
  "delete-recording": "删录音", "create-queue": "建队列", "list-queues": "队列列表", "fetch-queue": "查队列",
  "update-queue": "改队列", "delete-queue": "删队列", "list-members": "排队列表", "fetch-member": "查排队者",
  "update-member": "接出排队者", "list-conferences": "会议列表", "fetch-conference": "查会议", "update-conference": "改会议",
  "list-participants": "席位列表", "create-participant": "加席位", "fetch-participant": "查席位",
  "update-participant": "改席位", "remove-participant": "撤席位", media: "取录音", "dial-number": "转接号码",
  duplicate: "同时发两次", "duplicate-after": "答复后再发", reorder: "乱序", drop: "丢失", delay: "迟到",
  "bad-signature": "签名错误", "lost-answer": "答复丢失", "time-out": "超时", replay: "旧请求重放",
  "hang-up-when-sent": "发出时挂机", "hang-up-when-answered": "答复时挂机", "too-many-requests": "请求过多",
  unavailable: "暂不可用", "error-after": "生效后报错", "cut-after": "生效后断开", "no-route": "内地不可达",
};

/** Returns the label and the carrier's term, such as 通话中 in-progress. */
export function both(word) { return WORDS[word] ? `${WORDS[word]} ${word}` : word; }

/** Returns the label alone, where there is no space for both. */
export function brief(word) { return WORDS[word] ?? word; }

/** Returns a short label of a call's direction. */
export const WAYS = { inbound: "呼入 in", "outbound-api": "呼出 out", "outbound-dial": "转接 dial" };

/** Formats seconds as 0:42, 12:05 or 1:02:03. */
export function lasting(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  const two = (part) => String(part).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** Shortens an id to CA…1f2e3d; the title holds the whole id. */
export function short(sid) { return sid ? `${sid.slice(0, 2)}…${sid.slice(-6)}` : ""; }

/** Returns the path of a URL; scheme and host are the same for all. */
export function path(url) { return url.replace(/^https?:\/\/[^/]+/, "").replace(/^\/2010-04-01\/Accounts\/AC[0-9a-f]+/, "…") || "/"; }
