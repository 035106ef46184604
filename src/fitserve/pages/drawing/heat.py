"""Tables whose cells are the deeper in colour, the farther they are from nothing."""

from collections.abc import Sequence

from markupsafe import Markup

from fitserve.pages.drawing import html

LONGEST = 24  # characters of a row's name


def table(
    head: Sequence[Markup | str],
    rows: Sequence[tuple[str, Sequence[Markup]]],
    name: str = "What is deep in colour is far from nothing",
) -> Markup:
    """`head` names the columns; a row is its name and its cells, as `cell` makes them."""
    return html.table(
        "heat",
        name,
        [[html.cell(""), *(html.heading(one) for one in head)]],
        [[html.heading(html.named(row, LONGEST), scope="row"), *cells] for row, cells in rows],
    )


def cell(words: str, away: float, steps: tuple[float, float, float]) -> Markup:
    """Blue above 0 and orange below, one depth a step."""
    depth = sum(abs(away) >= step for step in steps)
    return html.cell(words, "z0" if not depth else f"{'p' if away > 0 else 'm'}{depth}")
