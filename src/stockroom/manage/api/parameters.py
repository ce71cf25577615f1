"""Reading what stands after the question mark."""

from __future__ import annotations

from urllib.parse import parse_qs

from stockroom.manage.problems import InvalidQuery
from stockroom.manage.texts import is_storable
from stockroom.web import Request

MAX_PARAMETERS = 20
MAX_LIMIT = 500
DEFAULT_LIMIT = 100
MAX_ID = 2**63 - 1


class Parameters:
    """The parameters of a request, each of which must be known and may stand only once.

    :raises InvalidQuery: that is not so.
    """

    def __init__(self, request: Request, *known: str) -> None:
        text: str = request.environ.get("QUERY_STRING", "")
        try:
            found = parse_qs(text, keep_blank_values=True, max_num_fields=MAX_PARAMETERS)
        except ValueError:
            raise InvalidQuery(f"there are more than {MAX_PARAMETERS} parameters") from None
        unknown = sorted(found.keys() - set(known))
        if unknown:
            raise InvalidQuery(
                f"there is no parameter {', '.join(unknown)}; there are {', '.join(known)}"
            )
        twice = sorted(name for name, values in found.items() if len(values) > 1)
        if twice:
            raise InvalidQuery(f"{', '.join(twice)} stands more than once")
        self._values: dict[str, str] = {name: values[0] for name, values in found.items()}

    def text(self, name: str) -> str:
        """A text; "" when it is absent.

        :raises InvalidQuery: no name has such characters.
        """
        value = self._values.get(name, "")
        if not is_storable(value):
            raise InvalidQuery(f"{name} has characters that nothing here has")
        return value

    def choice(self, name: str, *options: str) -> str | None:
        """One of ``options``; None when it is absent.

        :raises InvalidQuery: it is another text.
        """
        value = self._values.get(name)
        if value is not None and value not in options:
            raise InvalidQuery(f"{name} must be one of {', '.join(options)}")
        return value

    def limit(self) -> int:
        """How many rows to answer with at most.

        :raises InvalidQuery: no number from 1 to ``MAX_LIMIT``.
        """
        found = self.number("limit", 1, MAX_LIMIT)
        return DEFAULT_LIMIT if found is None else found

    def number(self, name: str, minimum: int = 0, maximum: int = MAX_ID) -> int | None:
        """A whole number; None when it is absent.

        :raises InvalidQuery: it is none, or out of range.
        """
        text = self._values.get(name)
        if text is None:
            return None
        number = int(text) if text.isascii() and text.isdigit() and len(text) < 20 else -1
        if not minimum <= number <= maximum:
            raise InvalidQuery(f"{name} must be a whole number from {minimum} to {maximum}")
        return number
