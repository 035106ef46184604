"""What any drawing has to be."""

import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import fitserve
from fitserve.pages.drawing import Picture

STYLE = Path(fitserve.__file__).parent / "pages" / "static" / "style.css"
STYLED = set(re.findall(r"\.([a-z][\w-]*)", STYLE.read_text()))
MEANING = {"pos", "k0"}  # classes that look as they would without


def parsed(picture: Picture) -> Element:
    """The drawing's elements. It is well-formed, has no style of its own, no class that is not in
    the style sheet, no id twice, no number that is none, and says what it shows."""
    root = ElementTree.fromstring(f"<div>{picture.markup}</div>")  # noqa: S314 - it is our own
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    for element in root.iter():
        assert element.tag not in ("script", "style", "foreignObject", "image", "use")
        for name, value in element.attrib.items():
            assert not re.match("style|on", name), (name, value)
            assert not re.search(r"\b(nan|inf|None)\b", value), (name, value)
        unknown = set(element.get("class", "").split()) - STYLED - MEANING
        assert not unknown, unknown
    for svg in root.iter("svg"):
        if svg.get("aria-hidden") == "true":  # the same stands beside it in words
            continue
        assert svg.get("role") == "img"
        by = (svg.get("aria-labelledby") or "").split()
        assert by
        assert set(by) <= set(ids)
        title = svg.find("title")
        assert title is not None
        assert title.text
    assert picture.title
    assert picture.caption
    return root


def text(element: Element) -> str:
    return "".join(element.itertext())


def texts(root: Element, css: str | None = None) -> list[str]:
    """What stands in the picture, or of it what has this class."""
    found = root.iter("text")
    return [text(one) for one in found if css is None or css in one.get("class", "").split()]


def path(root: Element, css: str) -> str:
    """The path, or all paths one after another, of this class."""
    paths = [one for one in root.iter("path") if css in one.get("class", "").split()]
    return "".join(one.get("d", "") for one in paths)


def points(d: str) -> list[tuple[float, float]]:
    """Where a path's commands M and L go."""
    return [(float(x), float(y)) for x, y in re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", d)]


def rows(root: Element) -> list[list[str]]:
    """Of the table: the texts of each row's cells."""
    return [[text(cell) for cell in row] for row in root.iter("tr")]


def numbers(**given: Any) -> dict[str, Any]:
    return {"pictures": given}
