"""`stockroom why` and `stockroom view rehearse`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from stockroom.cli.arguments import split_registry
from stockroom.cli.backends.choosing import pass_backend
from stockroom.cli.output import count, json_option, print_json, show
from stockroom.cli.refusals import REFUSED, Refusal

if TYPE_CHECKING:
    from stockroom.cli.backends.protocols import Backend
    from stockroom.manage.why.rows import PinReport, RehearsalDocument, WhyDocument

VIEW = click.argument("view", metavar="WORKSPACE/VIEW")
AT = click.option(
    "--at",
    default="",
    metavar="INSTANT",
    help="As of when, such as 2026-01-31 or 2026-01-31T12:00:00Z.",
)
KINDS = click.Choice(["uv", "pylock", "requirements"])


class GroupLine(NamedTuple):
    """A registry in a group, and what it said."""

    group: int
    registry: str
    answer: str


class FileLine(NamedTuple):
    """A file and what becomes of it."""

    version: str
    filename: str
    registry: str
    fate: str


class PinLine(NamedTuple):
    """A pin that is not to be had, or not as before."""

    pin: str
    outcome: str
    by_now: str | None
    why: str


@click.command("why")
@VIEW
@click.argument("package")
@click.argument("part", metavar="[VERSION|FILE]", required=False)
@AT
@json_option
@pass_backend
def why(
    backend: Backend, view: str, package: str, part: str | None, at: str, as_json: bool
) -> None:
    """Tell why a view shows a PACKAGE, a version or a file of it, or why it does not.

    Lists which registries were asked, which group won, and what hides which file until when; times
    are UTC. Ends with status 1 if nothing of it is shown.
    """
    found = backend.questions.why(split_registry(view), package, part, at)
    if as_json:
        print_json(found)
    else:
        _print_why(found)
    _end(ok=found.visible)


@click.command("rehearse")
@VIEW
@click.option(
    "--lock",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A uv.lock, a pylock.toml or a requirements file.",
)
@click.option("--kind", type=KINDS, help="What the lock file is, if its name does not tell.")
@click.option(
    "--group",
    "groups",
    multiple=True,
    metavar="GROUP",
    help="What the view would be made of, a group each time, such as 'acme/main' or "
    "'public/pypi[release.age_days >= 7]'  [default: what it is made of]",
)
@AT
@json_option
@pass_backend
def rehearse(
    backend: Backend,
    view: str,
    lock: Path,
    kind: str | None,
    groups: tuple[str, ...],
    at: str,
    as_json: bool,
) -> None:
    """Tell which pins of a lock file a view does not give, or would not.

    Nothing is changed. Times are UTC. Ends with status 1 if a pin has vanished; with --group, if
    one vanishes that is there now.
    """
    from stockroom.cli.backends.protocols import LockText
    from stockroom.manage.groups import parse_groups

    draft = parse_groups(groups) if groups else None
    text = LockText(_read(lock), lock.name, kind)
    found = backend.questions.rehearse(split_registry(view), text, draft, at)
    if as_json:
        print_json(found)
    else:
        _print_rehearsal(found)
    gone = found.counts.vanish_by_draft if found.draft else found.counts.vanished
    _end(ok=not gone)


def _end(*, ok: bool) -> None:
    click.get_current_context().exit(0 if ok else REFUSED)


def _read(lock: Path) -> str:
    from stockroom.dists.locks import MAX_TEXT

    try:
        if lock.stat().st_size > MAX_TEXT:
            raise Refusal(f"{lock} has more than {MAX_TEXT} bytes")
        return lock.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise Refusal(f"{lock} cannot be read: {reason}") from error


def _print_why(found: WhyDocument) -> None:
    click.echo(f"{found.conclusion}\n")
    asked = [
        GroupLine(group.number, _member(one.registry, one.filter), one.detail)
        for group in found.groups
        for one in group.registries
    ]
    show(asked, GroupLine._fields, as_json=False)
    files = [
        FileLine(file.version, file.filename, file.registry, file.detail) for file in found.files
    ]
    if files:
        click.echo()
        show(files, FileLine._fields, as_json=False)
    if found.left_out:
        click.echo(f"and {count(found.left_out, 'older file')}; give a VERSION to see them")


def _member(registry: str, text: str | None) -> str:
    return registry if text is None else f"{registry}[{text}]"


def _print_rehearsal(found: RehearsalDocument) -> None:
    counts = found.counts
    said = f"{counts.available} available, {counts.reduced} reduced, {counts.vanished} vanished"
    if found.draft:
        said += f"; by the draft {counts.vanish_by_draft} vanish, {counts.return_by_draft} return"
    click.echo(f"{count(len(found.pins), 'pin')} in {found.view}: {said}")
    lines = [
        PinLine(f"{pin.name} {pin.version}", pin.outcome, pin.present, _why(pin))
        for pin in found.pins
        if pin.missing or pin.present not in (None, pin.outcome)
    ]
    columns = PinLine._fields if found.draft else ("pin", "outcome", "why")
    if lines:
        click.echo()
        show(lines, columns, as_json=False)
    for entry in found.unchecked:
        click.echo(f"not checked: line {entry.line}, {entry.entry}: {entry.reason}")


def _why(pin: PinReport) -> str:
    if not pin.missing:
        return ""
    first = pin.missing[0]
    name = f"{first.filename}: " if first.filename and pin.outcome == "reduced" else ""
    return f"{name}{first.detail}"


COMMANDS = (why,)
