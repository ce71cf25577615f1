"""The command ``stockroom-keyring``."""

from __future__ import annotations

import argparse
import sys
import webbrowser
from collections.abc import Sequence

from keyring.errors import KeyringError

from stockroom_keyring import __version__
from stockroom_keyring.logins import LoginFailed, Logins
from stockroom_keyring.origins import BadAddress, origin_of
from stockroom_keyring.store import Store


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit status."""
    options = _parser().parse_args(arguments)
    store = Store()
    try:
        return _run(options, Logins(store), store)
    except (BadAddress, LoginFailed, KeyringError, OSError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    except KeyboardInterrupt:
        return 130


def _run(options: argparse.Namespace, logins: Logins, store: Store) -> int:
    if options.command == "list":
        sys.stdout.writelines(f"{origin}\n" for origin in store.origins())
        return 0
    origin = origin_of(options.url)
    if options.command == "login":
        logins.login(origin, _show_only if options.no_browser else _show)
        sys.stdout.write(f"logged in to {origin}\n")
        return 0
    if logins.logout(origin):
        sys.stdout.write(f"logged out from {origin}\n")
        return 0
    sys.stderr.write(f"error: nobody is logged in to {origin}\n")
    return 1


def _show(url: str) -> None:
    _show_only(url)
    webbrowser.open(url)


def _show_only(url: str) -> None:
    sys.stdout.write(f"approve the login at {url}\n")
    sys.stdout.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="stockroom-keyring", description="Sign pip, uv and twine in to a Stockroom server."
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    login = commands.add_parser("login", help="log in to a server, with a browser")
    login.add_argument("url", metavar="URL", help="any URL of the server")
    login.add_argument(
        "--no-browser", action="store_true", help="only print the page on which to approve it"
    )
    logout = commands.add_parser("logout", help="log out from a server")
    logout.add_argument("url", metavar="URL", help="any URL of the server")
    commands.add_parser("list", help="list the servers to which you are logged in")
    return parser
