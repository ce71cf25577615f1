"""Signs people in who have an account at an OpenID provider, GitHub or Google."""

from __future__ import annotations

from collections.abc import Sequence

from stockroom.hookspecs import hookimpl
from stockroom.spi import LoginMethod, PluginSettings
from stockroom_sso.methods import login_methods
from stockroom_sso.settings import SsoSettings

__version__ = "0.1.0"


@hookimpl
def stockroom_settings() -> type:
    """Say who may vouch for people."""
    return SsoSettings


@hookimpl
def stockroom_login_methods(settings: PluginSettings) -> Sequence[LoginMethod]:
    """Provide a login method for each client that the settings name."""
    return login_methods(settings.of(SsoSettings))
