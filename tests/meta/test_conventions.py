"""Conventions that a machine can check: permissions on views, SQL in its places."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path
from typing import Any

import pytest
from pyramid.interfaces import IExceptionResponse

import stockroom
from stockroom.security.permissions import Permission
from tests.support.site import TestSite

SOURCE = Path(stockroom.__file__).parent
WITHOUT_PERMISSION = {
    "stockroom.accounts.cli_views.Doors.access_token",
    "stockroom.accounts.cli_views.Doors.disclose",
    "stockroom.accounts.cli_views.Doors.jwks",
    "stockroom.accounts.cli_views.Doors.logout",
    "stockroom.accounts.cli_views.Doors.refresh",
    "stockroom.accounts.cli_views.Doors.status",
    "stockroom.advisories.views.query",
    "stockroom.advisories.views.query_batch",
    "stockroom.advisories.views.show",
    "stockroom.health.healthz",
    "stockroom.manage.api.views.show_description",
    *(
        f"stockroom.dashboard.{name}"
        for name in (
            "external.finish",
            "external.start",
            "joining.join",
            "joining.show_join",
            "signing_in.second_factor",
            "signing_in.second_factor_options",
            "signing_in.show_second_factor",
            "signing_in.show_sign_in",
            "signing_in.sign_in",
            "static.show_icon",
            "static.show_static",
        )
    ),
}
"""Views that anybody may ask; each needs a reason, which is in its docstring."""

SQL_MODULES = {
    "accounts/browser_sessions.py": "a service",
    "accounts/joining.py": "a service",
    "accounts/own.py": "a service",
    "accounts/second_factors.py": "a service",
    "accounts/program_queries.py": "reads for the logins of programs",
    "db.py": "opens connections",
    "feed/feed.py": "asks SQLite whether its file has changed",
    "feed/outbox.py": "writes and reads the outbox",
    "index/downloads.py": "a service",
    "insight/keeping.py": "a service",
    "jobs/runs.py": "a service",
    "manage/closing.py": "a service",
    "manage/grants.py": "a service",
    "manage/lookups.py": "locks rows for the services",
    "manage/places.py": "a service",
    "manage/robots.py": "a service",
    "manage/roles.py": "a service",
    "manage/scopes.py": "finds the row that a scope names",
    "manage/subjects.py": "finds the row that a subject names",
    "manage/users.py": "a service",
    "manage/numbers.py": "finds a number that is free",
    "manage/removal.py": "a service",
    "manage/retirement.py": "a service",
    "manage/sweeping.py": "a service",
    "manage/defining.py": "a service",
    "migrations/__init__.py": "looks at schemas",
    "models/sessions.py": "the condition of an index",
    "publish/service.py": "a service",
    "security/uses.py": "a service",
}
"""Modules besides `queries.py` that may hold SQL, and why."""
SQL_FUNCTIONS = {"select", "insert", "update", "delete", "text"}
SQL_METHODS = {"execute", "exec_driver_sql", "scalar", "scalars"}


def introspector_of(site: TestSite) -> Any:
    """Pyramid's record of what was configured."""
    router: Any = site.application._application
    return router.registry.introspector


def views_of(site: TestSite) -> list[dict[str, Any]]:
    """What Pyramid knows of each registered view, exception views left out."""
    introspector = introspector_of(site)
    found = [item["introspectable"] for item in introspector.get_category("views")]
    return [view for view in found if not is_exception_view(view)]


def is_exception_view(view: dict[str, Any]) -> bool:
    context = view["context"]
    return context is IExceptionResponse or (
        inspect.isclass(context) and issubclass(context, Exception)
    )


def name_of(view: dict[str, Any]) -> str:
    # What reads requests for a view of the API stands before it.
    function = getattr(view["callable"], "view", view["callable"])
    return f"{function.__module__}.{function.__qualname__}"


def permissions_of(site: TestSite) -> dict[tuple[str, str], Any]:
    """The permission that each view asks for, by its name and route."""
    introspector = introspector_of(site)
    by_view = {}
    for item in introspector.get_category("permissions"):
        for related in item["related"]:
            if related.category_name == "views":
                by_view[id(related)] = item["introspectable"]["value"]
    return {
        (name_of(view), str(view["route_name"])): by_view.get(id(view)) for view in views_of(site)
    }


def test_every_view_asks_for_a_permission(site: TestSite) -> None:
    permissions = permissions_of(site)

    without = {name for (name, _), permission in permissions.items() if permission is None}
    assert without == WITHOUT_PERMISSION
    assert len(permissions) > 5


def test_permissions_are_declared_ones(site: TestSite) -> None:
    asked = {permission for permission in permissions_of(site).values() if permission is not None}

    assert asked <= set(Permission)


def test_every_route_has_a_view(site: TestSite) -> None:
    introspector = introspector_of(site)
    routes = {item["introspectable"]["name"] for item in introspector.get_category("routes")}

    assert routes == {view["route_name"] for view in views_of(site)}


def modules() -> list[Path]:
    """Every module but the migrations, from the top of the package."""
    paths = [path.relative_to(SOURCE) for path in sorted(SOURCE.rglob("*.py"))]
    return [path for path in paths if "versions" not in path.parts]


def sql_in(module: Path) -> list[str]:
    """The calls in a module that make or run SQL, with their lines."""
    tree = ast.parse((SOURCE / module).read_text("utf-8"))
    imported = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sqlalchemy")
        for alias in node.names
    }
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        match node.func:
            case ast.Name(id=name) if name in SQL_FUNCTIONS & imported:
                found.append(f"{name}() in line {node.lineno}")
            case ast.Attribute(attr=name) if name in SQL_METHODS:
                found.append(f".{name}() in line {node.lineno}")
    return found


@pytest.mark.parametrize("module", modules(), ids=str)
def test_sql_is_in_queries_and_services_only(module: Path) -> None:
    if module.name == "queries.py" or str(module) in SQL_MODULES:
        return

    assert sql_in(module) == []


@pytest.mark.parametrize("module", SQL_MODULES)
def test_exceptions_for_sql_are_needed(module: str) -> None:
    assert sql_in(Path(module)) != []
    assert Path(module).name not in ("views.py", "tree.py", "documents.py")
