"""From text to Python's syntax tree, with places in the text as people count them."""

from __future__ import annotations

import ast

from stockroom.filters.mistakes import FilterInvalid, Mistake
from stockroom.filters.tokens import check_tokens


class Source:
    """The text of a filter, with line feeds at the ends of its lines."""

    def __init__(self, text: str) -> None:
        self.text = text.replace("\r\n", "\n").replace("\r", "\n")
        self._lines = self.text.split("\n")

    def expression(self) -> ast.expr:
        """What Python's parser makes of it.

        :raises FilterInvalid: if that is no expression, or made of what no filter is made of.
        """
        check_tokens(self.text)
        try:
            # In brackets, so that it may begin with a space and go on in the next line.
            return ast.parse(f"(\n{self.text}\n)", "<filter>", mode="eval").body
        except SyntaxError as error:
            raise FilterInvalid([self._about(error)]) from error
        except (ValueError, RecursionError, MemoryError) as error:
            raise FilterInvalid(
                [Mistake(1, 1, "This is nested too deeply: write a simpler condition.")]
            ) from error

    def place(self, node: ast.expr) -> tuple[int, int]:
        """Line and column of the first character of a node."""
        if node.lineno < 2:  # it begins with the bracket that was put around everything
            return 1, 1
        line = self._lines[node.lineno - 2]
        # Python counts the bytes of UTF-8.
        return node.lineno - 1, len(line.encode()[: node.col_offset].decode()) + 1

    def _about(self, error: SyntaxError) -> Mistake:
        last = len(self._lines)
        line = (error.lineno or 0) - 1
        column = error.offset or 1
        if line < 1:
            line, column = 1, 1
        elif line > last:
            return Mistake(
                last, len(self._lines[-1]) + 1, "The condition breaks off here: write how it ends."
            )
        return Mistake(
            line, column, "This cannot be understood: check what stands here and right before it."
        )
