"""The fixtures are in a module of their own, which type checkers can tell from other plugins'."""

from sso_support.fixtures import *  # noqa: F403 - pytest finds fixtures by their names in here
