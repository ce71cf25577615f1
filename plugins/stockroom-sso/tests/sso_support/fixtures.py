"""Doubles of those who vouch for people, and the method that asks them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest

from sso_support.doubles import CLIENT_ID, Double, IssuerDouble, serving
from stockroom_sso.openid import OpenIdMethod, Registration, Rules
from stockroom_sso.transport import Http

MakeMethod = Callable[..., OpenIdMethod]


@pytest.fixture
def issuer() -> Iterator[IssuerDouble]:
    with serving(IssuerDouble) as double:
        yield cast(IssuerDouble, double)


@pytest.fixture
def elsewhere() -> Iterator[Double]:
    """Another server, which nobody should be led to."""
    with serving(Double) as double:
        yield double


@pytest.fixture
def make_method(issuer: IssuerDouble) -> MakeMethod:
    """Make a method for the issuer, with these rules."""

    def make(http: Http | None = None, **rules: Any) -> OpenIdMethod:
        registration = Registration(issuer=issuer.base, client_id=CLIENT_ID, secret="hush")
        return OpenIdMethod(
            "sso", "Sign in", registration, Rules(**rules), http or Http(seconds=10)
        )

    return make


@pytest.fixture
def method(make_method: MakeMethod) -> OpenIdMethod:
    return make_method()
