"""Options are those of the server, and members are written as options that say the same."""

import shlex
from typing import Any

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fitserve.api import queries
from fitserve.cli.members import members, settings
from fitserve.cli.options import EVALUATING, NAMES, PREDICTING, REGISTERING, place, written
from fitserve.cli.registering import register
from fitserve.config import OF_CLIENTS, Settings
from fitserve.data.options import KINDS, SCHEMA
from fitserve.data.options import NAMES as COLUMNS
from fitserve.evaluation.plan import OPTIONS


def names(options: tuple[click.Parameter, ...]) -> set[str | None]:
    return {option.name for option in options}


def test_every_option_of_the_server_is_one_of_the_command() -> None:
    registering = {"target", *COLUMNS, *OPTIONS, *queries.DIALECT}
    assert names(REGISTERING) == registering | {"assigned"}
    assert names(PREDICTING) == {"probabilities", *queries.CSV}
    assert names(EVALUATING) == {"target", "importance", "repeats", *queries.CSV}
    assert registering < NAMES


def test_choices_are_those_of_the_server() -> None:
    chosen = {o.name: o.type.choices for o in REGISTERING if isinstance(o.type, click.Choice)}
    for name, schema in SCHEMA["properties"].items():
        if "enum" in schema:
            assert list(chosen.pop(name)) == schema["enum"]
    assert {name: list(these) for name, these in chosen.items()} == {"decimal": [".", ","]}


text = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1).map(str.strip)
column = text.filter(lambda name: name and name[0] not in "[{" and name == name.strip())
remedies = st.fixed_dictionaries(
    {},
    optional={
        "target": column,
        "kinds": st.dictionaries(column, st.sampled_from(KINDS), min_size=1),
        "drop": st.lists(column, min_size=1),
        "na_values": st.lists(column, min_size=1),
        "missing": st.sampled_from(["impute", "drop", "error"]),
        "max_categories": st.integers(2, 100),
        "standardize": st.just(True),
        "header": st.booleans(),
        "decimal": st.sampled_from([".", ","]),
        "cv": st.integers(2, 20),
        "holdout": st.floats(0.01, 0.99),
        "n_neighbors": st.integers(1, 10),
        "alpha": st.floats(0.01, 0.99),
        "weights": st.sampled_from(["uniform", "distance"]),
    },
)


@given(remedies)
def test_what_is_written_says_the_same(remedy: dict[str, Any]) -> None:
    typed = ["knn", "1", "-", *shlex.split(written(remedy))]
    found = register.make_context("register", typed).params
    options = {n: v for n, v in found.items() if n in NAMES}
    assigned = {n: str(v) for n, v in remedy.items() if n not in NAMES}
    assert settings(found["assigned"]) == assigned
    assert members(options) == {n: v for n, v in remedy.items() if n in NAMES}


@pytest.mark.parametrize(
    ("member", "typed"),
    [
        ({"delimiter": "\t"}, "--delimiter tab"),
        ({"model_type": "svm"}, "TYPE svm"),
        ({"drop": ["a b"]}, "--drop 'a b'"),
        ({"y": None}, ""),
    ],
)
def test_written(member: dict[str, Any], typed: str) -> None:
    assert written(member) == typed


def test_places() -> None:
    assert place("max_words") == "--max-words"
    assert place("y") == "y"
    assert place("C") == "--set C"


def test_what_clients_read_is_no_setting_of_the_server() -> None:
    assert not set(OF_CLIENTS) & {name.upper() for name in Settings.model_fields}
