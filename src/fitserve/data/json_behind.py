"""What stands behind a mistake in a text that JSON does not have either: all is mended at once."""

import re
from collections.abc import Iterator
from itertools import islice

from fitserve.errors import COUNTED, clip

WORD = r"[-+]?(?:nan|nat|na|inf(?:inity)?|none|null|true|false|nil|undefined)"
DOUBLE, SINGLE = "“”„‟«»", "‘’‚‛′″`"
"""What is written in place of the straight double quote, by editors and by other languages."""
DASHES = "−–—‐‑"
INVISIBLE = "[\u00a0\u00ad\u2000-\u200f\u2028-\u202f\u2060\u3000\ufeff]"

_OF_JSON = ("null", "true", "false")
_LOOKED_AT = 2**20  # bytes
_CURLED = re.compile(f"[{DOUBLE}]")
_IN_CURLED = rf'[{DOUBLE}][^"{DOUBLE}\n]*+["{DOUBLE}]|"[^"{DOUBLE}\\\n]*+[{DOUBLE}](?=\s*[:,\]}}])'
"""A text with such a quote at its beginning, or at its end alone."""
_ENDS_CURLED = re.compile(rf"[{DOUBLE}](?=\s*(?:[:,\]}}]|\Z))")
_TEXT = re.compile(r'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_OF_PYTHON = {"True": "true", "False": "false", "None": "null"}


def _scanner(signs: str) -> re.Pattern[str]:
    return re.compile(
        rf'(?P<curled>{_IN_CURLED})|"(?:[^"\\]++|\\.)*+"?|'
        rf"(?P<single>'(?:[^'\\\n]++|\\.)*+')|(?P<sign>{signs})|(?<!\w)(?P<word>{WORD})(?![\w.(])",
        re.IGNORECASE | re.DOTALL,
    )


_ALONE = f"[{DOUBLE}{SINGLE}]|{INVISIBLE}"
_SCANNERS = {"": _scanner(_ALONE)} | {
    sign: _scanner(f"{_ALONE}|[{re.escape(alike)}]")
    for alike in (DASHES, "(", ";", "=")
    for sign in alike
}


def also(body: bytes, begin: int, sign: str = "") -> str:
    """That more follows from this byte on, outside of texts: words, single and curly quotes, what
    does not show, and the like of the `sign` that stands there; or ''."""
    text = body[begin : begin + _LOOKED_AT].decode(errors="replace")
    found = list(islice(_found(text, sign), bool(sign), COUNTED + bool(sign)))
    if not found:
        return ""
    such = clip(", ".join(dict.fromkeys(found)), 60)
    least = "at least " if len(found) == COUNTED else ""
    what = " such words" if all(one.lstrip("+-").isalpha() for one in found) else ""
    more = f"{len(found):,} more{what} follow" if len(found) > 1 else "one more follows"
    return f". Behind it {least}{more}, {such}: mend all of them"


def words(body: bytes, begin: int) -> str:
    """The same of words alone, where texts stand in single quotes."""
    text = body[begin : begin + _LOOKED_AT].decode(errors="replace")
    every = dict.fromkeys(one for one in _found(text) if one.lstrip("+-").isalpha())
    if not every:
        return ""
    if every.keys() <= _OF_PYTHON.keys():
        right = " and ".join(_OF_PYTHON[one] for one in every)
        return f", which writes {' and '.join(every)} as {right} too"
    return f". Behind it JSON has no {clip(', '.join(every), 60)} either: mend all of them"


def as_gaps(body: bytes) -> bytes:
    """The same, with JSON in place of each word that JSON does not have, where it is not large."""
    if len(body) > _LOOKED_AT:
        return body

    def gap(one: re.Match[str]) -> str:
        word = (one["word"] or "").lower()
        if not word or word in _OF_JSON:
            return word or one[0]
        return "0" if "inf" in word else "null"

    return _SCANNERS[""].sub(gap, body.decode(errors="replace")).encode()


def _found(text: str, sign: str = "") -> Iterator[str]:
    for one in _SCANNERS.get(sign, _SCANNERS[""]).finditer(text):
        if one["curled"] is not None:
            yield from _CURLED.findall(one["curled"])
        elif one["single"] is not None:
            yield "'...'"
        elif one["sign"] is not None:
            yield shown(one["sign"])
        elif one["word"] is not None and one["word"] not in _OF_JSON:
            yield one["word"]


def shown(sign: str) -> str:
    """A sign, as it may stand in a message."""
    return f"U+{ord(sign):04X}" if re.match(INVISIBLE, sign) else sign


def not_closed(body: bytes, at: int) -> str:
    """What to do where the last text ahead of this byte begins with a straight quote, and a curly
    one was to end it; or ''."""
    if at > _LOOKED_AT:
        return ""
    texts = [one[0] for one in _TEXT.finditer(body[:at].decode(errors="replace"))]
    ends = _ENDS_CURLED.search(texts[-1]) if texts else None
    if ends is None:
        return ""
    begin = clip(texts[-1][: ends.end()], 40)
    more = also(texts[-1][ends.end() :].encode() + body[at:], 0)
    return f'write the straight quote " instead of {ends[0]} at the end of {begin}{more}'
