"""A line with a lead at its end."""


def depth(knots: int) -> float:
    """The metres that ``knots`` knots of the line have gone down."""
    return knots * 1.8288
