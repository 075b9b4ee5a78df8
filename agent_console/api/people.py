"""People and programs: `/users` and `/tokens`, for administrators."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from flask import url_for
from pydantic import AwareDatetime

from agent_console.api.dispatch import ApiRequest, ApiResponse, Route
from agent_console.api.requests import ApiInput, Nothing, PageQuery, PlainText
from agent_console.api.schemas import ApiSchema
from agent_console.api.serializers import moment, moment_or_none
from agent_console.web.console_context import options
from hotline.rules.enums import Duty, Role
from hotline.rules.errors import InvalidFields, NoSuchPerson
from hotline.rules.people.accounts import Account
from hotline.rules.people.actors import ALL_DUTIES, Right
from hotline.rules.text import is_storable
from hotline.services.people import accounts, passwords, tokens
from hotline.services.queueing import skills
from hotline.store.people.tables import ApiToken, User
from hotline.store.people.users import duties_of, find_user, list_users, skills_of_users
from hotline.unit_of_work import ReadSession, UnitOfWork


class Scope(StrEnum):
    """The scope of a token: all that its user may do, or reading alone."""

    FULL = "full"
    READ = "read"


class UserQuery(PageQuery):
    """`q`: a part of name, display name, work number or unit. Without `active`, disabled users too."""

    q: PlainText = ""
    role: Role | None = None
    active: bool | None = None


class UserIn(ApiInput):
    """A new user. Without `password` the answer has an `invite_url`; with one the user must change it first."""

    name: PlainText
    display_name: PlainText | None = None
    role: Role
    unit_code: PlainText | None = None
    work_number: PlainText | None = None
    password: PlainText | None = None
    contractor: bool = False
    duties: frozenset[Duty] = ALL_DUTIES
    skills: tuple[PlainText, ...] = ()


class UserChangeIn(ApiInput):
    """Only the given fields change. `successor` gets the open drafts of a user who is disabled (`active` false)."""

    active: bool | None = None
    display_name: PlainText | None = None
    role: Role | None = None
    unit_code: PlainText | None = None
    work_number: PlainText | None = None
    contractor: bool | None = None
    duties: frozenset[Duty] | None = None
    skills: tuple[PlainText, ...] | None = None
    successor: PlainText | None = None
    reason: PlainText = ""


class PasswordIn(ApiInput):
    current: PlainText
    new: PlainText


class TokenIn(ApiInput):
    """A new token that acts as `user`, until `expires_at` if that is given."""

    name: PlainText
    user: PlainText
    scope: Scope = Scope.FULL
    expires_at: AwareDatetime | None = None


class UserOut(ApiSchema):
    """`duties` are those of an administrator. `invite_url` is told once, when the user is made."""

    name: str
    display_name: str
    role: Role
    unit_code: str | None
    work_number: str | None
    active: bool
    contractor: bool
    duties: tuple[Duty, ...]
    skills: tuple[str, ...]
    must_change_password: bool
    locked_until: datetime | None
    last_log_in_at: datetime | None
    created_at: datetime
    invite_url: str | None = None


class UserListOut(ApiSchema):
    items: tuple[UserOut, ...]
    next_cursor: str | None


class ResetOut(ApiSchema):
    """A link with which the user chooses a new password, told once."""

    reset_url: str


class TokenOut(ApiSchema):
    """`token` is told once, when it is made. `last_used_at` is exact to an hour."""

    id: int
    name: str
    user: str
    scope: Scope
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None
    revoked_at: datetime | None
    token: str | None = None


class TokenListOut(ApiSchema):
    items: tuple[TokenOut, ...]


def get_users(request: ApiRequest[UserQuery, Nothing]) -> ApiResponse:
    query, zone = request.query, request.application.policies.zone
    with request.application.read_session() as session:
        page = list_users(
            session,
            text=query.q,
            role=query.role,
            active=query.active,
            limit=query.limit,
            cursor=query.cursor,
        )
        known = skills_of_users(session, [line.user.id for line in page.rows])
        items = tuple(_user_out(line.user, known.get(line.user.id, ()), zone) for line in page.rows)
    return ApiResponse(UserListOut(items=items, next_cursor=page.next_cursor))


def get_user(request: ApiRequest[Nothing, Nothing]) -> ApiResponse:
    with request.application.read_session() as session:
        return ApiResponse(_read_user(session, request.path["name"], request.application.policies.zone))


def post_user(request: ApiRequest[Nothing, UserIn]) -> ApiResponse:
    """Adds a user: 201, 409 for a name or work number that is taken, 422 for values the city's rules refuse."""
    body, url = request.body, None
    account = Account(
        display_name=body.display_name or body.name,
        role=body.role,
        unit_code=body.unit_code,
        work_number=body.work_number,
        contractor=body.contractor,
        duties=body.duties,
    )
    with request.application.unit_of_work(request.person) as work:
        if body.password is None:
            _id, token = accounts.invite_user(work, body.name, account)
            url = _link(token)
        else:
            accounts.add_user(work, body.name, account, password=body.password, must_change=True)
        if body.skills:
            skills.set_skills(work, body.name, body.skills)
        made = _read_user(work.session, body.name, work.zone)
    headers = {"Location": url_for("api.get_user", name=body.name)}
    return ApiResponse(made.model_copy(update={"invite_url": url}), 201, headers)


def patch_user(request: ApiRequest[Nothing, UserChangeIn]) -> ApiResponse:
    body, name = request.body, request.path["name"]
    with request.application.unit_of_work(request.person) as work:
        _change(work, name, body)
        if body.skills is not None:
            skills.set_skills(work, name, body.skills)
        if body.active is True:
            accounts.enable_user(work, name, body.reason)
        elif body.active is False:
            accounts.disable_user(work, name, successor=body.successor, reason=body.reason)
        work.flush()
        return ApiResponse(_read_user(work.session, name, work.zone))


def post_user_reset(request: ApiRequest[Nothing, Nothing]) -> ApiResponse:
    """Voids the password and the sessions of a user and answers with a link for a new one."""
    with request.application.unit_of_work(request.person) as work:
        token = accounts.reset_password(work, request.path["name"])
    return ApiResponse(ResetOut(reset_url=_link(token)))


def post_own_password(request: ApiRequest[Nothing, PasswordIn]) -> ApiResponse:
    """Changes the password of the token's own user: 204, or 422 with the field that is wrong."""
    with request.application.read_session() as session:
        is_right = passwords.is_own_password(session, request.person, request.body.current)
    if not is_right:
        raise InvalidFields({"current": "wrong_password"})
    with request.application.unit_of_work(request.person) as work:
        passwords.change_own_password(work, request.person, request.body.new)
    return ApiResponse(None, 204)


def get_tokens(request: ApiRequest[Nothing, Nothing]) -> ApiResponse:
    zone = request.application.policies.zone
    with request.application.read_session() as session:
        return ApiResponse(
            TokenListOut(items=tuple(_token_out(*row, zone) for row in tokens.list_tokens(session)))
        )


def post_token(request: ApiRequest[Nothing, TokenIn]) -> ApiResponse:
    body = request.body
    with request.application.unit_of_work(request.person) as work:
        secret = tokens.create_token(
            work,
            name=body.name,
            user_name=body.user,
            read_only=body.scope is Scope.READ,
            expires_at=body.expires_at,
        )
        row = tokens.token_row(work.session, secret)
        made = _token_out(row, work.session.get_one(User, row.user_id), work.zone)
    return ApiResponse(made.model_copy(update={"token": secret}), 201)


def delete_token(request: ApiRequest[Nothing, Nothing]) -> ApiResponse:
    """Revokes a token: 204, 409 if it is revoked already. It is refused everywhere within two seconds."""
    with request.application.unit_of_work(request.person) as work:
        tokens.revoke_token(work, request.row_id())
    return ApiResponse(None, 204)


def _change(work: UnitOfWork, name: str, body: UserChangeIn) -> None:
    """Changes the fields of the account that the body names."""
    named = body.model_fields_set & Account.__dataclass_fields__.keys()
    if not named:
        return
    user = find_user(work.session, name) if is_storable(name) else None
    if user is None:
        raise NoSuchPerson(name)
    now = accounts.account_of(user)
    # A null is a value for what a user may lack, and no change for the rest.
    nullable = {"unit_code", "work_number"}
    wanted = {
        field: getattr(body, field)
        for field in named
        if field in nullable or getattr(body, field) is not None
    }
    if "role" in wanted and wanted["role"] is not Role.HANDLER:
        wanted.setdefault("unit_code", None)
    fields = {field: getattr(now, field) for field in Account.__dataclass_fields__} | wanted
    accounts.change_user(work, name, Account(**fields), body.reason)


def _read_user(session: ReadSession, name: str, zone: ZoneInfo) -> UserOut:
    user = find_user(session, name) if is_storable(name) else None
    if user is None:
        raise NoSuchPerson(name)
    return _user_out(user, skills.skills_of(session, user.id), zone)


def _user_out(user: User, known_skills: tuple[str, ...], zone: ZoneInfo) -> UserOut:
    return UserOut(
        name=user.name,
        display_name=user.display_name,
        role=user.role,
        unit_code=user.unit_code,
        work_number=user.work_number,
        active=user.active,
        contractor=user.contractor,
        duties=tuple(sorted(duties_of(user))) if user.role is Role.ADMIN else (),
        skills=known_skills,
        must_change_password=user.must_change_password,
        locked_until=moment_or_none(user.locked_until, zone),
        last_log_in_at=moment_or_none(user.last_log_in_at, zone),
        created_at=moment(user.created_at, zone),
    )


def _token_out(row: ApiToken, user: User, zone: ZoneInfo) -> TokenOut:
    return TokenOut(
        id=row.id,
        name=row.name,
        user=user.name,
        scope=Scope.READ if row.read_only else Scope.FULL,
        created_at=moment(row.created_at, zone),
        last_used_at=moment_or_none(row.last_used_at, zone),
        expires_at=moment_or_none(row.expires_at, zone),
        revoked_at=moment_or_none(row.revoked_at, zone),
    )


def _link(token: str) -> str:
    return options().public_url + url_for("account_links.choose", token=token)


_RIGHTS = (Right.MANAGE_PEOPLE,)


def _route(
    method: str,
    path: str,
    handler: Any,
    summary: str,
    response: type[ApiSchema] | None,
    *,
    body: type[ApiInput] = Nothing,
    query: type[ApiInput] = Nothing,
    status: int = 200,
    rights: tuple[Right, ...] = _RIGHTS,
    problems: tuple[int, ...] = (),
) -> Route[Any, Any]:
    return Route(
        method,
        path,
        handler,
        summary,
        query,
        body,
        response,
        status=status,
        rights=rights,
        problems=problems,
    )


PEOPLE_ROUTES: tuple[Route[Any, Any], ...] = (
    _route(
        "GET",
        "/users",
        get_users,
        "用户列表 List users, the newest first",
        UserListOut,
        query=UserQuery,
        problems=(400, 422),
    ),
    _route(
        "POST",
        "/users",
        post_user,
        "新增用户 Add a user",
        UserOut,
        body=UserIn,
        status=201,
        problems=(400, 409, 415, 422),
    ),
    _route(
        "POST",
        "/users/me/password",
        post_own_password,
        "修改密码 Change one's own password",
        None,
        body=PasswordIn,
        status=204,
        rights=(),
        problems=(400, 415, 422),
    ),
    _route("GET", "/users/{name}", get_user, "一位用户 Read one user", UserOut, problems=(404,)),
    _route(
        "PATCH",
        "/users/{name}",
        patch_user,
        "更改用户 Change a user, disable or enable the account",
        UserOut,
        body=UserChangeIn,
        problems=(400, 404, 409, 415, 422),
    ),
    _route(
        "POST",
        "/users/{name}/reset",
        post_user_reset,
        "重置密码 Void a password and make a link for a new one",
        ResetOut,
        problems=(404,),
    ),
    _route("GET", "/tokens", get_tokens, "令牌列表 List tokens, the newest first", TokenListOut),
    _route(
        "POST",
        "/tokens",
        post_token,
        "新增令牌 Make a token",
        TokenOut,
        body=TokenIn,
        status=201,
        problems=(400, 404, 415, 422),
    ),
    _route(
        "DELETE",
        "/tokens/{id}",
        delete_token,
        "吊销令牌 Revoke a token",
        None,
        status=204,
        problems=(404, 409),
    ),
)
