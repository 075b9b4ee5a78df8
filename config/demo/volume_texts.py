"""The texts of the invented tickets of `config.demo.volume`, with their forms for the search.

Libraries for invented data (Faker, mimesis) have no Chinese requests to a city, so the texts are built from the matters of the
demonstration. The estates are so many that most of their names are rare.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

from config.demo.matters import Matter
from config.demo.people import PLACES
from hotline.rules.text import normalise

_FIRST = "安宁康泰和美锦绣金玉翠碧云霞春秋瑞祥福禄天地文武东南西北中华明德仁义山水林园花草龙凤鸿雁星月"
_SECOND = "居苑庭府湖湾城邦都会峰岭桥港堤岸坊巷井田路道台阁亭轩堂院景源泉溪涧洲屿滨海江河湾谷坡岗"
_ESTATES = ("花园", "小区", "家园", "公寓", "新村", "大厦")
WISHES = (
    "请尽快安排人员到现场查看",
    "已多次反映未见处理",
    "望相关部门给予答复",
    "影响附近居民正常生活",
    "家中有老人和孩子",
    "物业称不归其管理",
    "社区已登记但没有下文",
    "夜间情况更为严重",
    "上周来人看过之后没有动静",
    "希望公布处理结果",
)

Item = TypeVar("Item")
# Draws one item of a sequence.
Choose = Callable[[Sequence[Item]], Item]


@dataclass(frozen=True, slots=True)
class RequestTexts:
    """The texts of one request. `search_text` is what `search_columns` returns for them."""

    title: str
    text: str
    place: str
    search_text: str


def invent_texts(matter: Matter, choose: Choose[str], choose_number: Callable[[int], int]) -> RequestTexts:
    """Returns the texts of a request about `matter`; `choose_number` draws a number below its argument."""
    estate = choose(_FIRST) + choose(_SECOND) + choose(_ESTATES)
    area, detail, wish = choose(PLACES), choose(matter.details), choose(WISHES)
    place = f"{area}{estate}{1 + choose_number(39)}号楼{1 + choose_number(6)}单元"
    title = matter.title.format(place=estate, detail=detail)[:120]
    told = f"{matter.text.format(place=place, detail=detail)}{wish}。"
    # Each part is normalised once. Nothing in these texts is masked.
    searched = (
        _normal(matter.title).format(place=estate, detail=_normal(detail))[:120],
        f"{_normal(matter.text).format(place=place, detail=_normal(detail))}{_normal(wish)}。",
        place,
        "",
    )
    return RequestTexts(title, told, place, "\n".join(searched))


@cache
def _normal(part: str) -> str:
    return normalise(part)
