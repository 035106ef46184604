"""The table of SECURITY.md: every route asked with every kind of key, by a server of its own."""

import re
from collections.abc import Iterator
from pathlib import Path

from flask import Flask

from fitserve import create_app
from fitserve.config import Settings

SECURITY = Path(__file__).resolve().parent.parent / "SECURITY.md"
MARKS = re.compile(r"(?<=docs/access.py -->\n).*?(?=<!-- end of routes -->)", re.S)
KINDS = {
    "no key": None,
    "a wrong one": "wrong-0123456789abcdef",
    "one rotated out": "old-0123456789abcdef",
    "a read key": "read-0123456789abcdef",
    "a write key": "write-0123456789abcdef",
}


def document() -> str:
    return MARKS.sub(lambda _: table(), SECURITY.read_text())


def table() -> str:
    read, write = KINDS["a read key"], KINDS["a write key"]
    app = create_app(Settings(store="memory", read_keys=read, write_keys=write))
    try:
        rows = [
            f"| `{method} {shown(rule)}` | {asked(app, method, rule)} |"
            for method, rule in routes(app)
        ]
    finally:
        app.extensions["fitserve"].close()
    head = ["| route | " + " | ".join(KINDS) + " |", "| --- |" + " --- |" * len(KINDS)]
    return "\n".join([*head, *rows]) + "\n"


def routes(app: Flask) -> list[tuple[str, str]]:
    return sorted(
        (
            (method, rule.rule)
            for rule in app.url_map.iter_rules()
            for method in methods(rule.methods)
        ),
        key=lambda route: (route[1], route[0]),
    )


def methods(all_of_them: set[str] | None) -> Iterator[str]:
    yield from (all_of_them or set()) - {"HEAD", "OPTIONS"}  # HEAD is as GET; OPTIONS tells nothing


def shown(rule: str) -> str:
    return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule)


def asked(app: Flask, method: str, rule: str) -> str:
    path = re.sub(r"<\w*id>|<id:\w+>", "1", rule)
    path = re.sub(r"<(?:\w+:)?\w+>", "knn", path)
    told = []
    for key in KINDS.values():
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        status = app.test_client().open(path, method=method, headers=headers).status_code
        told.append(str(status) if status in (401, 403) else "yes")
    return " | ".join(told)
