"""The units that take tickets, and the operators with their present state."""

from agent_console.api.dispatch import ApiRequest, ApiResponse
from agent_console.api.requests import Nothing
from agent_console.api.schemas import OperatorListOut, UnitListOut
from agent_console.api.serializers import operator_out, unit_out
from hotline.store.people.tables import list_operators
from hotline.store.people.units import list_units


def get_units(request: ApiRequest[Nothing, Nothing]) -> ApiResponse:
    with request.application.read_session() as session:
        return ApiResponse(UnitListOut(items=tuple(unit_out(unit) for unit in list_units(session))))


def get_operators(request: ApiRequest[Nothing, Nothing]) -> ApiResponse:
    zone = request.application.policies.zone
    with request.application.read_session() as session:
        found = list_operators(session)
    return ApiResponse(
        OperatorListOut(items=tuple(operator_out(user, presence, zone) for user, presence in found))
    )
