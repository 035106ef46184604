"""The key that a browser keeps until it is closed."""

import re
from typing import Any

from flask import Blueprint, request

from fitserve.api.accepting import see_other
from fitserve.api.keys import COOKIE, open_to_all
from fitserve.pages.rendering import page
from fitserve.pages.visitor import visitor

LONGEST = 4000
"""Characters of a cookie: browsers keep none that is longer."""
# Of signs that browsers read as they stand: they skip a tab, and then find another host.
_WITHIN = re.compile(r"/(?![/\\])[!-~]{0,2000}").fullmatch


def add(routes: Blueprint) -> None:
    @routes.get("/key")
    @open_to_all
    def key() -> Any:
        if not visitor().keys_are_asked:
            return see_other("/")
        return page("key.html", here="key", problem=None, next=_within(request.args.get("next")))

    @routes.post("/key")
    @open_to_all
    def give_key() -> Any:
        # Whether it is one is found out by the next page, as of every key.
        answer = see_other(_within(request.form.get("next")))
        if not visitor().keys_are_asked:
            return answer
        answer.set_cookie(
            COOKIE,
            request.form.get("key", "").strip()[:LONGEST],
            httponly=True,
            samesite="Strict",
            secure=_is_encrypted(),
        )
        return answer

    @routes.post("/key/forget")
    @open_to_all
    def forget_key() -> Any:
        answer = see_other("/")
        answer.delete_cookie(COOKIE, httponly=True, samesite="Strict", secure=_is_encrypted())
        return answer


def _within(to: str | None) -> str:
    """An address of this server alone."""
    return to if to and _WITHIN(to) else "/"


def _is_encrypted() -> bool:
    """Whether the browser speaks https, which may end at a proxy in front."""
    return request.is_secure or request.headers.get("Origin", "").startswith("https:")
