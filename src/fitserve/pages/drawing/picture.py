"""A picture, as a page shows it."""

from dataclasses import dataclass

from markupsafe import Markup

HELD_OUT = "held-out rows"
TRAINING = "training rows"
SERVED = "the served model"


@dataclass(frozen=True)
class Picture:
    """What a template needs to know; it may take all pictures alike."""

    name: str
    """That of its file."""
    title: str
    """What it shows: a finding where a rule proves one."""
    markup: Markup
    """An SVG or a table, and above it a legend, if there is one."""
    caption: Markup | str
    wide: bool = False
    """It wants the whole width of the page."""
    of: str = SERVED
    """Of what: `HELD_OUT` (a filled dot), or else (a ring)."""
