"""The users of the demonstration and the names of its invented callers. None of these people exists."""

from dataclasses import dataclass

from hotline.rules.enums import Role


@dataclass(frozen=True, slots=True)
class DemoUser:
    """A user; all users share the password of the demonstration."""

    name: str
    display_name: str
    role: Role
    unit_code: str | None = None
    work_number: str | None = None


# The log-ins that `make run` prints. Every other unit has a handler as well, named `unit-` and its code.
SHOWN: tuple[DemoUser, ...] = (
    DemoUser("op1", "张晓岚", Role.OPERATOR, work_number="017"),
    DemoUser("op2", "李思远", Role.OPERATOR, work_number="021"),
    DemoUser("op3", "王沐辰", Role.OPERATOR, work_number="034"),
    DemoUser("op4", "赵清和", Role.OPERATOR, work_number="042"),
    DemoUser("shift1", "孙予安", Role.SHIFT_LEADER, work_number="003"),
    DemoUser("dispatch1", "周知微", Role.DISPATCHER, work_number="051"),
    DemoUser("lamps", "吴若溪", Role.HANDLER, "municipal-works"),
    DemoUser("heating", "郑书瑶", Role.HANDLER, "heating"),
    DemoUser("lucheng", "冯景行", Role.HANDLER, "lucheng"),
    DemoUser("city", "陈南乔", Role.HANDLER, "city-management"),
    DemoUser("supervisor1", "褚云舟", Role.SUPERVISOR),
    DemoUser("leader1", "卫星阑", Role.LEADER),
    DemoUser("inspector1", "蒋听澜", Role.INSPECTOR),
    DemoUser("admin", "沈既白", Role.ADMIN),
)

SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜颜"
GIVEN = (
    *("晓岚", "思远", "沐辰", "清和", "予安", "知微", "若溪", "书瑶", "景行", "南乔", "云舟", "听澜"),
    *("既白", "怀瑾", "之遥", "令仪", "明澈", "星野", "语桐", "承泽", "念慈", "子衿", "文博", "静姝"),
)
TITLES = ("先生", "女士")

PLACES = (
    *(
        "鲁城街道春秋路与静轩路路口东侧",
        "鲁城街道大同路中段",
        "鲁城街道古泮池社区北门",
        "鲁城街道仓巷社区3号楼",
    ),
    *("书院街道书院社区南区", "书院街道裕隆路西段", "书院街道孔林路沿线", "书院街道东关社区"),
    *("时庄街道产业园东门", "时庄街道前时庄路", "小雪街道高铁新城一期", "小雪街道武家村路口"),
    *("吴村镇集贸市场", "吴村镇中心小学门前", "姚村镇政府驻地西街", "姚村镇保宁村", "陵城镇章枣村东路"),
    *("陵城镇工业大道", "尼山镇圣源大道", "尼山镇刘楼村", "王庄镇孔村路口", "王庄镇纸坊村", "息陬镇息陬大街"),
    *("息陬镇北元疃村", "石门山镇歇马亭路", "石门山镇董大城村", "防山镇程庄村", "防山镇宋家林村"),
)


def unit_handler(unit_code: str) -> DemoUser:
    """Returns the handler of a unit: the one in SHOWN, or else an invented one."""
    for user in SHOWN:
        if user.unit_code == unit_code:
            return user
    given = GIVEN[sum(unit_code.encode()) % len(GIVEN)]
    surname = SURNAMES[sum(unit_code.encode()) % len(SURNAMES)]
    return DemoUser(f"unit-{unit_code}", f"{surname}{given}", Role.HANDLER, unit_code)
