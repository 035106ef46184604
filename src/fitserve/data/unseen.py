"""What stands around a name or a cell and is no part of it: what does not show, and quotes."""

import json
import re
from collections.abc import Iterable, Iterator

from fitserve.errors import clip

MARKS = tuple(b"\xef\xbb\xbf".decode(one) for one in ("cp1252", "cp437", "cp850", "cp1251"))
"""A byte order mark that was read in another encoding than UTF-8."""
_SIGN = "[\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]"
_AROUND = re.compile(rf"^(?:{_SIGN}|{'|'.join(MARKS)})+|{_SIGN}+$")
_NEVER = re.compile(rf"^(?:[\u200b\u2060\ufeff]|{'|'.join(MARKS)})|[\u200b\u2060\ufeff]$").search
"""What is part of no name; the others may be, in scripts that are written from right to left."""
_QUOTES = dict(zip("'\"`\u2018\u201c\u201e\u00ab", "'\"`\u2019\u201d\u201c\u00bb", strict=True))


def bare(text: str) -> str:
    """The text without what does not show before and behind it."""
    return _AROUND.sub("", text)


def peeled(text: str) -> str:
    """The same without quotes around it, either."""
    plain = bare(text).strip()
    quoted = len(plain) > 2 and _QUOTES.get(plain[0]) == plain[-1]
    return plain[1:-1].strip() if quoted else plain


def quoted(texts: Iterable[str]) -> list[str]:
    """Those of the texts around which quotes stand."""
    return [text for text in texts if peeled(text) != bare(text).strip()]


def around(text: str) -> str:
    """What stands around a text, and to take it away; or ''."""
    found = _AROUND.search(text)
    plain = clip(bare(text).strip(), 40)
    if found is not None:
        where, sign = "before" if found.start() == 0 else "behind", found[0][0]
        what = f"an invisible character, U+{ord(sign):04X},"
        return f"{marked(found[0]) or what} stands {where} {plain!r}; take it out"
    if peeled(text) != plain:
        quotes = "single quotes" if plain[0] == "'" else f"{plain[0]} and {plain[-1]}"
        return f"{quotes} stand around {clip(peeled(text), 40)}; take them away"
    return ""


def marked(text: str) -> str:
    """That a text begins with a byte order mark that was read in another encoding, or ''."""
    mark = next((one for one in MARKS if text.startswith(one)), None)
    return f"{mark!r}, a byte order mark that was read in another encoding than UTF-8," * bool(mark)


def unlike(name: str, there: Iterable[str], where: str = "") -> str:
    """That one of the names there is this one but for what stands around it `where` it is, or for
    what stands around this one; or ''."""
    plain = peeled(name)
    for one in there:
        if one == name or peeled(one) != plain:
            continue
        if one != plain:
            wrong, stop, mend = around(one).partition("; ")
            return f"{wrong}{where}{stop}{mend}"
        wrong = around(name).partition("; ")[0]
        written = json.dumps(name) if bare(name) != name else name
        mend = f"write {written}, or register the model anew with {plain}"
        return f"{wrong} where the model learned it; {mend}"
    return ""


def typed(name: str, there: Iterable[str]) -> tuple[str, str] | None:
    """Which of the names there was typed with something around it, what that is and what to do; or
    None."""
    plain = peeled(name)
    if name == plain or plain not in there:
        return None
    return plain, around(name) or f"spaces stand around {clip(plain, 40)}; take them away"


def to_mend(names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """The names that surely begin or end with what is no part of them, and what to do."""
    return ((name, around(name)) for name in names if _NEVER(name))
