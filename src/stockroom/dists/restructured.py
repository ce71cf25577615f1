"""The reading of reStructuredText that comes from outside: in bounded time, without other files.

Docutils takes minutes over some texts of a few hundred bytes, so the work that a text asks for is
counted while it is read. Importing this module takes about 60 ms.
"""

from __future__ import annotations

from functools import cache
from threading import Lock
from typing import Any

from docutils import nodes
from docutils.frontend import get_default_settings
from docutils.parsers.rst import Parser, roles
from docutils.readers.standalone import Reader
from docutils.utils import SystemMessage, new_reporter
from readme_renderer.rst import SETTINGS

# What a description of the longest that are read may ask for; real ones need a fifth.
_STEPS = 10_000
_PENDING_STEPS = 100
_SOURCE = "description"

# Those of the renderer of PyPI. The last two change the looks only: highlighting would run patterns
# of any language over hostile text.
_SETTINGS = {
    **SETTINGS,
    "_disable_config": True,
    "warning_stream": False,
    "syntax_highlight": "none",
    "smart_quotes": False,
}
# Roles that a text defines are kept by docutils for the whole process.
_ONE_AT_A_TIME = Lock()


class _TooMuch(Exception):
    """The text asks for more work than is done for a description."""


class _Counted(nodes.document):
    """A document that counts the steps it takes to make it.

    The reader notes each line that it looks at, once for each level of nesting.
    """

    steps = 0

    def spend(self, steps: int) -> None:
        self.steps += steps
        if self.steps > _STEPS:
            raise _TooMuch

    def note_source(self, source: Any, offset: Any) -> None:
        self.spend(1)
        super().note_source(source, offset)

    def note_pending(self, pending: Any, priority: Any = None) -> None:
        # Each goes through the whole document when it is complete.
        self.spend(_PENDING_STEPS)
        super().note_pending(pending, priority)


def reading_fault(text: str) -> str | None:
    """Give the first reason why the renderer of PyPI does not show a text, None if it does."""
    with _ONE_AT_A_TIME:
        vars(roles)["_roles"].clear()
        try:
            return _read(text)
        except SystemMessage as message:
            return str(message)
        except _TooMuch:
            return "it is too complex"
        except Exception as error:  # docutils has no bounds to what its directives raise
            return f"reading it fails with {type(error).__name__}"


def _read(text: str) -> str | None:
    settings = _settings().copy()
    document = _Counted(settings, new_reporter(_SOURCE, settings), source=_SOURCE)
    parser = Parser()
    parser.parse(text, document)
    _count_substitutions(document)
    document.transformer.populate_from_components((Reader(parser), parser))
    document.transformer.apply_transforms()
    return _nothing(document)


def _count_substitutions(document: _Counted) -> None:
    """Count what the references to substitutions will be replaced by, before they are."""
    sizes = {name: len(list(n.findall())) for name, n in document.substitution_defs.items()}
    for definition in document.substitution_defs.values():
        # Definitions that use each other double with each step.
        if next(iter(definition.findall(nodes.substitution_reference)), None) is not None:
            raise _TooMuch
    for reference in document.findall(nodes.substitution_reference):
        document.spend(sizes.get(reference["refname"], 1))


def _nothing(document: nodes.document) -> str | None:
    return None if any(map(_is_shown, document.children)) else "nothing comes of it"


def _is_shown(node: nodes.Node) -> bool:
    if isinstance(node, nodes.target):
        return not any(key in node for key in ("refuri", "refid", "refname"))
    return not isinstance(
        node, nodes.Invisible | nodes.meta | nodes.decoration | nodes.system_message
    )


@cache
def _settings() -> Any:
    settings = get_default_settings(Parser, Reader)
    vars(settings).update(_SETTINGS)
    return settings
