"""What `make run` prints when everything answers: addresses and log-ins, in Chinese and English."""

import unicodedata

from config.demo.people import SHOWN
from config.settings import Settings
from hotline.rules.enums import Role
from hotline.rules.phone_numbers import format_national

_ROLES: dict[Role, tuple[str, str]] = {
    Role.OPERATOR: ("话务员", "operator"),
    Role.SHIFT_LEADER: ("班长", "shift leader"),
    Role.DISPATCHER: ("派单员", "dispatcher"),
    Role.HANDLER: ("承办单位", "unit handler"),
    Role.SUPERVISOR: ("督办员", "supervisor"),
    Role.LEADER: ("市领导", "leader"),
    Role.INSPECTOR: ("质检员", "inspector"),
    Role.ADMIN: ("管理员", "administrator"),
}


def welcome(settings: Settings, password: str) -> str:
    """Returns the text for the terminal."""
    short = format_national(settings.number).split(" ", 1)[-1].replace(" ", "")
    lines = [
        "",
        f"市民热线 {short} 已就绪 / the hotline {short} is up",
        "",
        f"  坐席与办公 desk and offices   {settings.public_url}/login",
    ]
    if settings.local_exchange:
        lines += [f"  市民电话   caller's phone     {settings.exchange_url}/phone    (拨 dial {short})"]
    lines += ["", f"  演示口令 demo password: {password}    (所有账号通用 for every log-in)", ""]
    for user in SHOWN:
        chinese, english = _ROLES[user.role]
        unit = f" · {user.unit_code}" if user.unit_code else ""
        lines.append(f"  {_pad(user.name, 13)}{_pad(user.display_name, 9)}{chinese} {english}{unit}")
    lines += ["", f"  数据 data: {settings.home}", "  按 Ctrl-C 停止 / press Ctrl-C to stop", ""]
    return "\n".join(lines)


def _pad(text: str, width: int) -> str:
    """Pad to `width` columns of a terminal, where a Chinese character takes two."""
    columns = sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
    return text + " " * max(width - columns, 1)
