"""The URL of a server, taken apart; and what to write instead of one that says no place."""

import re
from urllib.parse import SplitResult, urlsplit

_PLACE = re.compile(
    r"(?:https?(?::/{0,2}|//)|[a-z]+://)?(?:[^/@\s]*@)?([\w.-]+)(?::(\d{1,5}))?(?:[/?#].*)?", re.I
)
_PORT = "8000"


def taken_apart(url: str) -> SplitResult:
    """The parts of the URL. Raises ValueError that says what to write, if that shows."""
    try:
        parts = urlsplit(url)
        right = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # a port that is none, or an open bracket
        right = False
    if not right:
        said = f"url: a URL such as http://127.0.0.1:8000 is needed, not {url!r}"
        raise ValueError(said + _mended(url))
    if parts.username is not None:
        said = "a URL without a user is needed; a key is given by key, or FITSERVE_KEY"
        raise ValueError(f"url: {said}")
    if parts.query or parts.fragment:
        plain = re.split("[?#]", url)[0]
        raise ValueError(
            f"url: a URL without query and fragment is needed, not {url!r}; write {plain}"
        )
    return parts


def _mended(url: str) -> str:
    found = _PLACE.fullmatch(f"127.0.0.1:{url}" if url.isdigit() else url.strip())
    if found is None or int(found[2] or 1) not in range(1, 2**16):
        return ""
    scheme = "https" if url.lower().startswith("https") else "http"
    near = found[1] == "localhost" or found[1][0].isdigit()
    port = found[2] or (_PORT if near else "")
    return f"; write {scheme}://{found[1]}{':' if port else ''}{port}"
