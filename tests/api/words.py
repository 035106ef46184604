"""What every message is held to."""

import json
import re
from pathlib import Path
from typing import Any

SOURCE = Path(__file__).resolve().parents[2] / "src" / "fitserve"

JARGON = re.compile(
    r"Input should|valid (integer|number|string|boolean|list|dictionary)|[Pp]ydantic|jiter"
    r"|constrained|NoneType|ndarray|Traceback|\bEOF\b|expected value|instance of|\bunion\b"
    r"|\bstr\b|\bint\b|\bfloat\b|\bliteral\b|keyword argument|validation error|errno"
    r"|<class|0x[0-9a-f]{6}|/work/|site-packages"
)
INSTEAD = re.compile(
    r"\b(send|give|write|leave|choose|use|ask|take|fill|register|scale|divide|try|raise|restore"
    r"|see|get|post|delete|needed|needs|must|known are|the types are|the routes are|one of"
    r"|list|make|set|round|multiply|add|start|run|there are|log|say|mend|save|convert|shorten"
    r"|end)\b",
    re.IGNORECASE,
)


def _own_classes() -> set[str]:
    of_two_words = re.compile(r"^ *class (\w*[a-z][A-Z]\w*)", re.M)
    sources = [path.read_text() for path in SOURCE.rglob("*.py")]
    return {name for source in sources for name in of_two_words.findall(source)}


OWN = re.compile(r"\b(" + "|".join(sorted(_own_classes())) + r")\b")


def judge(text: str) -> None:
    """The message is for a person: it says what to write instead, in no programmer's words."""
    quoted = re.sub(r"'[^']*'", "''", text)  # what was sent is the sender's
    assert not JARGON.search(quoted), text
    assert not OWN.search(quoted), text
    assert INSTEAD.search(text), text
    assert len(text) < 2000, text[:200]
    assert text == text.strip()


def judge_problem(told: dict[str, Any], body: Any = None) -> None:
    """A problem's detail, and each fault: its place is a place of the body, or of a member that
    is missing there."""
    judge(told["detail"])
    assert told["detail"].endswith(".") or ". Add " in told["detail"] or ") Add " in told["detail"]
    places = [json_path(fault["loc"]) for fault in told.get("errors", [])]
    assert len(set(places)) == len(places), f"two faults for one mistake: {told['errors']}"
    for fault in told.get("errors", []):
        judge(fault["msg"])
        if body is not None and fault["loc"][:1] != ["query"]:
            assert in_body(fault["loc"], body, missing=fault["type"] == "missing"), fault
    for remedy in told.get("remedies", []):
        assert set(remedy) == {"words", "set"}
        assert remedy["set"]


def json_path(loc: list[Any]) -> str:
    return "/".join(map(str, loc))


def in_body(loc: list[Any], body: Any, *, missing: bool) -> bool:
    while loc and isinstance(body, (str, list)):  # what stands around a body
        if isinstance(body, str):
            body = json.loads(body)
        elif loc[0] == 0 and len(body) == 1:
            body, loc = body[0], loc[1:]
        else:
            break
    for i, part in enumerate(loc):
        if isinstance(body, dict) and part not in body and str(part).endswith("…"):
            part = next(name for name in body if name.startswith(str(part)[:-1]))
        inside = range(len(body)) if isinstance(body, list) else body
        if isinstance(inside, (range, dict)) and part in inside:
            body = body[part]
        else:  # a hyperparameter that was left out has its place all the same, as has kwargs
            of_kwargs = loc[0] == "kwargs" and len(loc) == 2
            return of_kwargs or (i == len(loc) - 1 and missing)
    return True
