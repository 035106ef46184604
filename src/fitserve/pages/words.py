"""How numbers and times are written on pages."""

import math
from datetime import datetime

MINUS = "\N{MINUS SIGN}"
SPACE = "\N{NO-BREAK SPACE}"


def share(value: float) -> str:
    """A share of 1 in whole per cent, between 99 and 100 with one decimal. What is not all is
    never said to be all, and what is something not nothing."""
    percent = 100.0 * value
    if 99.0 < percent < 100.0:
        text = f"{math.floor(percent * 10) / 10:.1f}"
    elif 0.0 < percent < 0.5:
        return f"under 1{SPACE}%"
    else:
        text = f"{percent:.0f}"
    return _signed(text) + f"{SPACE}%"


def number(value: float) -> str:
    """To three digits, and whole from 100 on; thousands apart from five digits on."""
    if not math.isfinite(value):
        return "none"
    size = abs(value)
    if size == 0.0:
        return "0"
    if size >= 1e15 or size < 1e-4:
        mantissa, _, exponent = f"{value:.2e}".partition("e")
        return f"{_signed(_trimmed(mantissa))}e{_signed(str(int(exponent)))}"
    if size >= 99.95:
        return _signed(f"{value:,.0f}" if size >= 9999.5 else f"{value:.0f}")
    return _signed(_trimmed(f"{value:.{2 - math.floor(math.log10(size))}f}"))


def moment(value: str) -> str:
    """A time of RFC 3339 for people, in UTC."""
    at = datetime.fromisoformat(value)
    return f"{at.day} {at:%B %Y, %H:%M} UTC"


def _trimmed(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text


def _signed(text: str) -> str:
    return text.replace("-", MINUS)
