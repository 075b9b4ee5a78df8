"""The lines of an account's history: one sentence for each kind of event."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _

from agent_console.web.labels import LABELS, N_, actor_label, translated
from hotline.rules import enums
from hotline.store.people.users import TimelineEntry

# Event kind -> Chinese msgid. A test fails for an event about an account that has none.
SENTENCES: dict[str, str] = {
    "UserAdded": N_("建立账号"),
    "UserChanged": N_("修改账号：%(changes)s"),
    "PasswordSet": N_("设置密码（%(how)s）"),
    "AccountLinkMade": N_("生成%(kind)s链接"),
    "AccountLocked": N_("连续输错密码或验证码，账号锁定"),
    "SecondFactorAdded": N_("启用第二验证：%(factor)s"),
    "SecondFactorRemoved": N_("停用第二验证：%(factor)s"),
    "RecoveryCodesMade": N_("生成恢复码"),
    "RecoveryCodeUsed": N_("使用恢复码登录或确认身份"),
    "SessionEnded": N_("结束 %(count)s 个登录"),
    "ProviderLinked": N_("关联统一身份认证"),
    "ProviderUnlinked": N_("取消关联统一身份认证"),
    "WorkHandedOver": N_("移交未完工作：%(work)s"),
}
WAYS: dict[str, str] = {"own": N_("本人修改"), "link": N_("通过链接"), "command": N_("命令行")}
WORK: dict[str, str] = {
    "calls": N_("未登记的来电 %(n)s 通"),
    "drafts": N_("草稿 %(n)s 张"),
    "callers": N_("指定等候的来电人 %(n)s 位"),
    "escalations": N_("待跟进事项 %(n)s 条"),
}
CHANGED: dict[str, str] = {
    "display_name": N_("姓名"),
    "work_number": N_("工号"),
    "role": N_("角色"),
    "unit_code": N_("承办单位"),
    "contractor": N_("外包人员"),
    "duties": N_("管理职责"),
    "active": N_("启用"),
    "locked": N_("锁定"),
}
_TRUTH: dict[str, str] = {"true": N_("是"), "false": N_("否")}


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One line of the history, in the language of the request."""

    at: datetime
    text: str
    actor: str
    reason: str


def history_lines(entries: tuple[TimelineEntry, ...]) -> list[HistoryLine]:
    """Returns the history of an account in the language of this request."""
    return [
        HistoryLine(
            entry.event.at,
            _sentence(entry.event.kind, entry.event.data),
            actor_label(entry.event.actor, entry.person),
            str(entry.event.data.get("reason") or ""),
        )
        for entry in entries
    ]


def _sentence(kind: str, data: Mapping[str, Any]) -> str:
    if kind not in SENTENCES:
        return kind
    return str(
        _(
            SENTENCES[kind],
            changes="；".join(
                _change(name, before, data["after"].get(name))
                for name, before in data.get("before", {}).items()
            ),
            how=translated(WAYS, data.get("how", "")),
            kind=translated(LABELS[enums.LinkKind], data.get("kind") or ""),
            factor=_factor(data.get("kind")),
            count=data.get("count", ""),
            work="、".join(_(WORK[work], n=n) for work, n in data.get("counts", {}).items() if work in WORK),
        )
    )


def _factor(kind: str | None) -> str:
    return str(_("全部")) if kind is None else translated(LABELS[enums.FactorKind], kind)


def _change(name: str, before: str | None, after: str | None) -> str:
    changed = translated(CHANGED, name)
    return f"{changed} {_value(name, before)} → {_value(name, after)}" if before != after else changed


def _value(name: str, value: str | None) -> str:
    if value is None:
        return "–"
    match name:
        case "role":
            return translated(LABELS[enums.Role], value)
        case "duties":
            return "、".join(translated(LABELS[enums.Duty], duty) for duty in value.split(","))
        case "unit_code":
            return value
        case _:
            return translated(_TRUTH, value)
