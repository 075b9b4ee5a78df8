"""The one mapping from a domain error to its HTTP status, its problem code and its words.

API problems, the desk's scripts and pages all read it, so that one error has one status everywhere. The codes are part
of the public API (RFC 9457 problem details); the words are Chinese msgids.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from agent_console.web.labels import N_
from hotline.rules import errors
from hotline.rules.errors import DomainError
from hotline.rules.tickets.rows import ImportRefused
from hotline.services.calendar import CalendarRefused
from hotline.store.cursors import BadCursor


@dataclass(frozen=True, slots=True)
class ProblemType:
    """A kind of problem: its HTTP status and its title."""

    status: int
    title: str


PROBLEM_TYPES: dict[str, ProblemType] = {
    "bad_cursor": ProblemType(400, N_("游标无效，请从第一页重新读取")),
    "not_allowed": ProblemType(403, N_("没有权限")),
    "not_found": ProblemType(404, N_("没有找到")),
    "action_not_allowed": ProblemType(409, N_("当前状态不允许此操作")),
    "stale_revision": ProblemType(409, N_("内容已被他人修改，请重新读取")),
    "lost_race": ProblemType(409, N_("已被他人抢先处理，请重新读取")),
    "unfinished_call": ProblemType(409, N_("上一通来电尚未处理完毕")),
    "name_taken": ProblemType(409, N_("名称已被使用")),
    "conflict": ProblemType(409, N_("操作没有成功")),
    "bad_fields": ProblemType(422, N_("有字段未被接受")),
    "bad_file": ProblemType(422, N_("文件内容有误")),
    "key_reused": ProblemType(422, N_("此 Idempotency-Key 已用于另一内容的请求")),
}


@dataclass(frozen=True, slots=True)
class ErrorEntry:
    """The problem code of an error, and the sentence people read."""

    code: str
    words: str

    @property
    def status(self) -> int:
        return PROBLEM_TYPES[self.code].status

    @property
    def title(self) -> str:
        return PROBLEM_TYPES[self.code].title


ERRORS: dict[type[Exception], ErrorEntry] = {
    errors.NoSuchCall: ErrorEntry("not_found", N_("找不到这通电话。")),
    errors.NoSuchTicket: ErrorEntry("not_found", N_("找不到这张工单。")),
    errors.NoSuchCallback: ErrorEntry("not_found", N_("找不到这条回拨登记。")),
    errors.NoSuchDial: ErrorEntry("not_found", N_("找不到这次外呼。")),
    errors.NoSuchPerson: ErrorEntry("not_found", N_("找不到这位用户。")),
    errors.NoSuchLink: ErrorEntry("not_found", N_("找不到这个链接，或链接已失效。")),
    errors.NoSuchToken: ErrorEntry("not_found", N_("找不到这个令牌。")),
    errors.UnmappedClaims: ErrorEntry(
        "not_allowed", N_("统一身份认证给出的岗位或单位在本系统没有对应的角色，请联系管理员。")
    ),
    errors.NoProviderAccount: ErrorEntry("not_allowed", N_("您在本系统没有可用的账号，请联系管理员。")),
    errors.UnreadableSecret: ErrorEntry(
        "conflict", N_("系统密钥已更换，验证器不能核对。请使用恢复码，或请管理员重置第二验证。")
    ),
    errors.LastAdministrator: ErrorEntry("conflict", N_("至少要保留一位能管理用户的管理员。")),
    errors.NoSuchRecording: ErrorEntry("not_found", N_("找不到这段录音。")),
    errors.NoSuchOutage: ErrorEntry("not_found", N_("找不到这条通知。")),
    errors.NoSuchDelivery: ErrorEntry("not_found", N_("找不到这条投递。")),
    errors.ReasonNeeded: ErrorEntry("bad_fields", N_("请选择查看原因。")),
    errors.NoSuchEscalation: ErrorEntry("not_found", N_("找不到这条待跟进事项。")),
    errors.NoSuchFlow: ErrorEntry("not_found", N_("找不到这个流程版本。")),
    errors.NoSuchCityVersion: ErrorEntry("not_found", N_("找不到这一版城市设置。")),
    errors.UnitInUse: ErrorEntry("conflict", N_("单位还有未办结的工单或用户，请先填写承接单位。")),
    errors.UnknownUnit: ErrorEntry("bad_fields", N_("没有这个承办单位，请重新选择。")),
    errors.UnknownSkill: ErrorEntry("bad_fields", N_("没有这项技能，请重新选择。")),
    errors.BadNumber: ErrorEntry("bad_fields", N_("这不是可以拨打的号码。")),
    errors.InvalidFields: ErrorEntry("bad_fields", N_("有字段需要修改。已填内容都在，请看标红处。")),
    errors.MissingFields: ErrorEntry("bad_fields", N_("还缺几项。已填内容都在，请补齐标红处。")),
    errors.NotAllowed: ErrorEntry("not_allowed", N_("您不能进行此操作。")),
    errors.ActionNotAllowed: ErrorEntry("action_not_allowed", N_("工单状态已变化，这一步不再可用。")),
    errors.StaleRevision: ErrorEntry(
        "stale_revision", N_("内容刚被他人修改，请核对最新内容后重试；您填写的内容已保留。")
    ),
    errors.LostRace: ErrorEntry("lost_race", N_("状态刚刚变化，请以最新内容为准。")),
    errors.UnfinishedCall: ErrorEntry(
        "unfinished_call", N_("请先提交上一通来电的工单（答复或转办），或登记为无诉求。")
    ),
    errors.NameTaken: ErrorEntry("name_taken", N_("这个名称已被使用，请换一个。")),
    CalendarRefused: ErrorEntry("bad_file", N_("文件中有错误的行，没有写入任何内容。")),
    ImportRefused: ErrorEntry("bad_file", N_("文件中有错误的行，没有导入任何内容。")),
    errors.KeyReused: ErrorEntry("key_reused", N_("此 Idempotency-Key 已用于另一内容的请求。")),
    BadCursor: ErrorEntry("bad_cursor", N_("地址中的翻页位置无效，请从第一页重新读取。")),
}

UNLISTED = ErrorEntry("conflict", N_("没有成功，请刷新后重试。"))


def entry_of(error: Exception) -> ErrorEntry:
    """Returns the entry of an error's class, or of its nearest base class.

    An error without an entry fails a test; a running console still answers 409 rather than 500.
    """
    return next((ERRORS[kind] for kind in type(error).__mro__ if kind in ERRORS), UNLISTED)


def field_codes(error: DomainError) -> Mapping[str, str]:
    """Returns the fields an error complains about, each with its code of `PROBLEMS`; empty for other errors."""
    match error:
        case errors.InvalidFields(errors=codes):
            return codes
        case errors.MissingFields(fields=names):
            return dict.fromkeys(names, "missing")
        case errors.ReasonNeeded():
            return {"reason": "missing"}
        case errors.UnknownUnit():
            return {"unit_code": "unknown_value"}
        case errors.UnknownSkill():
            return {"skill": "unknown_value"}
        case errors.BadNumber():
            return {"number": "unknown_value"}
        case _:
            return {}
