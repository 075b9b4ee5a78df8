"""Numbers of the exchange that answer automatically, so that transfers to control rooms work in the demonstration.

A carrier cannot dial short codes such as 110 from outside; a city configures the full number behind each.
"""

from collections.abc import Mapping
from types import MappingProxyType

from hotline.exchange.vocabulary.answer_modes import (
    AlwaysBusy,
    AnsweringMachine,
    AnswerMode,
    FaxMachine,
    NeverAnswers,
    StaffedDesk,
    Unreachable,
)

NAMES: Mapping[str, str] = MappingProxyType(
    {
        "+865372200110": "公安 110",
        "+865372200119": "消防 119",
        "+865372200120": "急救 120",
        "+865372200122": "交警 122",
        "sip:duty@gov.example": "市政府总值班室",
    }
)
ANSWERS: Mapping[str, AnswerMode] = MappingProxyType(
    {
        "+865372200110": StaffedDesk("您好，110 接警台。"),
        "+865372200119": StaffedDesk("您好，119 消防指挥中心。"),
        "+865372200120": StaffedDesk("您好，120 急救调度。"),
        "+865372200122": StaffedDesk("您好，122 交通指挥中心。"),
        "sip:duty@gov.example": StaffedDesk("您好，市政府总值班室。"),
        "+865372200001": AnsweringMachine(),
        "+865372200002": FaxMachine(),
        "+865372200003": AlwaysBusy(),
        "+865372200004": NeverAnswers(),
        "+865372200005": Unreachable(),
    }
)
