"""Who there is: the units a ticket can go to, and the operators with what they are doing now."""

from agent_console.api.dispatch import Asked, Reply
from agent_console.api.requests import Nothing
from agent_console.api.schemas import OperatorListOut, UnitListOut
from agent_console.api.serializers import operator_out, unit_out
from hotline.store.people.tables import list_operators, list_units


def get_units(asked: Asked[Nothing, Nothing]) -> Reply:
    with asked.application.read_session() as session:
        return Reply(UnitListOut(items=tuple(unit_out(unit) for unit in list_units(session))))


def get_operators(asked: Asked[Nothing, Nothing]) -> Reply:
    zone = asked.application.policies.zone
    with asked.application.read_session() as session:
        found = list_operators(session)
    return Reply(OperatorListOut(items=tuple(operator_out(user, presence, zone) for user, presence in found)))
