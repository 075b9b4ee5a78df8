"""The form of an account: parsed into an `Account`, and shown again as it was typed when it is refused."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from flask import request

from agent_console.web.domain_errors import field_codes
from agent_console.web.kept_forms import RejectedForm
from agent_console.web.labels import problem_label
from hotline.rules.enums import Duty, Role
from hotline.rules.errors import DomainError, InvalidFields, NameTaken
from hotline.rules.people.accounts import Account
from hotline.rules.people.actors import ALL_DUTIES
from hotline.rules.text import clean

FIELDS = ("name", "display_name", "work_number", "role", "unit_code", "contractor", "reason", "skills")
# Name of the box for each duty.
DUTY_FIELDS = {duty: f"duty_{duty.value}" for duty in Duty}


@dataclass(frozen=True, slots=True)
class AccountForm:
    """The typed values of the form, and its errors: field -> words."""

    typed: Mapping[str, str]
    errors: Mapping[str, str] = field(default_factory=dict)
    kept: RejectedForm | None = None

    def value(self, name: str) -> str:
        return self.typed.get(name, "")

    def error(self, name: str) -> str:
        return self.errors.get(name, "")

    def with_kept(self, kept: RejectedForm | None) -> "AccountForm":
        """Returns this form with what was typed earlier in place of what is stored; itself without anything kept."""
        if kept is None:
            return self
        # A form names no box that is not ticked.
        boxes = dict.fromkeys(("contractor", *DUTY_FIELDS.values()), "")
        return AccountForm({**self.typed, **boxes, **kept.typed}, {}, kept)

    def has_duty(self, duty: Duty) -> bool:
        return bool(self.typed.get(DUTY_FIELDS[duty]))


BLANK = AccountForm({"role": Role.OPERATOR.value, **dict.fromkeys(DUTY_FIELDS.values(), "on")})


def typed_account() -> dict[str, str]:
    """Returns the fields of the form as they were typed."""
    names = (*FIELDS, *DUTY_FIELDS.values())
    return {name: request.form.get(name, "") for name in names}


def form_of(account: Account, name: str, skills: tuple[str, ...]) -> AccountForm:
    """Returns the form of an existing account."""
    duties = {DUTY_FIELDS[duty]: "on" for duty in account.duties}
    return AccountForm(
        {
            "name": name,
            "display_name": account.display_name,
            "work_number": account.work_number or "",
            "role": account.role.value,
            "unit_code": account.unit_code or "",
            "contractor": "on" if account.contractor else "",
            "skills": ", ".join(skills),
            **duties,
        }
    )


def parse_account(typed: Mapping[str, str]) -> Account:
    """Returns the account that a form states. Raises InvalidFields for a role that does not exist."""
    try:
        role = Role(typed.get("role", ""))
    except ValueError as wrong:
        raise InvalidFields({"role": "unknown_value"}) from wrong
    duties = frozenset(duty for duty in Duty if typed.get(DUTY_FIELDS[duty]))
    return Account(
        display_name=clean(typed.get("display_name", "")),
        role=role,
        # The field is hidden for other roles and may still hold what was chosen before.
        unit_code=clean(typed.get("unit_code", "")) or None if role is Role.HANDLER else None,
        work_number=clean(typed.get("work_number", "")) or None,
        contractor=bool(typed.get("contractor")),
        duties=duties if role is Role.ADMIN else ALL_DUTIES,
    )


def refused(typed: Mapping[str, str], error: DomainError) -> AccountForm:
    """Returns the form with the words of a refusal beside the fields that it concerns."""
    codes = dict(field_codes(error))
    if isinstance(error, NameTaken):
        codes = {"work_number" if str(error).startswith("work number") else "name": "taken"}
    return AccountForm(typed, {name: problem_label(code) for name, code in codes.items()})
