"""The desk's softphone and its driver for the Voice SDK, run in Node with a device that behaves as the SDK's does."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

DEVICE = """
import assert from "node:assert/strict";
const PHONE = process.env.PHONE;
const settled = () => new Promise((resolve) => setTimeout(resolve, 0));
const listen = () => ({
  on(kind, act) { (this.heard[kind] ??= []).push(act); },
  emit(kind, ...rest) { for (const act of this.heard[kind] ?? []) act(...rest); },
});
class Device {
  static made = [];
  constructor(token, options) {
    Object.assign(this, listen(), { heard: {}, token, options, state: "unregistered", tokens: [], destroyed: false });
    Device.made.push(this);
  }
  static get last() { return Device.made.at(-1); }
  async register() { this.state = "registered"; this.emit("registered"); }
  cut() { this.state = "unregistered"; this.emit("unregistered"); }
  updateToken(token) { this.tokens.push(token); }
  removeAllListeners() { this.heard = {}; }
  destroy() { this.destroyed = true; }
  ring(sid) {
    const call = { ...listen(), heard: {}, parameters: { CallSid: sid }, customParameters: new Map([["offer", "7"]]) };
    this.emit("incoming", call);
    return call;
  }
}
globalThis.window = { Twilio: { Device } };
"""

DRIVER = """
const { TwilioDriver } = await import(`${PHONE}/twilio.js`);
const told = [];
const driver = new TwilioDriver({ script: "x", token: "t" });
await driver.start((kind, detail) => told.push([kind, detail?.code, detail?.keepsCalls]));
const kinds = () => told.map(([kind]) => kind);
assert.deepEqual(kinds(), ["up"]);
told.length = 0;
"""

SOFTPHONE = """
const { Softphone } = await import(`${PHONE}/softphone.js`);
globalThis.document = { querySelector: () => ({ content: "csrf" }) };
let tokens = 0;
let refuses = false;
let refused = 0;
globalThis.fetch = async () => {
  if (refuses) throw new Error(`no network ${++refused}`);
  const line = { driver: "twilio", script: "x", token: `t${++tokens}`, lives_seconds: 3600 };
  return { ok: true, status: 200, headers: new Headers({ "Content-Type": "application/json" }), json: async () => line };
};
const phone = new Softphone();
await phone.start();
assert.equal(phone.state, "on");
const until = async (wanted) => {
  for (const end = Date.now() + 5000; !wanted(); await settled()) assert.ok(Date.now() < end, "not in time");
};
"""


def run(*parts: str) -> None:
    phone = ROOT / "agent_console" / "static" / "js" / "desk" / "phone"
    path = os.pathsep.join((str(ROOT / ".venv" / "bin"), os.environ.get("PATH", "")))
    answer = subprocess.run(
        ["node", "--input-type=module", "-e", "".join((*parts, "process.exit(0);"))],
        env=os.environ | {"PATH": path, "PHONE": phone.as_uri()},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert answer.returncode == 0, answer.stderr


@pytest.mark.parametrize(
    "script",
    [
        'Device.last.cut(); assert.deepEqual(told, [["down", undefined, false]]);',
        'Device.last.emit("tokenWillExpire"); assert.deepEqual(kinds(), ["renew"]);',
        'Device.last.emit("destroyed"); assert.deepEqual(kinds(), ["down"]);',
        'Device.last.emit("error", { code: 31005, message: "x" }); assert.deepEqual(kinds(), ["trouble"]);',
        *(
            f'Device.last.emit("error", {{ code: {code}, message: "x" }});'
            f' assert.deepEqual(told, [["down", {code}, false], ["renew", undefined, undefined]]);'
            for code in (20101, 20104, 20107)
        ),
        'Device.last.ring("CA1"); Device.last.cut(); assert.deepEqual(told.at(-1), ["down", undefined, true]);',
    ],
)
def test_the_driver_says_when_the_telephone_cannot_ring(script: str) -> None:
    run(DEVICE, DRIVER, script)


@pytest.mark.parametrize(
    "broken",
    [
        'Device.last.updateToken = () => { throw new Error("destroyed"); };',
        'Device.last.updateToken = async () => { throw new Error("refused"); };',
        'Device.last.state = "unregistered"; Device.last.register = async () => { throw new Error("refused"); };',
    ],
)
def test_a_device_that_takes_no_new_token_counts_as_lost(broken: str) -> None:
    run(DEVICE, DRIVER, broken, 'await driver.renew("t2"); assert.deepEqual(kinds(), ["down"]);')


def test_a_new_token_registers_an_unregistered_device_again() -> None:
    run(
        DEVICE,
        DRIVER,
        'Device.last.cut(); await driver.renew("t2");',
        'assert.deepEqual(Device.last.tokens, ["t2"]); assert.deepEqual(kinds(), ["down", "up"]);',
    )


def test_a_telephone_that_was_cut_off_is_shown_as_off_and_comes_back_with_a_new_token() -> None:
    run(
        DEVICE,
        SOFTPHONE,
        """
const old = Device.last;
old.cut();
assert.equal(phone.state, "off");
assert.ok(phone.isLost);
await until(() => phone.state === "on");
assert.ok(old.destroyed && Device.last.token === "t2" && !phone.isLost);
""",
    )


def test_an_expired_token_is_renewed_at_once_on_the_same_device() -> None:
    run(
        DEVICE,
        SOFTPHONE,
        """
Device.last.state = "unregistered";
Device.last.emit("error", { code: 20104, message: "AccessTokenExpired" });
assert.equal(phone.state, "off");
await until(() => phone.state === "on");
assert.deepEqual(Device.last.tokens, ["t2"]);
assert.equal(Device.made.length, 1);
""",
    )


def test_a_call_goes_on_while_the_registration_is_lost() -> None:
    run(
        DEVICE,
        SOFTPHONE,
        """
const call = Device.last.ring("CA1");
call.emit("accept");
const ended = [];
phone.addEventListener("ended", () => ended.push(1));
Device.last.cut();
assert.equal(phone.state, "off");
assert.equal(phone.open.callSid, "CA1");
await until(() => phone.state === "on");
assert.equal(phone.open.callSid, "CA1");
assert.equal(Device.made.length, 1);
assert.deepEqual(ended, []);
call.emit("disconnect");
assert.equal(phone.open, null);
""",
    )


def test_a_server_that_gives_no_token_is_tried_again() -> None:
    run(
        DEVICE,
        SOFTPHONE,
        """
refuses = true;
Device.last.cut();
await until(() => refused > 0);
refuses = false;
await until(() => phone.state === "on");
""",
    )


def test_a_telephone_outside_the_browser_is_always_on_and_is_answered_outside() -> None:
    run(
        DEVICE,
        SOFTPHONE.replace('driver: "twilio"', 'driver: "sip", reports_answer: true, address: "sip:op_3@pbx"'),
        """
assert.deepEqual([phone.isOutside, phone.reportsAnswer, phone.address], [true, true, "sip:op_3@pbx"]);
assert.equal(phone.hangUp(), false);
assert.equal(Device.made.length, 0);
""",
    )


def test_an_installation_without_telephones_shows_them_as_off() -> None:
    run(
        DEVICE,
        SOFTPHONE.replace('driver: "twilio"', 'driver: "none"').replace(
            'assert.equal(phone.state, "on");', ""
        ),
        'assert.equal(phone.state, "off");',
    )


def test_the_device_takes_the_options_of_the_installation() -> None:
    run(
        DEVICE,
        DRIVER.replace('token: "t"', 'token: "t", sdk: { edge: ["singapore"], chunderw: "voice.example" }'),
        'assert.deepEqual([Device.last.options.edge, Device.last.options.chunderw], [["singapore"], "voice.example"]);',
    )
