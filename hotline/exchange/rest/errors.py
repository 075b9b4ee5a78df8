"""REST errors in the carrier's form: `{"code", "message", "more_info", "status"}`.

Source: the official error dictionary, limited to the codes that an application can meet, with their HTTP status.
"""

from aiohttp import web

_INFO = "https://www.twilio.com/docs/errors/"


class ApiError(Exception):
    """A REST request is refused; `code` is the carrier's, `status` the HTTP status."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message

    def response(self) -> web.Response:
        body = {
            "code": self.code,
            "message": self.message,
            "more_info": f"{_INFO}{self.code}",
            "status": self.status,
        }
        return web.json_response(body, status=self.status)


def not_found(path: str) -> ApiError:
    return ApiError(404, 20404, f"The requested resource {path} was not found")


def invalid(name: str, why: str) -> ApiError:
    """Returns the error of a parameter that has no code of its own (20001)."""
    return ApiError(400, 20001, f"Invalid parameter {name}: {why}")


def not_in_progress() -> ApiError:
    return ApiError(400, 21220, "Unable to update record. Call is not in-progress. Cannot redirect.")
