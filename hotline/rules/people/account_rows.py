"""The rows of a file of accounts: column names, and the words by which people write roles, duties and yes or no."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from hotline.rules.enums import Duty, Role
from hotline.rules.text import clean

# Column -> its Chinese heading; either is accepted.
COLUMNS: dict[str, str] = {
    "name": "用户名",
    "display_name": "姓名",
    "role": "角色",
    "unit_code": "承办单位",
    "work_number": "工号",
    "skills": "技能",
    "duties": "管理职责",
    "contractor": "外包人员",
}
REQUIRED = ("name", "display_name", "role")
ROLE_WORDS: dict[str, Role] = {
    **{role.value: role for role in Role},
    "话务员": Role.OPERATOR,
    "值班长": Role.SHIFT_LEADER,
    "派单员": Role.DISPATCHER,
    "单位经办人": Role.HANDLER,
    "督办员": Role.SUPERVISOR,
    "领导": Role.LEADER,
    "质检员": Role.INSPECTOR,
    "管理员": Role.ADMIN,
}
DUTY_WORDS: dict[str, Duty] = {
    **{duty.value: duty for duty in Duty},
    "系统管理": Duty.SYSTEM,
    "安全管理": Duty.SECURITY,
    "审计管理": Duty.AUDIT,
}
TRUTH_WORDS: dict[str, bool] = {
    **dict.fromkeys(("yes", "true", "1", "是"), True),
    **dict.fromkeys(("", "no", "false", "0", "否"), False),
}
_COLUMN_OF = {word: name for name, heading in COLUMNS.items() for word in (name, heading)}


@dataclass(frozen=True, slots=True)
class AccountRow:
    """One row as it was understood. A field is None if the file has no column for it; `errors`: field -> code."""

    line: int
    name: str = ""
    display_name: str = ""
    role: Role | None = None
    unit: str | None = None
    work_number: str | None = None
    skills: tuple[str, ...] | None = None
    duties: frozenset[Duty] | None = None
    contractor: bool | None = None
    errors: Mapping[str, str] = field(default_factory=dict)


def columns_of(header: Sequence[str]) -> tuple[tuple[str | None, ...], dict[str, str]]:
    """Returns the column of each cell of the header (None: not one of ours), and column -> code for what is wrong."""
    names = tuple(_COLUMN_OF.get(clean(cell).lower()) for cell in header)
    known = [name for name in names if name is not None]
    errors = {name: "missing" for name in REQUIRED if name not in known}
    errors |= {name: "twice" for name in known if known.count(name) > 1}
    return names, errors


def parse_account_row(line: int, columns: Sequence[str | None], cells: Sequence[str]) -> AccountRow:
    """Returns the row; cells that say nothing known become errors."""
    given = {name: clean(cell) for name, cell in zip(columns, cells, strict=False) if name is not None}
    errors: dict[str, str] = {}
    role = ROLE_WORDS.get(given.get("role", "").lower())
    if role is None:
        errors["role"] = "unknown_value" if given.get("role") else "missing"
    duties = None
    if "duties" in given:
        words = listed(given["duties"])
        duties = frozenset(DUTY_WORDS[word] for word in words if word in DUTY_WORDS)
        if len(duties) != len(set(words)):
            errors["duties"] = "unknown_value"
    contractor = TRUTH_WORDS.get(given["contractor"].lower()) if "contractor" in given else None
    if "contractor" in given and contractor is None:
        errors["contractor"] = "unknown_value"
    return AccountRow(
        line=line,
        name=given.get("name", ""),
        display_name=given.get("display_name", ""),
        role=role,
        unit=given.get("unit_code"),
        work_number=given.get("work_number"),
        skills=listed(given["skills"]) if "skills" in given else None,
        duties=duties,
        contractor=contractor,
        errors=errors,
    )


def listed(text: str) -> tuple[str, ...]:
    """Returns the words of a cell, separated by Western or Chinese commas or semicolons."""
    for mark in "、，；;":
        text = text.replace(mark, ",")
    return tuple(word for word in (part.strip() for part in text.split(",")) if word)
