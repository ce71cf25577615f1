"""Draws a depth as a bar."""


def bar(metres: float) -> str:
    """One character for each metre."""
    return "#" * round(metres)
