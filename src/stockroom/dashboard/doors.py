"""Every page: its URL, where it stands in the tree, and for each method its view and permission."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from pyramid.config import Configurator

from stockroom.dashboard import (
    account,
    confirming,
    external,
    facts,
    joining,
    keys,
    problems,
    programs,
    sessions,
    signing_in,
    start,
    static,
    use,
    viewing,
)
from stockroom.errors import MethodNotAllowed
from stockroom.resources import FactSourceResource, Resource, ViewResource, WorkspaceResource
from stockroom.security.acl import own_acl
from stockroom.security.permissions import Permission
from stockroom.web import READS, Ready, Request, at

View = Callable[[Any, Request], Ready]
NUMBER = "{id:[0-9]{1,18}}"


class OwnPages(Resource):
    """Where the pages of an account stand: everybody sees their own."""

    __acl__ = own_acl()


class Page(NamedTuple):
    """A page; None as a permission is for those that people need who are not known yet."""

    name: str
    pattern: str
    methods: dict[str, tuple[View, Permission | None]]
    steps: tuple[str, ...] = ()
    """Its way through the tree; without one it stands in :class:`OwnPages`."""
    context: type[Resource] = OwnPages


def own(methods: tuple[str, ...]) -> Callable[[Request], Resource]:
    """Make the root factory of pages of an account."""

    def factory(request: Request) -> Resource:
        if request.environ["REQUEST_METHOD"] not in methods:
            raise MethodNotAllowed(
                f"{request.path_info} answers {', '.join(methods)} only", allow=methods
            )
        request.catch_up()
        return OwnPages(None, "")

    return factory


def _open(**methods: View) -> dict[str, tuple[View, Permission | None]]:
    return {method: (view, None) for method, view in methods.items()}


def _look(view: View) -> dict[str, tuple[View, Permission | None]]:
    return {"GET": (view, Permission.ACCOUNT_READ)}


def _change(view: View) -> dict[str, tuple[View, Permission | None]]:
    return {"POST": (view, Permission.ACCOUNT_CHANGE)}


WORKSPACE = ("workspaces", "{workspace}")
VIEW = (*WORKSPACE, "views", "{view}")
SECURITY = "/account/security"
VIEW_PAGES = (
    Page(
        "views",
        "/views/{workspace}",
        {"GET": (viewing.show_views, Permission.WORKSPACE_READ)},
        steps=WORKSPACE,
        context=WorkspaceResource,
    ),
    Page(
        "new-view",
        "/new-view/{workspace}",
        {
            "GET": (viewing.show_new, Permission.VIEW_DEFINE),
            "POST": (viewing.make_view, Permission.VIEW_DEFINE),
        },
        steps=WORKSPACE,
        context=WorkspaceResource,
    ),
    Page(
        "view",
        "/views/{workspace}/{view}",
        {"GET": (viewing.show_view, Permission.VIEW_INSPECT)},
        steps=VIEW,
        context=ViewResource,
    ),
    Page(
        "change-view",
        "/views/{workspace}/{view}/change",
        {
            "GET": (viewing.show_change, Permission.VIEW_DEFINE),
            "POST": (viewing.change_view, Permission.VIEW_DEFINE),
        },
        steps=VIEW,
        context=ViewResource,
    ),
    Page(
        "delete-view",
        "/views/{workspace}/{view}/deletion",
        {"POST": (viewing.delete_view, Permission.VIEW_DEFINE)},
        steps=VIEW,
        context=ViewResource,
    ),
)
PAGES = (
    Page("start", "/", _look(start.show_start)),
    Page("sign-in", "/sign-in", _open(GET=signing_in.show_sign_in, POST=signing_in.sign_in)),
    Page(
        "second-factor",
        "/sign-in/second-factor",
        _open(GET=signing_in.show_second_factor, POST=signing_in.second_factor),
    ),
    Page(
        "second-factor-options",
        "/sign-in/second-factor/options",
        _open(POST=signing_in.second_factor_options),
    ),
    Page("method", "/sign-in/{method}", _open(GET=external.start)),
    Page("method-callback", "/sign-in/{method}/callback", _open(GET=external.finish)),
    Page("sign-out", "/sign-out", _change(signing_in.sign_out)),
    Page("join", "/join/{token}", _open(GET=joining.show_join, POST=joining.join)),
    Page("security", "/account", _look(account.show_security)),
    Page("account-security", SECURITY, _look(account.show_security)),
    Page("password", f"{SECURITY}/password", _change(account.set_password)),
    Page("new-totp", f"{SECURITY}/totp", _change(account.propose_totp)),
    Page("add-totp", f"{SECURITY}/totp-code", _change(account.add_totp)),
    Page("remove-totp", f"{SECURITY}/totp-removal", _change(account.remove_totp)),
    Page("key-options", f"{SECURITY}/new-key", _change(account.new_key_options)),
    Page("add-key", f"{SECURITY}/keys", _change(account.add_security_key)),
    Page("remove-key", f"{SECURITY}/removed-key-{NUMBER}", _change(account.remove_security_key)),
    Page("codes", f"{SECURITY}/recovery-codes", _change(account.make_codes)),
    Page(
        "confirm",
        "/account/confirm",
        {**_look(confirming.show_confirm), **_change(confirming.confirm)},
    ),
    Page("confirm-options", "/account/confirm/options", _change(confirming.confirm_options)),
    Page(
        "keys",
        "/account/keys",
        {**_look(keys.show_keys), "POST": (keys.make_key, Permission.KEY_CREATE)},
    ),
    Page(
        "revoke-key",
        f"/account/keys/{NUMBER}",
        {"POST": (keys.revoke_key, Permission.KEY_CREATE)},
    ),
    Page("sessions", "/account/sessions", _look(sessions.show_sessions)),
    Page("end-sessions", "/account/sessions/others", _change(sessions.end_other_sessions)),
    Page("end-session", f"/account/sessions/{NUMBER}", _change(sessions.end_session)),
    Page("end-login", f"/account/logins/{NUMBER}", _change(sessions.end_login)),
    Page(
        "program",
        "/auth/cli/login/{code}",
        {**_look(programs.show_login), **_change(programs.approve_login)},
    ),
    Page(
        "use",
        "/use/{workspace}/{view}",
        {
            "GET": (use.show_use, Permission.VIEW_READ),
            "POST": (use.make_use_key, Permission.VIEW_READ),
        },
        steps=VIEW,
        context=ViewResource,
    ),
    Page(
        "facts",
        facts.FACTS,
        {"GET": (facts.show_facts, Permission.SERVER_AUDIT)},
        steps=("facts",),
        context=Resource,
    ),
    Page(
        "refresh-facts",
        f"{facts.FACTS}/{{source}}",
        {"POST": (facts.refresh_facts, Permission.FACTS_REFRESH)},
        steps=("facts", "{source}"),
        context=FactSourceResource,
    ),
    *VIEW_PAGES,
    Page("icon", "/favicon.ico", _open(GET=static.show_icon)),
    Page("static", "/static/{digest}/{name}", _open(GET=static.show_static)),
)


def configure(config: Configurator) -> None:
    """Routes and views of the pages."""
    config.include("pyramid_jinja2")
    problems.configure(config)
    for page in PAGES:
        others = tuple(method for method in page.methods if method != "GET")
        allowed = (*READS, *others) if "GET" in page.methods else others
        factory = at(*page.steps, methods=allowed) if page.steps else own(allowed)
        name = f"{problems.PAGES}{page.name}"
        config.add_route(name, page.pattern, factory=factory)
        for method, (view, permission) in page.methods.items():
            config.add_view(
                view,
                route_name=name,
                request_method=method,
                context=page.context,
                permission=permission,
            )
