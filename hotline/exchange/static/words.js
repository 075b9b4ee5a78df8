// The phone's labels in both languages; the texts of the hotline come from the hotline.
const zh = {
  title: "市民的电话", aloud: "朗读", other: "English", heard: "听到的话", speak: "打字代替说话，回车说出",
  say: "说", incoming: "来电", answer: "接听", reject: "拒接", to: "拨打号码", call: "拨打", hangup: "挂断",
  me: "我的号码", change: "更换", hint: "键盘：0–9 * # 按键，回车拨打或接听，Esc 挂断",
  idle: "未通话", dialling: "正在呼叫", ringing: "来电", talking: "通话中", ended: "通话结束", beep: "（嘀）",
  connected: "可以通话", connecting: "正在连接交换机…", lost: "与交换机断开，正在重连…",
  replaced: "此号码已在另一个窗口使用", refused: "号码不正确", joined: "在线：", alone: "对方已离开",
  operator: "话务员", other_side: "对方", sound: "（播放录音）", impossible: "现在不能这样操作。", in_call: "通话结束后才能更换号码",
  waiting: "拨打热线，听到的话会显示在这里。", voice_me: "您", voice_them: "对方", taped: "● 录音中",
  voice: {
    me: {
      off: "", asking: "请允许使用麦克风", none: "没有麦克风，请打字", alone: "麦克风就绪", typed: "对方没有声音，请打字", muted: "静音，对方听不到",
      connecting: "正在接通声音…", failed: "声音接不通，请打字", quiet: "请讲", heard: "对方听得到您",
    },
    them: {
      off: "", alone: "没有人在线", typed: "对方只打字", muted: "对方静音或没有麦克风", connecting: "正在接通声音…",
      failed: "声音接不通，请看文字", quiet: "没有声音", heard: "您听得到对方",
    },
  },
  status: { completed: "已挂断", busy: "对方忙", "no-answer": "无人接听", failed: "空号或无法接通", canceled: "已取消", missed: "未接来电" },
};
const en = {
  title: "A citizen's telephone", aloud: "Read aloud", other: "中文", heard: "What is said",
  speak: "Type instead of speaking, Enter to say it", say: "Say", incoming: "Incoming call", answer: "Answer",
  reject: "Decline", to: "Number to call", call: "Call", hangup: "Hang up", me: "My number", change: "Change",
  hint: "Keyboard: 0–9 * # press keys, Enter calls or answers, Esc hangs up",
  idle: "Not in a call", dialling: "Calling", ringing: "Incoming call", talking: "In a call", ended: "Call ended",
  beep: "(beep)", connected: "Ready to call", connecting: "Connecting to the exchange…",
  lost: "Lost the exchange, reconnecting…", replaced: "This number is in use in another window",
  refused: "Not a telephone number", joined: "On the line: ", alone: "The other side has left",
  operator: "Operator", other_side: "Other side", sound: "(recorded sound)", impossible: "That is not possible now.",
  in_call: "The number can be changed after the call",
  waiting: "Call the hotline: what is said appears here.", voice_me: "You", voice_them: "Them", taped: "● recorded",
  voice: {
    me: {
      off: "", asking: "Please allow the microphone", none: "No microphone: please type", alone: "Microphone ready",
      typed: "They can only read: please type", muted: "Muted: you are not heard", connecting: "Connecting sound…", failed: "No sound: please type",
      quiet: "Please speak", heard: "You are heard",
    },
    them: {
      off: "", alone: "Nobody on the line", typed: "They only type", muted: "Muted, or no microphone",
      connecting: "Connecting sound…", failed: "No sound: please read", quiet: "Silent", heard: "You hear them",
    },
  },
  status: { completed: "hung up", busy: "busy", "no-answer": "no answer", failed: "cannot be reached", canceled: "cancelled", missed: "missed call" },
};
export const WORDS = { zh, en };

/** Returns every "press N" choice of a Chinese or English prompt as [{key, label}], in the order of speech. */
export function choices(text) {
  const names = { 星号: "*", 星: "*", 米字: "*", 井号: "#", 井: "#", star: "*", hash: "#", pound: "#" };
  const found = [];
  let before = "";
  for (const clause of text.split(/[，。；、！？,.;!?\n]/)) {
    const match = /(?:请?按|请?拨|press)\s*(星号|井号|米字|星|井|star|hash|pound|[0-9*#])\s*(?:号?键)?/i.exec(clause);
    if (!match) { before = clause; continue; }
    const key = names[match[1].toLowerCase()] ?? match[1];
    const outside = clause.replace(match[0], " ").trim();
    const label = (outside || before).replace(/^\s*(如需|需要|for|to)\s*/i, "").trim();
    if (!found.some((choice) => choice.key === key)) found.push({ key, label });
    before = "";
  }
  return found;
}
