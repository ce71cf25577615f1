"""How a private classifier is spelt, and what people may take for one."""

from __future__ import annotations

import unicodedata

PRIVATE = "Private"
SEPARATOR = " :: "
LONGEST = 500
"""Characters of the longest private classifier; also what is looked at of any other text."""
_LONGEST_SHOWN = 100


def joined(*words: str) -> str:
    """A classifier of these words, below ``Private``."""
    return SEPARATOR.join((PRIVATE, *words))


def words_of(classifier: str) -> tuple[str, ...] | None:
    """The words below ``Private``; None if there are none, or it is not spelt as it should be.

    A word is made of signs that can be seen, in Unicode's form C, without colons, and of single
    spaces between them.
    """
    if len(classifier) > LONGEST:
        return None
    first, *words = classifier.split(SEPARATOR)
    return tuple(words) if first == PRIVATE and words and all(map(_is_word, words)) else None


def _is_word(text: str) -> bool:
    return (
        text.isprintable()
        and ":" not in text
        and "" not in text.split(" ")
        and unicodedata.is_normalized("NFC", text)
    )


def is_private(classifier: str) -> bool:
    """Whether a classifier is a private one, or people may take it for one."""
    return reads_as(roughly(classifier)[0], PRIVATE)


def roughly(classifier: str) -> list[str]:
    """The words of a classifier, however many colons and spaces are between them."""
    first, *others = unicodedata.normalize("NFKC", classifier[:LONGEST]).split(":")
    return [first, *(word for word in others if word.strip())]


def reads_as(text: str, name: str) -> bool:
    """Whether people may take ``text`` for ``name``, which it need not be.

    Case, spaces, colons and invisible signs do not count, and every letter of another alphabet may
    look like any of ours.
    """
    seen, meant = _bare(text), _bare(name)
    return (
        len(seen) == len(meant)
        and all(
            a == b or (b.isascii() and not a.isascii()) for a, b in zip(seen, meant, strict=True)
        )
        and any(a == b for a, b in zip(seen, meant, strict=True))
    )


def _bare(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text[:LONGEST]).casefold()
    return "".join(
        sign
        for sign in unicodedata.normalize("NFKC", folded)
        if sign != ":" and not sign.isspace() and unicodedata.category(sign) != "Cf"
    )


def shown(text: str) -> str:
    """A text from an upload in quotes, on one line, with every sign that may deceive escaped."""
    return ascii(text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 3]}...")
