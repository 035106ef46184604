"""Elements of SVG. Whatever users named is text in them, escaped."""

from collections.abc import Iterable, Sequence

from markupsafe import Markup

from fitserve.pages.drawing.wording import LONGEST, short

Xy = tuple[float, float]

LETTER = 7.7
"""How wide one is, on a phone, where they are larger."""


def svg(
    name: str,
    size: tuple[float, float],
    title: str,
    parts: Iterable[Markup],
    *,
    description: str = "",
    css: str = "pic",
    natural: bool = False,
) -> Markup:
    """A picture `size` wide and high in its own units; `title` and `description` carry what it
    shows for those who do not see it. `name` is unique on the page. `natural`: a unit is a pixel,
    whatever room there is."""
    width, height = size
    said = Markup('<desc id="d-{}">{}</desc>').format(name, description) if description else ""
    by = f"t-{name} d-{name}" if description else f"t-{name}"
    pixels = (
        Markup(' width="{}" height="{}"').format(fixed(width), fixed(height)) if natural else ""
    )
    return Markup(
        '<svg class="{}" viewBox="0 0 {} {}"{} role="img" aria-labelledby="{}">'
        '<title id="t-{}">{}</title>{}{}</svg>'
    ).format(
        css, fixed(width), fixed(height), pixels, by, name, title, said, Markup("").join(parts)
    )


def text(x: float, y: float, words: str, css: str = "", longest: int = LONGEST) -> Markup:
    """Words at a place; of longer ones the middle is left out, and all of them are the title."""
    shown = short(words, longest)
    whole = Markup("<title>{}</title>").format(words) if shown != words else ""
    return Markup('<text x="{}" y="{}" class="{}">{}{}</text>').format(
        fixed(x), fixed(y), css, whole, shown
    )


def reach(x: float, words: str, css: str) -> Xy:
    """From where to where such `text` goes, about: browsers have letters of their own."""
    width = LETTER * len(words)
    left = x - width if "end" in css else x - width / 2 if "mid" in css else x
    return left, left + width


def path(d: str, css: str) -> Markup:
    return Markup('<path class="{}" d="{}"/>').format(css, d) if d else Markup("")


def line(points: Sequence[Xy], css: str) -> Markup:
    """From point to point."""
    return path("M" + "L".join(f"{fixed(x)} {fixed(y)}" for x, y in points), css)


def bar(x: float, y: float, width: float, height: float, css: str) -> Markup:
    return Markup('<rect x="{}" y="{}" width="{}" height="{}" class="{}"/>').format(
        fixed(x), fixed(y), fixed(max(width, 0.0)), fixed(max(height, 0.0)), css
    )


def fixed(value: float) -> str:
    """To a tenth of a unit, in as few characters as that takes."""
    said = f"{value:.1f}".removesuffix(".0")
    return "0" if said == "-0" else said
