"""How a body is sent that was declared as none of the media types that are taken."""

from collections.abc import Callable
from urllib.parse import parse_qsl

from fitserve.data.foreign import names_a_file
from fitserve.errors import clip

MOST = 2000
"""Bytes of a body that are looked at; no more of one is."""
_HEADER = "-H 'Content-Type: application/json'"
_TABLES = (".csv", ".tsv", ".txt")


def instead(
    body: bytes, such: str, as_body: Callable[[dict[str, str]], str] | None, query: str | None
) -> str | None:
    """What the body is, and how curl sends what it should be; None where that does not show.

    JSON looks as `such`; `as_body` says what a form does in it. `query` is what the URL must say
    beside a CSV; None where no CSV is taken.
    """
    text = body.strip()
    if not text:
        table = ", or a CSV by -H 'Content-Type: text/csv' --data-binary @FILE"
        also = table if query is not None else ""
        return f"The body is empty. With curl send {_HEADER} -d '{such}'{also}"
    if text.startswith(b"--") and b"\nContent-Disposition: form-data" in text:
        return f"The body is a form in parts. With curl send {_HEADER} -d @FILE, not -F"
    if names_a_file(text):
        name = text.decode(errors="replace").removeprefix("@")
        of_file = f"The body is the name of a file, {clip(name, 80)!r}, not what it holds."
        if query is not None and name.lower().endswith(_TABLES):
            url = f", and {query} in the URL" if query else ""
            return f"{of_file} With curl send {_as_file('text/csv', '--data-binary', name)}{url}"
        return f"{of_file} With curl send {_as_file('application/json', '-d', name)}"
    form = _form(text)
    if form:
        shown = such if as_body is None else as_body(form)
        return f"The body is a form (name=value). With curl send {_HEADER} -d '{clip(shown, 400)}'"
    return None


def _as_file(media_type: str, option: str, name: str) -> str:
    at = f"@{name}" if name.replace(".", "").replace("/", "").isalnum() else f"'@{name}'"
    return f"-H 'Content-Type: {media_type}' {option} {clip(at, 300)}"


def _form(text: bytes) -> dict[str, str] | None:
    """The members of what a form sends, each part of which has a name."""
    if text[:1] in (b"{", b"[", b'"', b"<") or b"\n" in text:
        return None
    try:
        pairs = parse_qsl(text.decode(), keep_blank_values=True, strict_parsing=True)
    except ValueError:
        return None
    return dict(pairs) if all(name.replace("_", "").isalnum() for name, _ in pairs) else None
