"""Why a view shows a package, or does not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from packaging.version import Version

from stockroom.dists import canonical_version, normalize, parse_version
from stockroom.manage.why.reasons import NameOf, Reasons, moment
from stockroom.manage.why.rows import AskedReport, GroupReport, SeenFileReport, WhyDocument
from stockroom.manage.why.seeing import Eyes
from stockroom.resolution import Asked, AskedGroup, Fate, Resolution, SeenFile
from stockroom.resources import ViewRow

MAX_FILES = 500
OLDEST = Version("0.dev0")
ACTIVE = "active"


class Question(NamedTuple):
    """A package, or one version or file of it, in a view; ``at`` is None for the present.

    ``address`` is the view as people write it.
    """

    address: str
    package: str
    wanted: str | None = None
    at: datetime | None = None

    @property
    def subject(self) -> str:
        """What is asked for."""
        if self.wanted is None:
            return self.package
        return f"{self.package} {self.wanted}" if self.is_of_version else self.wanted

    @property
    def is_of_version(self) -> bool:
        """Whether it is for a version, not for a file."""
        return self.wanted is not None and parse_version(self.wanted) is not None

    def wants(self, filename: str, version: str) -> bool:
        """Whether a file belongs to the answer."""
        if self.wanted is None:
            return True
        if self.is_of_version:
            return canonical_version(version) == canonical_version(self.wanted)
        return filename == self.wanted


class Why:
    """Explains what ``eyes`` finds; ``names`` gives registries as people write them."""

    def __init__(self, eyes: Eyes, names: NameOf) -> None:
        self._eyes = eyes
        self._names = names

    def explain(self, view: ViewRow, question: Question) -> WhyDocument:
        """Answer; also for what nobody has.

        :raises FilterBroken: a filter of the view cannot be read any more.
        """
        question = question._replace(package=normalize(question.package))
        name = question.package
        found = self._eyes.asked(view, name, question.at)
        reasons = Reasons(self._eyes, found, self._names)
        files = [
            seen for seen in found.files if question.wants(seen.file.filename, seen.file.version)
        ]
        files.sort(key=lambda seen: seen.file.filename)
        files.sort(key=lambda seen: parse_version(seen.file.version) or OLDEST, reverse=True)
        told = [_file(seen, reasons) for seen in files[:MAX_FILES]]
        later = self._later(view, question, found) if not files else ""
        return WhyDocument(
            question.address,
            name,
            question.wanted,
            question.at,
            any(seen.fate is Fate.SHOWN for seen in files),
            _conclude(question, found, files, told, reasons) + later,
            [self._group(group, found.winner, reasons) for group in found.groups],
            told,
            len(files) - len(told),
            found.changes_at,
        )

    def _later(self, view: ViewRow, question: Question, found: Resolution) -> str:
        """Who would have what is missing, if the group that wins did not come first."""
        if found.winner is None or question.wanted is None:
            return ""
        outranked = replace(view, groups=view.groups[found.winner + 1 :])
        other = self._eyes.asked(outranked, found.name, question.at)
        having = {
            seen.registry_id: None
            for seen in other.files
            if question.wants(seen.file.filename, seen.file.version)
        }
        if not having:
            return ""
        reasons = Reasons(self._eyes, other, self._names)
        who = " and ".join(map(reasons.registry, having))
        return f"; {who} would have it, but group {found.winner + 1} comes first"

    def _group(self, group: AskedGroup, winner: int | None, reasons: Reasons) -> GroupReport:
        if not group.has:
            standing = "has-not"
        else:
            standing = "wins" if group.index == winner else "outranked"
        registries = [
            AskedReport(
                reasons.registry(asked.registry_id),
                asked.filter,
                asked.has,
                asked.status,
                asked.status_reason,
                self._answer(asked, group.index, winner),
            )
            for asked in group.registries
        ]
        return GroupReport(group.index + 1, standing, registries)  # type: ignore[arg-type]

    def _answer(self, asked: Asked, group: int, winner: int | None) -> str:
        if not asked.has:
            if not self._eyes.may_see(asked.registry_id):
                return "what it has beyond the view is told to who may read it"
            if asked.status is None:
                return "has no such package"
            return "has it, but its filter excludes it by its name"
        said = "has it"
        if asked.status not in (None, ACTIVE):
            reason = f": {asked.status_reason}" if asked.status_reason else ""
            said += f", {asked.status}{reason}"
        if winner is not None and group > winner:
            said += f", but group {winner + 1} comes first"
        return said


def _file(seen: SeenFile, reasons: Reasons) -> SeenFileReport:
    cause, file = reasons.of(seen), seen.file
    return SeenFileReport(
        file.filename,
        file.version,
        reasons.registry(seen.registry_id),
        file.sha256,
        file.uploaded_at,
        file.yanked,
        file.yanked_reason,
        seen.fate.value,
        seen.filter,
        list(cause.terms),
        cause.visible_at,
        cause.shadowed_by,
        cause.detail,
    )


def _conclude(
    question: Question,
    found: Resolution,
    files: Sequence[SeenFile],
    told: Sequence[SeenFileReport],
    reasons: Reasons,
) -> str:
    """The answer in a sentence."""
    view, subject = question.address, question.subject
    if question.at is not None:
        view += f" as of {moment(question.at)}"
    if found.winner is None:
        return reasons.nobody(view)
    if not files:
        what = "of it" if question.wanted is None else f"for {question.wanted}"
        who = reasons.providers()
        return f"{view} shows no {subject}: {found.name} comes from {who}, without a file {what}"
    shown = [seen for seen in files if seen.fate is Fate.SHOWN]
    if not shown:
        return f"{view} does not show {subject}: {_hidden(len(files), told)}"
    some = f"{len(shown)} of {len(files)} files of " if len(shown) < len(files) else ""
    said = f"{view} shows {some}{subject}"
    if all(seen.file.yanked for seen in shown):
        said += "; it is yanked, so that installers take it only where it is pinned with =="
    return said


def _hidden(files: int, told: Sequence[SeenFileReport]) -> str:
    """Why all of these files are hidden, by the newest one of the most frequent fate."""
    [(fate, count)] = Counter(file.fate for file in told).most_common(1)
    first = next(file for file in told if file.fate == fate)
    if files == 1:
        return f"it is {first.detail}"
    if len({file.detail for file in told}) == 1:
        return f"its {files} files are {first.detail}"
    some = f", most of them {fate}" if count < len(told) else ""
    soonest = min((file.visible_at for file in told if file.visible_at), default=None)
    later = (
        f"; the first one comes at {moment(soonest)}"
        if soonest and soonest != first.visible_at
        else ""
    )
    return f"its {files} files are hidden{some}: {first.filename} is {first.detail}{later}"
