"""Random conditions of the filter language, and a naive reading of what they mean.

A condition is made of plain tuples. :func:`text_of` writes it in the language, :func:`truth`
evaluates it for one file, as slowly and as plainly as it can be said; neither knows anything of the
code that it is compared with.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st
from packaging.version import Version

from stockroom.spi import FilterFile, FilterPackage, FilterRelease
from tests.support.filtering import DAY, NOW, below

Node = tuple[Any, ...]

TYPES = {
    "package.name": "name",
    "package.upload_time": "instant",
    "package.age_days": "age",
    "package.downloads": "number",
    "package.owner": "text",
    "package.latest": "version",
    "package.successor": "name",
    "package.scanned": "instant",
    "package.scan_age_days": "age",
    "release.version": "version",
    "release.upload_time": "instant",
    "release.age_days": "age",
    "release.score": "number",
    "file.name": "text",
    "file.upload_time": "instant",
    "file.age_days": "age",
    "file.signed": "boolean",
}
CORE = [name for name in TYPES if name.partition(".")[2] in ("name", "upload_time", "age_days")]
CLOCKS = {name: name.replace("age_days", "upload_time") for name in CORE if "age_days" in name}
CLOCKS["package.scan_age_days"] = "package.scanned"

NAMES = ["demo", "De_Mo", "acme-tools", "a"]
VERSIONS = ["1.0", "1", "1.0.post1", "2.0rc1", "0.9", "1!0", "1.0+local"]
TEXTS = ["ada", "Ada", ".whl", "demo-1.0-py3-none-any.whl", "x y", 'say "ah"', "it's", "é"]
NUMBERS = ["0", "7", "-3", "6.5", "1e3", "1000000"]
DAYS = ["7", "6.5", "7", "1", "0", "1e-12", "-1", "3000000", "-3000000", "6.99999999999"]
TIMES = ["2026-02-22", "2026-02-22T12:00:00Z", "2026-02-22 14:00+02:00", "0001-01-01", "9999-12-31"]
PARTS = ["demo", "A", "_", ".whl", "-1.0"]
WRITTEN = {"name": NAMES, "version": VERSIONS, "number": NUMBERS, "instant": TIMES, "text": TEXTS}
ORDERED = ["==", "!=", "<", "<=", ">", ">="]


def _fields(kind: str, among: list[str]) -> list[Node]:
    return [("field", name) for name in among if TYPES[name] == kind]


def _leaves(among: list[str], *, calls: bool) -> Iterator[st.SearchStrategy[Node]]:
    def one_of(kind: str) -> st.SearchStrategy[Node]:
        return st.sampled_from(_fields(kind, among))

    def literal(kind: str) -> st.SearchStrategy[Node]:
        return st.sampled_from([("literal", kind, text) for text in WRITTEN[kind]])

    for kind in {TYPES[name] for name in among} - {"age", "boolean"}:
        operators = ORDERED if kind in ("version", "number", "instant") else ["==", "!="]
        if kind == "instant":
            exact = st.just(("literal", "instant", "2026-02-22T12:00:00Z"))
            yield st.tuples(st.just("compare"), one_of(kind), st.sampled_from(["==", "!="]), exact)
        ordering = [sign for sign in operators if kind != "instant" or sign not in ("==", "!=")]
        yield st.tuples(st.just("compare"), one_of(kind), st.sampled_from(ordering), literal(kind))
        yield st.tuples(st.just("compare"), literal(kind), st.sampled_from(ordering), one_of(kind))
        yield st.tuples(st.just("compare"), one_of(kind), st.sampled_from(operators), one_of(kind))
        if kind != "instant":
            yield st.tuples(
                st.just("in"), one_of(kind), st.lists(literal(kind), min_size=1, max_size=3)
            )
    parts = st.sampled_from([("literal", "part", text) for text in PARTS])
    names = [("field", "package.name")]
    yield st.tuples(st.just("within"), parts, st.sampled_from([("field", "file.name")]))
    yield st.tuples(
        st.just("within"),
        st.sampled_from([("literal", "part", "dem"), ("literal", "part", "_M")]),
        st.sampled_from(names),
    )
    yield st.tuples(st.just("within"), st.sampled_from(names), st.just(("field", "file.name")))
    if calls:
        whole = st.sampled_from([*_fields("text", among), *_fields("name", among)])
        length = st.tuples(st.just("length"), whole)
        yield st.tuples(st.just("holds"), st.just(("field", "file.signed")))
        yield st.tuples(st.just("compare"), length, st.sampled_from(ORDERED), literal("number"))
        yield st.tuples(st.just("holds"), st.tuples(st.just("below"), whole, literal("text")))


def _ages(among: list[str]) -> st.SearchStrategy[Node]:
    days = st.sampled_from([("literal", "age", text) for text in DAYS])
    age = st.sampled_from(_fields("age", among))
    sign = st.sampled_from(["<", "<=", ">", ">="])
    return st.one_of(
        st.tuples(st.just("compare"), age, sign, days),
        st.tuples(st.just("chain"), days, sign, age, sign, days),
    )


def conditions(among: list[str] | None = None) -> st.SearchStrategy[Node]:
    """Conditions on these fields, half of them ages; with functions, if they are on all."""
    ages = _ages(among or list(TYPES))
    others = st.one_of(
        *_leaves(among or list(TYPES), calls=among is None),
        st.tuples(st.just("always"), st.booleans()),
    )
    return st.recursive(
        st.booleans().flatmap(lambda aged: ages if aged else others),
        lambda inner: st.one_of(
            st.tuples(st.just("not"), inner),
            st.tuples(st.sampled_from(["and", "or"]), st.lists(inner, min_size=2, max_size=3)),
        ),
        max_leaves=6,
    )


# The language


def text_of(node: Node) -> str:
    """A condition as somebody might write it."""
    match node:
        case ("and" | "or" as word, terms):
            return f" {word}\n ".join(f"({text_of(term)})" for term in terms)
        case ("not", ("in" | "within", one, other)):
            return f"{_operand(one)} not in {_operand(other)}"
        case ("not", term):
            return f"not ({text_of(term)})"
        case ("in" | "within", one, other):
            return f"{_operand(one)} in {_operand(other)}"
        case ("compare", left, sign, right):
            return f"{_operand(left)} {sign} {_operand(right)}"
        case ("chain", left, sign, middle, second, right):
            return f"{_operand(left)} {sign} {_operand(middle)}{second}{_operand(right)}"
        case ("holds", operand):
            return _operand(operand)
        case ("always", value):
            return str(value)
    raise AssertionError(node)


def _operand(node: Any) -> str:
    match node:
        case list():
            return f"[{', '.join(map(_operand, node))}]"
        case ("field", name):
            return str(name)
        case ("literal", "number" | "age", text):
            return str(text)
        case ("literal", _, text):
            return f"'{text}'" if '"' in text else f'"{text}"'
        case (function, *arguments):
            return f"{function}({', '.join(map(_operand, arguments))})"
    raise AssertionError(node)


# Its meaning


def truth(
    node: Node, package: FilterPackage, file: FilterFile | None, now: datetime
) -> bool | None:
    """True, False, or None for unknown."""
    match node:
        case ("and", terms):
            found = [truth(term, package, file, now) for term in terms]
            return False if False in found else None if None in found else True
        case ("or", terms):
            found = [truth(term, package, file, now) for term in terms]
            return True if True in found else None if None in found else False
        case ("not", term):
            inner = truth(term, package, file, now)
            return None if inner is None else not inner
        case ("always", value):
            return bool(value)
        case ("chain", left, sign, middle, second, right):
            both = [("compare", left, sign, middle), ("compare", middle, second, right)]
            return truth(("and", both), package, file, now)

    def known(operand: Node, like: Node | None = None) -> Any:
        return _value(operand, package, file, now, _type(like) if like else None)

    match node:
        case ("holds", operand):
            found = known(operand)
            return None if found is None else bool(found)
        case ("in", operand, choices):
            one = known(operand)
            return None if one is None else one in [known(each, operand) for each in choices]
        case ("within", part, whole):
            one, other = known(part, whole), known(whole)
            return None if one is None or other is None else one in other
        case ("compare", left, sign, right):
            one, other = known(left, right), known(right, left)
            return None if one is None or other is None else _compared(one, sign, other)
    raise AssertionError(node)


def _compared(one: Any, sign: str, other: Any) -> bool:
    answers = {"==": one == other, "!=": one != other}
    if sign not in answers:
        answers = {"<": one < other, "<=": one <= other, ">": one > other, ">=": one >= other}
    return bool(answers[sign])


def _type(operand: Node) -> str:
    if operand[0] == "field":
        return TYPES[operand[1]]
    return {"length": "number", "below": "boolean"}.get(operand[0], "literal")


def _value(
    operand: Node,
    package: FilterPackage,
    file: FilterFile | None,
    now: datetime,
    like: str | None,
) -> Any:
    match operand:
        case ("literal", kind, text):
            return _of_text(text, kind if kind != "part" else f"part of {like}")
        case ("length", inner):
            found = _value(inner, package, file, now, None)
            return None if found is None else len(found)
        case ("below", inner, (_, _, prefix)):
            found = _value(inner, package, file, now, None)
            return None if found is None else below(found, prefix)
        case ("field", name) if name in CLOCKS:
            since = _plain(CLOCKS[name], package, file)
            return None if since is None else Fraction((now - since) // MICROSECOND, DAY_MICROS)
        case ("field", name):
            found = _plain(name, package, file)
            return found if found is None else _of_value(found, TYPES[name])
    raise AssertionError(operand)


MICROSECOND = timedelta(microseconds=1)
DAY_MICROS = DAY // MICROSECOND


def _plain(name: str, package: FilterPackage, file: FilterFile | None) -> Any:
    document = package.documents.get("facts", {})
    level, _, own = name.partition(".")
    if own in ("downloads", "owner", "latest", "successor", "scanned"):
        return document.get(own)
    if level == "package":
        return {"name": package.name, "upload_time": package.upload_time}[own]
    if file is None:
        return None
    known = {
        "release.version": file.release.version,
        "release.upload_time": file.release.upload_time,
        "release.score": document.get("scores", {}).get(file.release.version),
        "file.name": file.filename,
        "file.upload_time": file.upload_time,
        "file.signed": document.get("signed", {}).get(file.filename),
    }
    return known[name]


def _of_value(value: Any, kind: str) -> Any:
    if kind == "version":
        return Version(value)
    return re.sub(r"[-_.]+", "-", value).lower() if kind == "name" else value


def _of_text(text: str, kind: str) -> Any:
    if kind == "age":
        return Fraction(text)
    if kind == "number":
        return float(text)
    if kind == "instant":
        found = datetime.fromisoformat(text)
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    return _of_value(text, kind.removeprefix("part of "))


def days_in(node: Any) -> set[Fraction]:
    """Every age that a condition names."""
    match node:
        case ("literal", "age", text):
            return {Fraction(text)}
        case tuple() | list():
            return {days for inner in node for days in days_in(inner)}
    return set()


def moments(node: Node, package: FilterPackage, files: list[FilterFile]) -> list[datetime]:
    """Every instant after NOW at which the condition might change, in order."""
    instants = {_plain(clock, package, file) for clock in CLOCKS.values() for file in files}
    found = set()
    for instant in instants - {None}:
        for days in days_in(node):
            for offset in (0, 1):
                # A test changes its value with the first microsecond at or after the age.
                try:
                    found.add(instant + (int(days * DAY_MICROS) + offset) * MICROSECOND)
                except OverflowError:
                    continue
    return sorted(moment for moment in found if moment > NOW)


# What it is about

instants = st.builds(
    lambda days, microseconds: NOW - days * DAY + microseconds * MICROSECOND,
    st.sampled_from([7, 6.5, 1, 0, 3, 30, -1]),
    st.sampled_from([0, 0, -1, 1]),
)


@st.composite
def documents(draw: st.DrawFn, filenames: list[str]) -> dict[str, Any]:
    """What is known of a package; any of it may be unknown."""
    known = {
        "downloads": st.sampled_from([0, 7, 1000, 6.5]),
        "owner": st.sampled_from(TEXTS),
        "latest": st.sampled_from(VERSIONS),
        "successor": st.sampled_from(["demo", "de-mo"]),
        "scanned": instants,
        "scores": st.dictionaries(st.sampled_from(["1.0", "2.0rc1"]), st.sampled_from([0.0, 7.5])),
        "signed": st.dictionaries(st.sampled_from(filenames), st.booleans()),
    }
    chosen = draw(st.lists(st.sampled_from(sorted(known)), unique=True))
    return {key: draw(known[key]) for key in chosen}


FILENAMES = ["demo-1.0.tar.gz", "demo-1.0-py3-none-any.whl", "De_Mo-2.0-py3-none-any.whl", "a.WHL"]


@st.composite
def packages(draw: st.DrawFn, name: str | None = None) -> tuple[FilterPackage, list[FilterFile]]:
    """A package and its files. Any time may be that of any upload: nothing depends on order."""
    releases = [
        FilterRelease(version, draw(instants)) for version in ("1.0", "2.0rc1", "1!0", "1.0+local")
    ]
    files = [
        FilterFile(filename, draw(instants), draw(st.sampled_from(releases)))
        for filename in draw(st.lists(st.sampled_from(FILENAMES), unique=True))
    ]
    known = draw(documents(FILENAMES))
    name = name or draw(st.sampled_from(["demo", "de-mo", "acme-tools"]))
    uploaded = draw(st.one_of(st.none(), instants))
    return FilterPackage(name, uploaded, {"facts": known} if known else {}), files
