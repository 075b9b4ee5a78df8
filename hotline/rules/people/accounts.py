"""The fields of an account, and what a city's rules allow in them."""

from dataclasses import dataclass

from hotline.rules.enums import Duty, Role
from hotline.rules.people.actors import ALL_DUTIES, Person, may_be_contractor
from hotline.rules.policies import AccountPolicy
from hotline.rules.text import is_blank

# Characters, as in the columns.
MAX_NAME, MAX_DISPLAY_NAME, MAX_WORK_NUMBER = 64, 80, 16
# A log-in name stands in addresses of the API.
_NOT_IN_NAMES = frozenset("/\\?#")


@dataclass(frozen=True, slots=True)
class Account:
    """The fields of an account that an administrator sets."""

    display_name: str
    role: Role
    unit_code: str | None = None
    work_number: str | None = None
    contractor: bool = False
    # Of an administrator; all by default.
    duties: frozenset[Duty] = ALL_DUTIES

    @property
    def stored_duties(self) -> str:
        """Returns the duties as the column keeps them; empty for all, and for who is no administrator."""
        limited = self.role is Role.ADMIN and self.duties != ALL_DUTIES
        return ",".join(sorted(self.duties)) if limited else ""

    @property
    def person(self) -> Person:
        return Person(0, self.role, self.unit_code, self.duties)


def account_problems(account: Account, policy: AccountPolicy) -> dict[str, str]:
    """Returns the fields that the city's rules refuse, each with a code."""
    problems = name_problem("display_name", account.display_name, MAX_DISPLAY_NAME)
    if account.work_number is not None:
        problems |= name_problem("work_number", account.work_number, MAX_WORK_NUMBER)
    if (account.role is Role.HANDLER) != (account.unit_code is not None):
        problems["unit_code"] = "missing" if account.role is Role.HANDLER else "handlers_only"
    if account.role is Role.ADMIN:
        if not account.duties:
            problems["duties"] = "missing"
        elif policy.separate_duties and len(account.duties) > 1:
            problems["duties"] = "separate_duties"
    if account.contractor and not may_be_contractor(account.role, account.duties):
        problems["contractor"] = "not_for_contractors"
    return problems


def name_problem(field: str, text: str, limit: int) -> dict[str, str]:
    """Returns `field` with a code if the name is empty, too long or not printable, or has blanks around it."""
    if is_blank(text):
        return {field: "missing"}
    if len(text) > limit:
        return {field: "too_long"}
    is_good = (
        text.isprintable() and text == text.strip() and not (field == "name" and _NOT_IN_NAMES & set(text))
    )
    return {} if is_good else {field: "not_printable"}
