"""Tables whose cells are the deeper in colour, the farther they are from nothing."""

from collections.abc import Sequence

from markupsafe import Markup

from fitserve.pages.drawing.wording import short

LONGEST = 24  # characters of a row's name


def table(head: Sequence[Markup | str], rows: Sequence[tuple[str, Sequence[Markup]]]) -> Markup:
    """`head` names the columns; a row is its name and its cells, as `cell` makes them."""
    cells = Markup('<th scope="col">{}</th>')
    names = Markup("").join(cells.format(name) for name in head)
    lines = Markup("").join(
        Markup('<tr><th scope="row"{}>{}</th>{}</tr>').format(
            Markup(' title="{}"').format(name) if len(name) > LONGEST else "",
            short(name, LONGEST),
            Markup("").join(line),
        )
        for name, line in rows
    )
    return Markup(
        '<div class="scroll" tabindex="0"><table class="heat"><thead><tr><td></td>{}</tr></thead>'
        "<tbody>{}</tbody></table></div>"
    ).format(names, lines)


def cell(words: str, away: float, steps: tuple[float, float, float]) -> Markup:
    """Blue above 0 and orange below, one depth a step."""
    depth = sum(abs(away) >= step for step in steps)
    css = "z0" if not depth else f"{'p' if away > 0 else 'm'}{depth}"
    return Markup('<td class="{}">{}</td>').format(css, words)
