"""Whose name for a request is taken."""

import pytest

from fitserve.observing.requests import request_id


@pytest.mark.parametrize(
    "given", ["a", "7f0c2a1e-6f3b-4f57-9d0a-0d4c6a3c0f11", "Root=1-67891233-abcdef012345", "x" * 64]
)
def test_what_is_short_and_plain_is_taken(given: str) -> None:
    assert request_id(given) == given


@pytest.mark.parametrize(
    "given", [None, "", "x" * 65, "a b", "a\n", 'a"', "a\x1b[2J", "ä", "a,b", "<b>", "{}", "a;b"]
)
def test_anything_else_gets_a_new_one(given: str | None) -> None:
    made = {request_id(given) for _ in range(100)}
    assert len(made) == 100
    assert all(one.isalnum() and one != given for one in made)
