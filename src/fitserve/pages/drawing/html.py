"""Elements of HTML. Whatever users named is text in them, escaped."""

from collections.abc import Iterable, Sequence

from markupsafe import Markup

from fitserve.pages.drawing.wording import LONGEST, short

Words = Markup | str


def named(name: str, longest: int = LONGEST) -> Words:
    """A name; of a longer one the middle is left out, and all of it is the title."""
    shown = short(name, longest)
    if shown == name:
        return name
    return Markup('<span title="{}">{}</span>').format(name, shown)


def cell(words: Words, css: str = "") -> Markup:
    return _element("td", words, css)


def heading(words: Words, css: str = "", scope: str = "col") -> Markup:
    return _element("th", words, css, f' scope="{scope}"')


def line(cells: Iterable[Markup]) -> Markup:
    return Markup("<tr>{}</tr>").format(Markup("").join(cells))


def table(
    css: str,
    name: str,
    head: Sequence[Iterable[Markup]],
    body: Iterable[Iterable[Markup]],
    foot: Iterable[Iterable[Markup]] = (),
) -> Markup:
    """Rows of cells, in a box that scrolls sideways where there is no room; `name` is said to
    those who do not see it."""
    parts = [
        Markup("<{0}>{1}</{0}>").format(tag, Markup("").join(map(line, rows)))
        for tag, rows in (("thead", head), ("tbody", body), ("tfoot", list(foot)))
        if rows
    ]
    return Markup(
        '<div class="scroll" tabindex="0" role="region" aria-label="{}">'
        '<table class="{}">{}</table></div>'
    ).format(name, css, Markup("").join(parts))


def _element(tag: str, words: Words, css: str, more: str = "") -> Markup:
    given = Markup(' class="{}"').format(css) if css else ""
    return Markup("<{0}{1}{2}>{3}</{0}>").format(tag, Markup(more), given, words)  # noqa: S704
