"""How a body is sent that was declared as none of the media types that are taken."""

import re
from collections.abc import Callable
from urllib.parse import parse_qsl, urlencode

from fitserve.data import files
from fitserve.data.foreign import printed_bytes
from fitserve.data.looks import like_csv, like_json
from fitserve.data.parts import Part, parts
from fitserve.errors import clip

MOST = 2000
"""Bytes of a body that are looked at; no more of one is."""
_ROW = re.compile(rb"-?\d+(?:\.\d+)?(?:\s*,\s*-?\d+(?:\.\d+)?){1,50}").fullmatch
_BOM = b"\xef\xbb\xbf"
_HEADER = "-H 'Content-Type: application/json'"


def instead(
    body: bytes, such: str, as_body: Callable[[dict[str, str]], str] | None, query: str | None
) -> str | None:
    """What the body is, and how curl sends what it should be; None where that does not show.

    JSON looks as `such`; `as_body` says what a form does in it. `query` is what the URL must say
    beside a CSV, or begins with & where it says the rest; None where no CSV is taken.
    """
    text = body.strip()
    if not text:
        table = ", or a CSV by -H 'Content-Type: text/csv' --data-binary @FILE"
        also = table if query is not None else ""
        nothing = "; of a file that is not there curl sends nothing"
        return f"The body is empty. With curl send {_HEADER} -d '{such}'{also}{nothing}"
    if found := list(parts(text)):
        return _in_parts(found, as_body, query)
    if (of_file := files.instead(text, "", query)) is not None:
        return f"The body is {of_file}"
    if (printed := printed_bytes(text)) is not None:
        return f"The body is {printed}"
    form = _form(text)
    if form:
        shown = such if as_body is None else as_body(form)
        return f"The body is a form (name=value). With curl send {_HEADER} -d '{clip(shown, 400)}'"
    if like_json(text):
        is_list = text[:1] == b"["
        alone = f", and send an object, such as '{such}'" if is_list else ""
        no_query = ", and leave the query out of the URL" if files.in_url(query) else ""
        what = "JSON, a list" if is_list else "JSON"
        return f"The body is {what}. With curl add {_HEADER}{alone}{no_query}"
    if _ROW(text):
        return f"The body is a row of numbers. With curl send {_HEADER} -d '{such}'"
    if query is not None and like_csv(text.removeprefix(_BOM)):
        lines = "" if b"\n" in text else " (-d takes line breaks away)"
        return (
            f"The body looks like CSV. With curl send {files.how_sent('FILE', query, 'csv')}{lines}"
        )
    return None


def in_parts(query: str | None) -> str:
    """How a file is sent that was sent in a form in parts, and not looked at."""
    ways = [f"{_HEADER} -d @FILE"] if not files.in_url(query) else []
    ways += [files.how_sent("FILE", query, "csv")] if query is not None else []
    return f"The body is a form in parts. With curl send {', or a CSV by '.join(ways)}, not -F"


def _in_parts(
    found: list[Part], as_body: Callable[[dict[str, str]], str] | None, query: str | None
) -> str:
    """How is sent what these parts hold: a file, or the members of a body."""
    file = next((one for one in found if one.is_file), None)
    form = {one.name: one.held.decode(errors="replace") for one in found if one is not file}
    if file is None:
        if as_body is None or not all(form):
            return in_parts(query)
        return f"The body is a form in parts. With curl send {_HEADER} -d '{as_body(form)}', not -F"
    if not files.in_url(query) and "model_type" in form:
        query = f"?{clip(urlencode(form), 200)}"
    kind = "json" if query is None or file.held.lstrip()[:1] in (b"{", b"[") else "csv"
    how = files.how_sent(file.file or "FILE", query, kind)
    return f"The body is a form in parts. With curl send {how}, not -F"


def _form(text: bytes) -> dict[str, str] | None:
    """The members of what a form sends, each part of which has a name."""
    if text[:1] in (b"{", b"[", b'"', b"<") or b"\n" in text or len(text) > MOST - 100:
        return None
    try:
        pairs = parse_qsl(text.decode(), keep_blank_values=True, strict_parsing=True)
    except ValueError:
        return None
    return dict(pairs) if all(name.replace("_", "").isalnum() for name, _ in pairs) else None
