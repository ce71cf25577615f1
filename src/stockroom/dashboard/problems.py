"""Problems for people: a page instead of JSON, and a way to sign in instead of a dialog."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from pyramid.config import Configurator
from pyramid.exceptions import URLDecodeError
from pyramid.httpexceptions import HTTPForbidden, HTTPNotFound

from stockroom.accounts.problems import ConfirmationNeeded
from stockroom.dashboard.pages import page, see_other, sign_in_path
from stockroom.errors import NotFound, Problem, Unauthenticated
from stockroom.web import READS, Ready, Request, denied

PAGES = "page."
"""How the names of the routes of pages begin."""
SIGN_IN = "Sign in to see this page, if it exists."


class Navigates:
    """View predicate: a browser goes to this URL, as opposed to a program that reads it.

    Browsers say so, or begin their Accept header with HTML and go on; pip never does both. What
    sends a credential in a header is a program.
    """

    def __init__(self, value: bool, info: object) -> None:
        self._value = value

    def text(self) -> str:
        """For listings of views."""
        return f"navigates = {self._value}"

    phash = text

    def __call__(self, context: object, request: Request) -> bool:
        """Whether it is so."""
        return navigates(request) is self._value


def navigates(request: Request) -> bool:
    """Whether a browser goes to the URL of this request."""
    environ = request.environ
    if environ.get("HTTP_AUTHORIZATION"):
        return False
    mode = environ.get("HTTP_SEC_FETCH_MODE")
    if mode is not None:
        return bool(mode == "navigate")
    return bool(environ.get("HTTP_ACCEPT", "").lower().startswith("text/html,"))


def show_problem_page(problem: Problem, request: Request) -> Ready:
    """What was raised on purpose, for people."""
    if isinstance(problem, Unauthenticated):
        return _sign_in_first(request)
    if isinstance(problem, ConfirmationNeeded):
        return see_other(request, "/account/confirm", next=_came_from(request))
    return page(
        request,
        "problem",
        status=problem.status,
        headers=problem.headers,
        title=problem.title,
        detail=problem.detail,
    )


def show_denied_page(refusal: HTTPNotFound | HTTPForbidden, request: Request) -> Ready:
    """What is missing or not allowed (S-61), for people."""
    return show_problem_page(denied(refusal, request), request)


def show_bad_path_page(error: URLDecodeError, request: Request) -> Ready:
    """A path that is not UTF-8 cannot name anything."""
    return show_problem_page(NotFound("there is nothing there: the path is not UTF-8"), request)


def _sign_in_first(request: Request) -> Ready:
    """401 without a challenge, at which browsers would open a dialog."""
    route = request.matched_route
    is_page = route is not None and route.name.startswith(PAGES)
    if is_page and request.environ["REQUEST_METHOD"] in READS:
        return see_other(request, sign_in_path(request))
    return page(
        request,
        "sign-in-first",
        status=HTTPStatus.UNAUTHORIZED,
        path=sign_in_path(request),
        detail=SIGN_IN,
    )


def _came_from(request: Request) -> str:
    """The page to go back to with what was to be sent."""
    path: str = request.path_info
    return path if request.environ["REQUEST_METHOD"] in READS else path.rsplit("/", 1)[0]


def configure(config: Configurator) -> None:
    """Register the exception views for browsers, beside those for programs."""
    config.add_view_predicate("navigates", Navigates)
    views: list[tuple[Callable[..., Any], type[Exception]]] = [
        (show_problem_page, Problem),
        (show_bad_path_page, URLDecodeError),
    ]
    for view, context in views:
        config.add_exception_view(view, context=context, navigates=True)
    config.add_notfound_view(show_denied_page, navigates=True)
    config.add_forbidden_view(show_denied_page, navigates=True)
