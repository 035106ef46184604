"""The mistakes that people make, and what they are told."""

import json
import re
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest
from flask import Flask
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.test import Client

from fitserve.api import queries
from fitserve.cli import main
from fitserve.config import Server, SettingError, Settings
from fitserve.errors import COUNTED
from fitserve.evaluation import plan
from fitserve.models import catalog
from fitserve.storage.database import SqlStore
from tests.api.words import judge, judge_problem
from tests.conftest import Api, until

X = [[0.0, 1.0], [0.5, 1.5], [8.0, 9.0], [8.5, 9.5]]
Y = [0, 0, 1, 1]
GOOD: dict[str, Any] = {"model_type": "knn", "model_id": 1, "kwargs": {"X": X, "y": Y}}


def told(api: Api, body: Any, route: str = "/register") -> dict[str, Any]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = api.raw(route, raw)
    assert answer.status_code in (400, 422), answer.text
    problem: dict[str, Any] | None = answer.json
    assert problem is not None
    judge_problem(problem, body if answer.status_code == 422 and raw is not body else None)
    return problem


def with_kwargs(**kwargs: Any) -> dict[str, Any]:
    return GOOD | {"kwargs": {"X": X, "y": Y} | kwargs}


@pytest.mark.parametrize(
    ("body", "loc", "says"),
    [
        ([GOOD], [], "take the [ ] around it away"),
        ([X], [], "write rows as X"),
        (X[1:], [], '"kwargs": {"X": [[0.5, 1.5], [8.0, 9.0]], "y": [0, 1], '),
        ([{"a": 1, "b": "u"}] * 3, [], '{"X": [{"a": 1, "b": "u"}, {"a": 1, "b": "u"}], "y": [0'),
        (json.dumps(GOOD), [], "JSON inside of JSON: encode it once"),
        (json.dumps(json.dumps(GOOD)), [], "encode it once (with requests json=body)"),
        ("a,b,y\n1,2,u\n3,4,v\n", [], "it is CSV: with curl send -H 'Content-Type: text/csv' --d"),
        (
            "a;y\n1;u",
            [],
            "--data-binary @FILE, and ?model_type=knn&model_id=1&target=COLUMN in",
        ),
        (json.dumps(json.dumps(json.dumps(GOOD))), [], "JSON inside of JSON: encode it once"),
        (str(GOOD), [], "what Python prints of a dict: send the dict itself (with requests json="),
        (GOOD | {"kwargs": str(GOOD["kwargs"])}, ["kwargs"], "send the dict itself"),
        (
            GOOD | {"kwargs": json.dumps(json.dumps(GOOD["kwargs"]))},
            ["kwargs"],
            "JSON inside of JSON: send it without the quotes around it",
        ),
        (str(json.dumps(GOOD).encode()), [], "it is what Python prints of bytes: send the bytes"),
        ("rows.json", [], "the name of a file, 'rows.json'; with curl write -d @rows.json, or in"),
        ("-", [], "where standard input is meant; with curl write -d @-"),
        *(
            (
                {name: form(GOOD)},
                [name],
                "write what it holds (model_type, model_id, kwargs) in its",
            )
            for name in ("body", "data", "json", "X")
            for form in (dict, json.dumps, lambda one: str(json.dumps(one).encode()))
        ),
        (GOOD | {"kwargs": {"features": X, "y": Y}}, ["kwargs", "features"], "; write X in place"),
        (
            with_kwargs(X=str(json.dumps(X).encode())),
            ["kwargs", "X"],
            "what Python prints of bytes",
        ),
        (None, [], "not null"),
        ({**GOOD, "X": X}, ["X"], "X stands inside of kwargs already; leave it out beside kwargs"),
        (
            {**with_kwargs(), "kwargs": {"y": Y}, "X": X},
            ["X"],
            'X stands beside kwargs; write it inside, "kwargs": {"X": ...}',
        ),
        ({"model_type": "knn", "model_id": 1, "X": X, "y": Y}, ["X"], "X stands beside kwargs"),
        ({**GOOD, "n_neighbors": 2}, ["n_neighbors"], "n_neighbors stands beside kwargs"),
        ({**GOOD, "features": X}, ["features"], "write X, inside of kwargs"),
        (
            GOOD | {"model_id": "1"},
            ["model_id"],
            "a whole number of at least 0 is needed, not the text '1'; write 1, without quotes",
        ),
        (GOOD | {"model_id": 1.0}, ["model_id"], "not the number 1.0; write 1"),
        (GOOD | {"model_id": "$ID"}, ["model_id"], """write "model_id": '"$ID"'"""),
        (
            GOOD | {"$ID": 1},
            ["$ID"],
            "the name of a member is needed; $ID is a shell's",
        ),
        (with_kwargs(X="$X"), ["kwargs", "X"], """write '"$X"' in place of "$X"; or"""),
        (with_kwargs(X=[[1, "$A"], [2, 3]]), ["kwargs", "X", 0, 1], """write '"$A"' in place of"""),
        (with_kwargs(X={"a": [1, "$A"]}), ["kwargs", "X", "a", 1], """write '"$A"' in place of"""),
        (with_kwargs(X=[[1], ["$5"]]), ["kwargs", "X", 1, 0], "not the text '$5'; write 5"),
        (with_kwargs(y="$Y"), ["kwargs", "y"], "$Y is a shell's variable"),
        (with_kwargs(**{"$K": 1}), ["kwargs", "$K"], "$K is a shell's variable"),
        (with_kwargs(k="${K}"), ["kwargs", "k"], "${K} is a shell's variable"),
        (GOOD | {"model_id": True}, ["model_id"], "not true"),
        (
            GOOD | {"model_type": 7},
            ["model_type"],
            'text, such as "knn", is needed, not the number 7',
        ),
        ({"model_typ": "knn", "model_id": 1, "kwargs": {}}, ["model_typ"], "write model_type"),
        ({"model_id": 1, "kwargs": {}}, ["model_type"], "model_type is needed: text"),
        (
            with_kwargs(X={"a": {"0": 1.0}, "b": {"0": 2.0}}),
            ["kwargs", "X"],
            "this is what pandas' to_dict() or to_dict('index') makes; send df.to_dict('list')",
        ),
        (
            with_kwargs(X={"columns": ["a"], "index": [0], "data": [[1.0]]}),
            ["kwargs", "X"],
            "to_dict('split') makes; send df.to_dict('list'), or without pandas",
        ),
        (with_kwargs(X={"schema": {}, "data": []}), ["kwargs", "X"], "orient='table'"),
        (with_kwargs(X={"0": {"a": 1.0}}), ["kwargs", "X"], "df.to_dict('list')"),
        (with_kwargs(X={"a": [1.0], "b": 2.0}), ["kwargs", "X", "b"], "to_dict('list')"),
        (with_kwargs(X=[[1], None]), ["kwargs", "X", 1], "not null; give it, or leave it out"),
        (with_kwargs(X=[[1], [[2]]]), ["kwargs", "X", 1, 0], "not a list of 1; write 2"),
        (with_kwargs(X="[[1, 2]]"), ["kwargs", "X"], "send it without the quotes around it"),
        (with_kwargs(X=[1.0, 2.0, 3.0]), ["kwargs", "X"], "one column is written [[1.5], [2.5]]"),
        (with_kwargs(y=[[0], [0], [1], [1]]), ["kwargs", "y"], "y.ravel().tolist()"),
        (with_kwargs(y=[Y]), ["kwargs", "y"], "one pair of brackets too many; send [1, 2] for"),
        (
            with_kwargs(X=X[:2], y=[[0, 1], [1, 0]]),
            ["kwargs", "y", 0],
            "y.argmax(axis=1).tolist()",
        ),
        (with_kwargs(y={"0": 1}), ["kwargs", "y"], "send y.tolist()"),
        (with_kwargs(y={"t": Y}), ["kwargs", "y"], "one column, 't'; send its list alone"),
        (with_kwargs(y={"t": {"0": 1}}), ["kwargs", "y"], "of pandas df['t'].tolist()"),
        (with_kwargs(y={"t": Y, "u": Y}), ["kwargs", "y"], "2 columns; send one list"),
        (
            GOOD | {"kwargs": {"X": {"a": [1, 2], "t": [3, 3]}, "target": "t"}},
            ["kwargs", "target"],
            "column 't' holds one class only, the number 3; give rows",
        ),
        (with_kwargs(X='{"a":{"0":1.0}}'), ["kwargs", "X"], "makes; send df.to_dict('list')"),
        (with_kwargs(X='{"a":[1.0]}'), ["kwargs", "X"], "send it without the quotes around it"),
        (with_kwargs(X="a,b\n1,2\n"), ["kwargs", "X"], "with the header 'Content-Type: text/csv'"),
        (with_kwargs(X=["[1]", "[2]"]), ["kwargs", "X"], "send it without the quotes around it"),
        (with_kwargs(feature_names=" "), ["kwargs", "feature_names"], "; leave it out"),
        (
            with_kwargs(X=[[1, 2], ["two", 1], [8, 9], [9, 8]]),
            ["kwargs", "X", 1, 0],
            "not the text 'two'; write a number, or leave the row out",
        ),
        (
            with_kwargs(X=[[1, "m"], [2, "f"], [8, "f"]], y=[0, 0, 1]),
            ["kwargs", "X", 0, 1],
            'as {"sex": ["male", "female"]}, or such rows with feature_names',
        ),
        (
            with_kwargs(X=[[1, "m"], [2, "f"], [8, "f"]], y=[0, 0, 1], feature_names=["a", "b"]),
            ["kwargs", "X", 0, 1],
            'as {"sex": ["male", "female"]}, without feature_names, or such rows with feature_n',
        ),
        (with_kwargs(y=[0, 0, 1, None]), ["kwargs", "y", 3], "not null; give one"),
        (
            with_kwargs(k=1, n_neighbors=2),
            ["kwargs", "k"],
            "k and n_neighbors are two names of one hyperparameter",
        ),
        (with_kwargs(n_neighbors=2, k=1), ["kwargs", "k"], "leave k out"),
        (with_kwargs(n_neighbours=2), ["kwargs", "n_neighbours"], "write n_neighbors, if that is"),
        (with_kwargs(k="3"), ["kwargs", "k"], "not the text '3'; write 3, without quotes"),
        (with_kwargs(weights="Uniform"), ["kwargs", "weights"], 'write "uniform"'),
        (with_kwargs(k=99), ["kwargs", "k"], "give k 1, at most 4, or more rows"),
        (with_kwargs(feature_names="a, b"), ["kwargs", "feature_names"], 'write ["a", "b"]'),
        (with_kwargs(feature_names=[0, "b"]), ["kwargs", "feature_names", 0], 'write "0"'),
        (
            with_kwargs(X=[[0, 1], [2, "3"]], y=[0, 1], feature_names=["age", "height"]),
            ["kwargs", "X", 1, 1],
            "not the text '3' (column 'height'); write 3, without quotes",
        ),
    ],
)
def test_a_mistake_in_a_registration(api: Api, body: Any, loc: list[Any], says: str) -> None:
    problem = told(api, body)
    assert says in problem["errors"][0]["msg"]
    assert problem["errors"][0]["loc"] == loc
    assert len(problem["errors"]) <= 3


TABLE = {"age": [1, 2, 3, 4], "sex": ["m", "f", "m", "f"], "zip": [1, 2, 1, 2], "0": [1, 1, 2, 2]}


@pytest.mark.parametrize(
    ("member", "sent", "obeyed"),
    [
        ("drop", "age,sex", ["age", "sex"]),
        ("drop", "age; sex", ["age", "sex"]),
        ("drop", "age", ["age"]),
        ("drop", ["age,sex"], ["age", "sex"]),
        ("drop", ["sex age zip"], ["sex", "age", "zip"]),
        ("drop", {"age": True, "sex": False}, ["age"]),
        ("drop", [0], ["0"]),
        ("drop", 0, ["0"]),
        ("drop", None, None),
        ("drop", "", None),
        ("drop", [""], None),
        *((name, "None", None) for name in ("drop", "kinds", "missing", "max_categories")),
        ("drop", ["None"], None),
        ("drop", ["null"], None),
        ("standardize", "ja", None),
        ("na_values", " ", None),
        ("kinds", "category", {"age": "category"}),
        ("kinds", ["number", "text"], {"age": "number"}),
        (
            "kinds",
            ["number", "category"] * 2,
            {n: ["number", "category"][i % 2] for i, n in enumerate(TABLE)},
        ),
        ("na_values", [999], ["999"]),
        ("na_values", -1.5, ["-1.5"]),
        ("na_values", "-, ?", ["-", "?"]),
        ("na_values", [None], None),
        ("kinds", ["number"], {"age": "number"}),
        ("kinds", "age:number", {"age": "number"}),
        ("kinds", "age;zip:number, sex:text", {"age": "number", "zip": "number", "sex": "text"}),
        ("kinds", "age=number; sex:category", {"age": "number", "sex": "category"}),
        ("kinds", ["zip:category"], {"zip": "category"}),
        ("kinds", [{"age": "number"}, {"sex": "text"}], {"age": "number", "sex": "text"}),
        ("kinds", {"zip": ["category"]}, {"zip": "category"}),
        ("kinds", 3, {"age": "number"}),
        ("kinds", None, None),
    ],
)
def test_an_option_of_columns_that_is_written_otherwise(
    api: Api, member: str, sent: Any, obeyed: Any
) -> None:
    kwargs = {"X": TABLE, "y": Y, "k": 1}
    problem = told(api, GOOD | {"kwargs": kwargs | {member: sent}})
    fault = problem["errors"][0]
    assert fault["loc"][:2] == ["kwargs", member]
    if obeyed is None:
        assert fault["msg"].endswith(("; leave it out", "; leave drop out", ", or leave it out"))
        return
    each = json.dumps(obeyed)
    assert fault["msg"].endswith((f"; write {each}", f"{each[1:-1]}", "; write category"))
    answer = api.register("knn", 1, **kwargs | {member: obeyed})
    if "text" not in each:  # whose words are one letter each
        assert answer.status_code == 201, answer.text


@pytest.mark.parametrize("sent", ["number", ["number"], 3, ["number", "number"]])
def test_kinds_name_columns_that_have_no_names(api: Api, sent: Any) -> None:
    fault = told(api, with_kwargs(k=1, kinds=sent))["errors"][0]
    obeyed = json.loads(fault["msg"].partition("; write ")[2])
    assert api.register("knn", 1, X=X, y=Y, k=1, kinds=obeyed).status_code == 201


LABELLED = [[1, 2, "a"], [2, 1, "a"], [8, 9, "b"]]


@pytest.mark.parametrize(("at", "name"), [(2, "2"), (-1, "2"), (0, "0"), (9, None)])
@pytest.mark.parametrize("named", [True, False])
def test_a_target_by_its_place(api: Api, at: int, name: str | None, named: bool) -> None:
    names = ["p", "q", "r"] if named else ["0", "1", "2"]
    kwargs = {"X": LABELLED, "k": 1} | ({"feature_names": names} if named else {})
    fault = told(api, GOOD | {"kwargs": kwargs | {"target": at}})["errors"][0]
    assert fault["msg"].endswith(f"there are: {', '.join(names)}")
    if name is None:
        assert "write" not in fault["msg"]
        return
    obeyed = json.loads(fault["msg"].partition("; write ")[2].partition(";")[0])
    assert obeyed == names[int(name)]
    if obeyed in "2r":
        assert api.register("knn", 1, **kwargs, target=obeyed).status_code == 201


@pytest.mark.parametrize("names", [None, ["p", "q", "r"]])
def test_the_label_is_a_column_of_rows(api: Api, names: list[str] | None) -> None:
    kwargs = {"X": LABELLED, "k": 1, "feature_names": names}
    problem = told(api, GOOD | {"kwargs": kwargs})
    (fault,) = problem["errors"]
    assert fault["loc"] == ["kwargs", "y"]
    target = json.loads("{" + fault["msg"].partition("write ")[2] + "}")
    assert api.register("knn", 1, **kwargs, **target).status_code == 201
    for X in ([[1, "2"], [2, "3"]], [[1, "a", "b"], [2, "c", "d"]], [["a"], ["b"]]):
        fault = told(api, GOOD | {"kwargs": {"X": X, "k": 1}})["errors"][0]
        assert "target" not in fault["msg"]


FRAMES: list[Any] = [
    {"age": [1.0], "height": [2.0]},
    {"age": {"0": 1.0}, "height": {"0": 2.0}},
    {"0": {"age": 1.0, "height": 2.0}},
    {"index": [0], "columns": ["age", "height"], "data": [[1.0, 2.0]]},
    {"index": [0], "columns": ["age"], "data": [[1.0]], "index_names": [None]},
    {"schema": {"fields": []}, "data": [{"age": 1.0}]},
]


@pytest.mark.parametrize("features", [*FRAMES, *map(json.dumps, FRAMES[1:])])
def test_a_frame_is_sent_as_the_model_takes_it(api: Api, features: Any) -> None:
    names = ["age", "height"]
    assert api.register("knn", 1, X=X, y=Y, k=1, feature_names=names).status_code == 201
    assert api.register("knn", 2, X=X, y=Y, k=1).status_code == 201
    for model_id, said in (1, "send df.to_dict('records')"), (2, "send df.values.tolist()"):
        ask = {"model_type": "knn", "model_id": model_id, "features": features}
        for route in ("/predict", "/evaluate"):
            fault = told(api, ask | ({"y": [0]} if route == "/evaluate" else {}), route)["errors"][
                0
            ]
            assert said in fault["msg"]
            obeyed = json.loads(fault["msg"].partition(", or without pandas ")[2])
            assert api.predict("knn", model_id, obeyed).status_code == 200
    table = {"age": [1, 2], "height": ["a", "b"]}
    assert api.register("knn", 3, X=table, y=Y[1:3], k=1).status_code == 201
    ask = {"model_type": "knn", "model_id": 3, "features": features}
    if features not in FRAMES[:1] and "index_names" not in features:
        assert "send df.to_dict('list')" in told(api, ask, "/predict")["errors"][0]["msg"]
    for rows in ([{"age": 1.0, "height": 2.0}], {"age": [1.0, 3], "height": [2.0, 4]}):
        ask = {"model_type": "knn", "model_id": 2, "features": rows}
        said = told(api, ask, "/predict")["errors"][0]["msg"]
        assert said.endswith("df.values.tolist(), or without pandas [[1.0, 2.0]]")


@pytest.mark.parametrize(
    ("called", "sent", "name"),
    [
        ("labels", ["a", "b", "a", "b"], "y"),
        ("targets", [1, 2, 1, 2], "y"),
        ("label", "sex", "target"),
        ("response", "zip", "target"),
    ],
)
def test_a_list_is_meant_as_y_and_a_name_as_target(
    api: Api, called: str, sent: Any, name: str
) -> None:
    fault = told(api, GOOD | {"kwargs": {"X": TABLE, "k": 1, called: sent}})["errors"][0]
    assert fault["loc"] == ["kwargs", called]
    assert f"; write {name}, if that is meant; " in fault["msg"]
    assert api.register("knn", 1, **{"X": TABLE, "k": 1, name: sent}).status_code == 201


@pytest.mark.parametrize("signs", ["''", "``", "\u2018\u2019", "\u201c\u201d", "\xab\xbb", '""'])
@pytest.mark.parametrize("form", ["csv", "rows", "columns", "lists"])
def test_quotes_around_labels_and_categories(api: Api, form: str, signs: str) -> None:
    if (form, signs) == ("csv", '""'):  # which quote cells there
        return

    def register(model_id: int, before: str, behind: str, *plain: int) -> list[str]:
        def written(text: str, at: int) -> str:
            return text if at in plain else f"{before}{text}{behind}"

        colour = [written(one, at) for at, one in enumerate(["red", "red", "it's", "it's"])]
        label = [written(one, at) for at, one in enumerate(["u", "u", "v", "v"])]
        columns: dict[str, Any] = {"a": [1, 2, 8, 9], "colour": colour, "label": label}
        rows = list(zip(*columns.values(), strict=True))
        if form == "csv":
            body = "\n".join(["a,colour,label", *(",".join(map(str, row)) for row in rows)])
            query = f"?model_type=knn&model_id={model_id}&target=label&k=1"
            answer = api.raw(f"/register{query}", body.encode(), Content_Type="text/csv")
        elif form == "lists":
            answer = api.register("knn", model_id, X=X, y=label, k=1)
        else:
            objects = [dict(zip(columns, row, strict=True)) for row in rows]
            table = objects if form == "rows" else columns
            answer = api.register("knn", model_id, X=table, target="label", k=1)
        assert answer.status_code == 201, answer.text
        return [one["words"] for one in answer.json["advice"] if "around" in one["words"]]  # type: ignore[index]

    quotes = "single quotes" if signs == "''" else f"{signs[0]} and {signs[1]}"
    found = [(name, f"{name}: {quotes} stand around ") for name in ("colour", "label")]
    expected = [said for _, said in found] if form != "lists" else [f"y: {quotes} stand around "]
    for model_id, plain in enumerate(((), (0, 2))):
        told = register(model_id, *signs, *plain)
        assert len(told) == len(expected)
        for says in expected:
            (words,) = (one for one in told if one.startswith(says))
            assert words.endswith(", and are learned as a part of each; take them away.")
    for before, behind, plain in (("", "", ()), (signs[0], "", ()), (*signs, (0, 1))):
        assert register(9, before, behind, *plain) == []
        api.client.delete("/models/knn/9")


@pytest.mark.parametrize("by", ["lists", "named lists", "rows", "columns"])
@pytest.mark.parametrize("same", [True, False])
@pytest.mark.parametrize("target", ["s", "nix"])
@pytest.mark.parametrize("drop", [[], ["a"]])
def test_of_y_and_target_one_is_to_be_left_out(
    api: Api, by: str, same: bool, target: str, drop: list[str]
) -> None:
    y = ["u", "u", "v", "v"]
    columns = {"a": [0, 1, 8, 9], "b": [1, 2, 9, 8], "s": y if same else y[::-1]}
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    lists = [[0, 1], [1, 2], [8, 9], [9, 8]]
    kwargs: dict[str, Any] = {"X": {"rows": rows, "columns": columns}.get(by, lists), "k": 1}
    kwargs |= {"feature_names": ["a", "b"]} if by == "named lists" else {}
    kwargs |= {"drop": drop} if drop and by != "lists" else {}
    kwargs |= {"y": y, "target": target}
    problem = told(api, {"model_type": "knn", "model_id": 1, "kwargs": kwargs})
    (fault,) = problem["errors"]
    there = target == "s" and by in ("rows", "columns")
    assert fault["loc"] == ["kwargs", "y" if there else "target"]
    assert f"; leave {'y' if there else 'target'} out" in fault["msg"]
    assert ("holds the same" in fault["msg"]) == (there and same)
    assert ("holds other values" in fault["msg"]) == (there and not same)
    if there and not same:
        assert problem["remedies"][1]["set"] == {"target": None, "drop": [*drop, "s"]}
    for remedy in problem["remedies"]:
        obeyed(api, "knn", kwargs, remedy["set"])
    for wrong in ("u", y[:3], {"a": y}):  # which is not to be learned
        fault = told(api, GOOD | {"kwargs": kwargs | {"y": wrong}})["errors"][0]
        assert f"leave {'y' if there else 'target'} out" in fault["msg"]
    for name in (["s"], 0):
        fault = told(api, GOOD | {"kwargs": kwargs | {"target": name}})["errors"][0]
        assert fault["msg"].endswith("; y is given, leave target out")
    fault = told(api, GOOD | {"model_type": "kmeans", "kwargs": kwargs | {"k": 1}})["errors"][0]
    assert "leave target and y out" in fault["msg"]


@pytest.mark.parametrize("X", [X, TABLE])
@pytest.mark.parametrize("label", ["", " ", "\t\n"])
def test_a_label_that_is_blank(api: Api, X: Any, label: str) -> None:
    problem = told(api, GOOD | {"kwargs": {"X": X, "y": ["a", label, "b", "a"], "k": 1}})
    assert [fault["loc"] for fault in problem["errors"]] == [["kwargs", "y", 1]]
    assert re.search("leave (the row|such rows) out", problem["errors"][0]["msg"])


@pytest.mark.parametrize("X", [X, TABLE])
@pytest.mark.parametrize(
    ("labels", "alike"), [("a|a |b|b", "'a' and 'a '"), ("Ja|ja|JA|a", "'JA' and 'Ja' and 'ja'")]
)
def test_labels_that_differ_in_spaces_or_capitals(
    api: Api, X: Any, labels: str, alike: str
) -> None:
    answer = api.register("knn", 1, X=X, y=labels.split("|"), k=1)
    assert answer.status_code == 201
    assert answer.json is not None
    assert answer.json["classes"] == sorted(set(labels.split("|")))
    assert f"{alike}: these are classes of their own" in answer.json["advice"][0]["words"]
    answer = api.register("knn", 2, X=X, y=["a", "b c", "bc", "b"], k=1)
    assert "classes of their own" not in answer.text


@pytest.mark.parametrize(
    ("features", "loc", "says"),
    [
        ({"age": {"0": 1.0}, "height": {"0": 2.0}}, [], "df.to_dict('records')"),
        ([[1.0, None]], [0, 1], "not null (column 'height'); fill the gap"),
        ([1.0, "2"], [1], "(column 'height'); write 2, without quotes"),
        ({"age": 1.0}, ["height"], "'height' is missing"),
        ("age,height\n1,2\n", [], "send the CSV alone, with the header 'Content-Type: text/csv'"),
        ("age,height", [], "not the text 'age,height'"),
        ("1, 2, 3", [], "write [1, 2, 3], without quotes"),
        ('{"age": 1.0, "height": 2.0}', [], "send it without the quotes around it"),
        (["[1, 2]", "[2, 1]", "[8, 9]"], [0], "send it without the quotes around it"),
        (["[1, 2]", "[2, 1]"], [0], "send it without the quotes around it"),
        (["1, 2, 3"], [0], "write [1, 2, 3], without quotes"),
        (["1,5", "2,5"], [0], "write 1.5"),
        ("1,2", [], "write [1, 2], without quotes"),
        ({"age": 1.0, "height": 2.0, "x": 1}, ["x"], "there is no feature 'x'; known are: age"),
    ],
)
def test_a_mistake_in_a_prediction(api: Api, features: Any, loc: list[Any], says: str) -> None:
    assert api.register("knn", 1, X=X, y=Y, k=1, feature_names=["age", "height"]).status_code == 201
    ask = {"model_type": "knn", "model_id": 1, "features": features}
    fault = told(api, ask, "/predict")["errors"][0]
    assert says in fault["msg"]
    assert fault["loc"] == ["features", *loc]


_ROWS = '[{"a": 1, "b": 2, "c": "x"}, {"a": 2, "b": 1, "c": "y"}]'
_ASKED = "/register?model_type=knn&id=4&target=c&k=1&drop=b&key=secret"


@pytest.mark.parametrize(
    ("media", "rows", "says"),
    [
        ("application/json", _ROWS, "beside rows of JSON, send "),
        ("text/csv", _ROWS, "the body is JSON, and was declared CSV"),
        ("text/csv", _ROWS[1:-1].replace("}, ", "}\n"), "each line of the body is JSON of its own"),
    ],
)
def test_rows_of_json_beside_a_query_are_told_their_body(
    api: Api, media: str, rows: str, says: str
) -> None:
    answer = api.raw(_ASKED, rows.encode(), Content_Type=media)
    assert answer.status_code == 422
    problem: Any = answer.json
    (fault,) = problem["errors"]
    judge(fault["msg"])
    assert says in fault["msg"]
    body = json.loads(re.sub(r".*? (\{.*\})$", r"\1", fault["msg"]).replace("[...]", _ROWS))
    kwargs = {"target": "c", "k": 1, "drop": ["b"], "X": json.loads(_ROWS)}
    assert body == {"model_type": "knn", "model_id": 4, "kwargs": kwargs}
    assert api.raw("/register", json.dumps(body).encode()).status_code == 201
    answer = api.raw("/predict?model_type=knn&model_id=4&probabilities=true", b"[[1], [2]]")
    (fault,) = answer.json["errors"]  # type: ignore[index]
    body = json.loads(fault["msg"].partition("send ")[2])
    assert body.pop("probabilities") is True
    answer = api.raw("/predict", json.dumps(body).encode())
    assert answer.json["predictions"] == ["x", "y"]  # type: ignore[index]


@pytest.mark.parametrize("body", [b"iris.csv", b'"iris.csv"', b"@iris.csv"])
def test_a_file_named_in_json_is_told_the_column_that_register_learns(
    api: Api, body: bytes
) -> None:
    for route, learns in (("/register", True), ("/predict", False)):
        problem = told(api, body, route)
        said = problem["errors"][0]["msg"] if "errors" in problem else problem["detail"]
        assert "?model_type=knn&model_id=1" in said
        assert ("&target=COLUMN in the URL" in said) == learns


@pytest.mark.parametrize(
    ("query", "learns"),
    [
        ("model_type=knn&k=1", True),
        ("model_type=knn&k=1&y=a,b", False),
        ("model_type=kmeans&n_clusters=1", False),
    ],
)
def test_rows_beside_a_query_are_told_y_where_a_type_learns_it(
    api: Api, query: str, learns: bool
) -> None:
    (fault,) = told(api, b"[[1, 2], [2, 1]]", f"/register?model_id=9&{query}")["errors"]
    shown = fault["msg"].partition("send ")[2]
    assert ('"y": [...]' in shown) == learns
    body = shown.replace("[...]", '["a", "b"]')
    assert api.raw("/register", body.encode()).status_code == 201, body


@pytest.mark.parametrize("body", [b"a,b,c\n1,2,x\n2,1,y\n", b"1,2,3\n4,5,6\n", b"1,2,3"])
def test_a_csv_to_learn_from_that_is_declared_json_is_told_its_target(
    api: Api, body: bytes
) -> None:
    said = told(api, body, "/register")["detail"]
    assert "?model_type=knn&model_id=1&target=COLUMN (target where the type learns one)" in said
    assert "features" not in said
    for route in ("/predict", "/evaluate"):
        assert "target" not in told(api, body, route)["detail"]
    if body != b"1,2,3":
        lacks = ", and &target=COLUMN in the URL"
        for query, is_lacking in (
            ("model_type=knn", True),
            ("model_type=knn&target=c", False),
            ("model_type=kmeans", False),
            ("model_type=none", False),
        ):
            said = told(api, body, f"/register?model_id=1&{query}")["detail"]
            assert (lacks in said) == is_lacking
            assert "?model_type" not in said


@pytest.mark.parametrize(
    "rows",
    [
        [[5, 1, 3, 5], [4.9, 3.0]],
        [[4.9, 3.0], [5, 1, 3.5]],
        [[4.9, 3.0], [0.5, 5, 1]],
        [[4, 3], [5, 1, 3, 5], [4, 9]],
    ],
)
def test_decimal_commas_in_rows(api: Api, rows: list[list[float]]) -> None:
    assert api.register("knn", 1, X=[[1, 2], [3, 4]], y=[0, 1], k=1).status_code == 201
    says = "5,1( in row 0)? is one number, write 5.1, with a point"
    body = {"model_type": "knn", "model_id": 1, "features": rows}
    kwargs = {"X": rows, "y": [0, 1, 0][: len(rows)], "k": 1}
    for route, sent in (
        ("/register", {**body, "kwargs": kwargs, "model_id": 2}),
        ("/predict", body),
        ("/evaluate", body | {"y": kwargs["y"]}),
    ):
        sent = {n: v for n, v in sent.items() if n != "features" or route != "/register"}
        assert re.search(says, told(api, sent, route)["detail"])
    y = {"X": [[1, 2], [3, 4]], "y": [0, 5, 1, 5], "k": 1}
    for route, sent in (
        ("/register", {**body, "kwargs": y, "model_id": 2}),
        ("/evaluate", body | {"features": y["X"], "y": y["y"]}),
    ):
        sent = {n: v for n, v in sent.items() if n != "features" or route != "/register"}
        assert "if 0,5 is one number, write 0.5, with a point" in told(api, sent, route)["detail"]
    (wide,) = [row for row in rows if len(row) > 2]
    assert "write 5.1, with a point" in told(api, body | {"features": wide}, "/predict")["detail"]


@pytest.mark.parametrize(
    "rows", [[[1, 2], [3, 4, 5]], [[1.5, 2.5], [3.5, 4.5, 5.5]], [[1], [1, -2]]]
)
def test_a_row_that_is_too_wide_has_no_commas_for_that(api: Api, rows: list[list[float]]) -> None:
    body = {"model_type": "knn", "model_id": 2, "kwargs": {"X": rows, "y": [0, 1], "k": 1}}
    assert "with a point" not in told(api, body, "/register")["detail"]


@pytest.mark.parametrize("route", ["/register", "/predict", "/evaluate"])
@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"a,b\n1,2\n", "it looks like CSV. "),
        (b"b\n1\n", "looks like CSV"),
        (b"rows.json", "it is the name of a file, 'rows.json'"),
        (b"rows.csv", "'Content-Type: text/csv' --data-binary @rows.csv, with the @. Mend"),
    ],
)
def test_a_table_beside_a_query_that_is_declared_json(
    api: Api, route: str, body: bytes, says: str
) -> None:
    problem = told(api, body, f"{route}?model_type=knn&model_id=1&target=b")
    assert says in problem["detail"]
    assert "errors" not in problem


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (b"[1, 2]\n[3, 4]", "[...]"),
        (b"[1. 2.]", "[...]"),
        (b'{"a": 1}', '{"a": 1}'),
        (b"[[1, 2]" + b", [1, 2]" * 99 + b"]", "[...]"),
        (b'{"features": [1, 2]}', None),
    ],
)
def test_rows_beside_a_query_are_shown_where_they_are_rows(
    api: Api, body: bytes, shown: str | None
) -> None:
    (fault, *_) = told(api, body, "/predict?model_type=knn&model_id=1")["errors"]
    if shown is None:
        assert "into the body" in fault["msg"]
    else:
        assert f'send {{"model_type": "knn", "model_id": 1, "features": {shown}}}' in fault["msg"]


@pytest.mark.parametrize("target", ["target", "y"])
def test_a_target_beside_rows_is_told_where_what_is_true_stands(api: Api, target: str) -> None:
    assert api.register("knn", 1, X=X, y=Y, k=1).status_code == 201
    ask = {"model_type": "knn", "model_id": 1, "features": X}
    for route, more, says in (
        ("/evaluate", {}, 'takes what is true as y, "y": [0, ...], one for each row; leave target'),
        ("/evaluate", {"y": Y}, "takes no target; leave it out, y says what is true"),
        ("/predict", {}, f"takes no {target}; leave it out; /evaluate compares"),
    ):
        for query in (f"?{target}=a", ""):
            if route == "/evaluate" and target == "y":
                continue
            wrong = ask | more | ({} if query else {target: "a"})
            (fault,) = told(api, wrong, route + query)["errors"]
            assert says in fault["msg"] or (query and more)
    assert api.client.post("/evaluate", json=ask | {"y": Y}).status_code == 200


@pytest.mark.parametrize(
    ("query", "member"),
    [
        ("features=1,2", {"features": [1, 2]}),
        ("features=1.5, 2", {"features": [1.5, 2]}),
        ("features=[[1,2],[2,1]]", {"features": [[1, 2], [2, 1]]}),
        ("features=1,2;2,1", {"features": [[1, 2], [2, 1]]}),
        ("features=1,2&probabilities=1", {"features": [1, 2], "probabilities": True}),
    ],
)
def test_rows_in_a_query_are_shown_as_the_body_has_them(
    api: Api, query: str, member: dict[str, Any]
) -> None:
    assert api.register("knn", 1, X=X, y=Y, k=1).status_code == 201
    faults = told(api, b"", f"/predict?model_type=knn&model_id=1&{query}")["errors"]
    parts = [fault["msg"].partition("into the body, ")[2] for fault in faults]
    body = json.loads(f"{{{', '.join(parts)}}}")
    assert body == {"model_type": "knn", "model_id": 1} | member
    assert api.client.post("/predict", json=body).status_code == 200
    answer = api.raw(f"/predict?model_type=knn&model_id=1&{query}", b"", Content_Type="text/csv")
    assert "leave features out, or send JSON" in answer.text


REQUESTS: dict[str, dict[str, Any]] = {
    "/register": GOOD | {"kwargs": {"X": X, "y": Y, "k": 1}},
    "/predict": {"model_type": "knn", "model_id": 1, "features": X},
    "/evaluate": {"model_type": "knn", "model_id": 1, "features": X, "y": Y},
    "/list": {"model_type": "knn"},
    "/v2/models/knn/versions/1/infer": {
        "inputs": [{"name": "X", "shape": [4, 2], "datatype": "FP64", "data": X}]
    },
}


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("query", ["", "?model_type=knn&model_id=1"])
@pytest.mark.parametrize("route", REQUESTS)
def test_a_list_of_requests_is_told_what_its_brackets_are(
    api: Api, route: str, times: int, query: str
) -> None:
    assert api.raw("/register", json.dumps(REQUESTS["/register"]).encode()).status_code == 201
    body = [REQUESTS[route]] * times
    if route.startswith("/v2/"):
        answer = api.raw(route, json.dumps(body).encode())
        said = answer.json["error"]  # type: ignore[index]
    else:
        said = told(api, body, route + query)["errors"][0]["msg"]
    says = "; take the [ ] around it away" if times == 1 else ", without the [ ] around them"
    assert says in said or (query and "write this into the body" in said)
    api.client.delete("/models/knn/1" if route == "/register" else "/models/knn/2")
    answer = api.raw(route, json.dumps(body[0]).encode())
    assert answer.status_code in (200, 201)


@pytest.mark.parametrize("route", ["/register", "/predict", "/evaluate", "/list"])
def test_a_list_of_texts_is_json_in_json(api: Api, route: str) -> None:
    body = [json.dumps(REQUESTS[route])]
    fault = told(api, body, route)["errors"][0]
    assert "JSON inside of JSON: send the object itself" in fault["msg"] or route == "/list"
    if route != "/list":
        rows = told(api, ['{"a": 1}', '{"a": 2}'], route)["errors"][0]
        assert rows["msg"].endswith(", without the quotes in which they stand")


@pytest.mark.parametrize(
    ("query", "inside"),
    [
        ("k=1", {"k": 1}),
        ("weights=distance", {"weights": "distance"}),
        ("holdout=0.5", {"holdout": 0.5}),
        ("holdout=.5", {"holdout": 0.5}),
        ("drop=b", {"drop": ["b"]}),
        ("kinds=b:category", {"kinds": {"b": "category"}}),
        ("standardize=true", {"standardize": True}),
    ],
)
def test_a_hyperparameter_in_a_query_beside_json_is_shown_inside(
    api: Api, query: str, inside: dict[str, Any]
) -> None:
    rows = [dict(zip("ab", row, strict=True)) for row in X]
    kwargs = {"X": rows, "y": Y, "n_neighbors": 1} if "k" not in inside else {"X": rows, "y": Y}
    body = {"model_type": "knn", "model_id": 1, "kwargs": kwargs}
    (fault,) = told(api, body, f"/register?{query}")["errors"]
    shown = fault["msg"].partition('into the body, "kwargs": ')[2]
    assert json.loads(shown) == inside
    obeyed = body | {"kwargs": kwargs | inside}
    assert api.client.post("/register", json=obeyed).status_code == 201
    name = query.partition("=")[0]
    for route in ("/predict", "/evaluate") if name in ("k", "weights") else ():
        (fault,) = told(api, REQUESTS[route], f"{route}?{query}")["errors"]
        assert f"{route} takes no hyperparameters" in fault["msg"]


def test_a_hyperparameter_in_a_query_that_is_nearly_one(api: Api) -> None:
    (fault,) = told(api, GOOD, "/register?neighbours=1")["errors"]
    assert 'write n_neighbors, if that is meant, inside of kwargs, "kwargs"' in fault["msg"]
    (fault,) = told(api, GOOD, "/register?zzz=1")["errors"]
    assert "known are: dry_run" in fault["msg"]


@pytest.mark.parametrize("route", ["/predict", "/evaluate"])
def test_other_names_in_a_query_are_told_at_once(api: Api, route: str) -> None:
    answer = api.raw(f"{route}?model=knn&id=1", b"a,b\n1,2\n", Content_Type="text/csv")
    faults = {fault["loc"][1]: fault["msg"] for fault in answer.json["errors"]}  # type: ignore[index]
    assert "write model_id, if that is meant; known are: model_type, model_id" in faults["id"]
    assert "write model_type, if that is meant; known are: model_type, model_id" in faults["model"]
    for told in faults.values():
        assert told in answer.json["detail"]  # type: ignore[index]


def test_an_empty_body_is_shown_a_whole_one(api: Api) -> None:
    # What the example of /evaluate holds to be true is nothing that this model knows.
    for route, status in (
        ("/register", 201),
        ("/predict", 200),
        ("/evaluate", 422),
        ("/list", 200),
    ):
        detail = told(api, b" ", route)["detail"]
        body, _ = json.JSONDecoder().raw_decode(detail.partition("such as ")[2])
        answer = api.client.post(route, json=body)
        assert answer.status_code == status, answer.text


def test_a_type_that_is_a_shells_variable(api: Api) -> None:
    answer = api.client.post("/list", json={"model_type": "$TYPE"})
    assert "$TYPE is a shell's variable" in answer.json["detail"]  # type: ignore[index]


@pytest.mark.parametrize("route", ["/predict", "/evaluate"])
def test_an_id_that_is_null_is_not_to_be_left_out(api: Api, route: str) -> None:
    problem = told(api, {"model_type": "knn", "model_id": None, "features": X}, route)
    assert "such as 1: the model's id, as /list tells it" in problem["errors"][0]["msg"]


def test_bytes_that_python_printed(api: Api) -> None:
    table = b"a,b\n1,u\n2,v\n"
    for route in ("/register", "/predict", "/evaluate"):
        for media in ("application/json", "text/csv", "application/x-www-form-urlencoded"):
            for body in (json.dumps(GOOD).encode(), json.dumps(GOOD, indent=1).encode(), table):
                query = "?model_type=knn&model_id=1" if media == "text/csv" else ""
                answer = api.raw(route + query, str(body).encode(), Content_Type=media)
                assert answer.status_code in (400, 415, 422)
                assert "what Python prints of bytes; send the bytes themselves" in answer.text
    query = "/register?model_type=knn&model_id=1&n_neighbors=1"
    answer = api.raw(f"{query}&target=b%27", b"b',b''\n1,2\n2,3\n", Content_Type="text/csv")
    assert "what Python prints" not in answer.text


def test_the_rows_of_a_prediction_have_another_name(api: Api) -> None:
    problem = told(api, {"model_type": "knn", "X": X}, "/predict")
    assert [fault["loc"] for fault in problem["errors"]] == [["X"]]
    assert "write the rows as features" in problem["detail"]


@pytest.mark.parametrize("route", ["/predict", "/evaluate"])
@pytest.mark.parametrize("media", ["application/json", "text/csv"])
def test_a_hyperparameter_is_set_at_registration(api: Api, route: str, media: str) -> None:
    for model_type, cls in catalog().items():
        for name in cls.names():
            key = {"model_type": model_type, "model_id": 1}
            if media == "text/csv":
                query = f"?model_type={model_type}&model_id=1&{name}=2"
                answer = api.raw(route + query, b"a,b\n1,2\n", Content_Type=media)
                (fault,) = answer.json["errors"]  # type: ignore[index]
                judge(fault["msg"])
            else:
                (fault,) = told(api, key | {"features": X, name: 2}, route)["errors"]
            assert fault["loc"][-1] == name
            assert f"{route} takes no hyperparameters, they are set at /register; " in fault["msg"]
    (fault,) = told(api, key | {"features": X, "nonsense": 2}, route)["errors"]
    assert "there is no 'nonsense'" in fault["msg"]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"features": X, "kwargs": {"y": Y}}, 'holds (y) beside features, "y": [...]'),
        ({"features": X, "kwargs": {"X": X, "y": Y}}, 'holds (y) beside features, "y": [...]'),
        (
            {"kwargs": {"X": X, "y": Y}},
            'holds (X, y) beside model_type, "features": [...], "y": [...]',
        ),
        ({"y": Y, "kwargs": {"X": {"a": 1}}}, '(X) beside model_type, "features": {...}'),
        ({"features": X, "kwargs": {"importance": True}}, '(importance) beside features, "imp'),
        ({"features": X, "y": Y, "kwargs": {"k": 1}}, "leave it out, the rows are given"),
        ({"features": X, "y": Y, "X": X}, "takes no X; leave it out, the rows are given"),
        ({"kwargs": X}, "write the rows as features, beside y"),
        ({"X": X}, "/evaluate takes no X; write the rows as features, beside y"),
    ],
)
def test_what_stands_where_a_registration_has_it(api: Api, body: Any, says: str) -> None:
    for model_type, cls in catalog().items():
        ask = {"model_type": model_type, "model_id": 1} | body
        fault = told(api, ask, "/evaluate")["errors"][0]
        if cls.supervised():
            assert says in fault["msg"]
        else:
            assert "beside y" not in fault["msg"]
            assert '"y"' not in fault["msg"]


@pytest.mark.parametrize("model_type", ["knn", "kmeans", "svm"])
@pytest.mark.parametrize(
    ("beside", "inside", "right"),
    [
        ({"X": X}, {"n_neighbors": "3"}, {"n_neighbors": 3}),
        ({"X": X, "n_neighbors": "3"}, {}, {"n_neighbors": 3}),
        ({"data": X, "n_neighbours": 0}, {}, {"n_neighbors": 1}),
        ({"X": [[0.0, "1"], *X[1:]]}, {"n_neighbors": [3]}, {"n_neighbors": 3}),
        ({"random_state": "1"}, {"X": X, "n_neighbors": 2}, {"n_neighbors": 2}),
    ],
)
def test_what_stands_beside_kwargs_is_read_as_if_it_stood_inside(
    api: Api, model_type: str, beside: Any, inside: Any, right: Any
) -> None:
    names = {"knn": {}, "kmeans": {"n_neighbors": "n_clusters"}, "svm": {"n_neighbors": "max_iter"}}
    own = names[model_type] | {"n_neighbours": names[model_type].get("n_neighbors", "n_neighbours")}

    def called(members: dict[str, Any]) -> dict[str, Any]:
        return {own.get(name, name): value for name, value in members.items()}

    beside = beside | ({"y": Y} if catalog()[model_type].supervised() else {})
    body = {"model_type": model_type, "model_id": "1", **called(beside), "kwargs": called(inside)}
    problem = told(api, body)
    places = [one["loc"][-1] for one in problem["errors"]]
    wrong = [one for one in problem["errors"] if not one["msg"].endswith("...}")]
    assert set(called(beside)) | {"model_id"} <= {str(one["loc"][0]) for one in problem["errors"]}
    assert len(wrong) >= 2 or "n_neighbours" in places, problem["errors"]
    mended = {"X": X} | called(right) | ({"y": Y} if "y" in beside else {})
    good = {"model_type": model_type, "model_id": 1, "kwargs": mended}
    assert api.client.post("/register?dry_run=true", json=good).status_code == 200


@pytest.mark.parametrize(
    ("beside", "kwargs", "says", "mended"),
    [
        ({"target": Y}, {"X": X}, 'inside as y, "kwargs": {"y": [...]}', {"X": X, "y": Y}),
        (
            {"y": "b"},
            {"X": {"a": [1, 2, 8, 9], "b": Y}},
            'inside as target, "kwargs": {"target": "b"}',
            {"X": {"a": [1, 2, 8, 9], "b": Y}, "target": "b"},
        ),
        (
            {"y": "species"},
            {"X": X},
            'inside, "kwargs": {"y": ...}, and there: a list is needed',
            {"X": X, "y": Y},
        ),
    ],
)
def test_labels_and_the_name_of_their_column_are_told_apart_beside_kwargs(
    api: Api, beside: Any, kwargs: Any, says: str, mended: Any
) -> None:
    body = {"model_type": "knn", "model_id": 1, **beside, "kwargs": kwargs | {"k": 1}}
    (fault,) = told(api, body)["errors"]
    assert says in fault["msg"]
    assert api.register("knn", 1, **mended, k=1).status_code == 201


@pytest.mark.parametrize(
    ("route", "values", "shown", "mended"),
    [
        ("/register", ["knn", 1, {"X": X, "y": Y, "k": 1}], '"kwargs": {...}}', None),
        ("/register", ["knn", 1, X, Y], '"kwargs": {"X": [...], "y": [...]}}', None),
        ("/register", ["kmeans", 1, X], '"kwargs": {"X": [...]}}', None),
        ("/register", ["knn", 1], '"kwargs": {"X": [[1, 2], [3, 4]], "y": [0, 1]}}', None),
        ("/predict", ["knn", 1, X], '"features": [...]}', {"features": X}),
        ("/predict", ["knn", X], '"model_id": 1, "features": [...]}', {"features": X}),
        ("/evaluate", ["knn", 1, X, Y], '"features": [...], "y": [...]}', {"features": X, "y": Y}),
        ("/list", ["knn"], 'write {"model_type": "knn"}', {}),
        ("/list", "knn", 'write {"model_type": "knn"}', {}),
        ("/list", [], 'write one such as {"model_type": "knn"}', {}),
        ("/list", None, 'write one such as {"model_type": "knn"}', {}),
        ("/list", 1, 'write one such as {"model_type": "knn"}', {}),
        ("/predict", None, 'write one such as {"model_type": "knn", "model_id": 1, "feat', {}),
    ],
)
def test_values_without_names_are_told_the_whole_body(
    api: Api, route: str, values: Any, shown: str, mended: Any
) -> None:
    (fault,) = told(api, values, route)["errors"]
    assert shown in fault["msg"]
    if mended:
        assert api.register("knn", 1, X=X, y=Y, k=1).status_code == 201
        body = {"model_type": "knn", "model_id": 1} | mended
        assert api.client.post(route, json=body).status_code == 200


@pytest.mark.parametrize("sent", [X, [], None, 5, "x", True], ids=str)
@pytest.mark.parametrize("model_type", ["knn", "kmeans", "no_such_type"])
def test_kwargs_that_are_no_object_are_told_the_whole_body(
    api: Api, model_type: str, sent: Any
) -> None:
    body = {"model_type": model_type, "model_id": 7, "kwargs": sent}
    (fault,) = told(api, body)["errors"]
    whole = fault["msg"].partition("; write ")[2].replace("[...], ", "@").replace("[...]", "#")
    whole = whole.replace("@", f"{json.dumps(X)}, ").replace("#", json.dumps(sent and Y))
    if model_type == "kmeans":
        whole = whole.replace(json.dumps(sent and Y), json.dumps(X))
    shown = json.loads(whole)
    assert shown["model_id"] == 7
    assert "y" in shown["kwargs"] or model_type == "kmeans"
    shown["kwargs"] |= {"k": 1}
    if model_type != "no_such_type":
        assert api.client.post("/register?dry_run=true", json=shown).status_code == 200


_IN_X: list[tuple[int, Any, Any]] = [
    (3, [8.5, "x"], [8.5, 9.5]),
    (3, [None, 9.5], [8.5, 9.5]),
    (3, ["8.5", 9.5], [8.5, 9.5]),
    (3, [True, 9.5], [1, 9.5]),
    (2, [8.0], [8.0, 9.0]),
    (2, None, [8.0, 9.0]),
]
_NAMES: list[Any] = [["a", "a"], ["a"], ["a", "b", "c"], [1, 2], [["a", "b"]], [], [None, "b"]]


@pytest.mark.parametrize(
    "labels", [Y, dict(zip("abcd", Y, strict=True)), json.dumps(Y), [0, 1, None, 1]]
)
@pytest.mark.parametrize("names", [None, *_NAMES], ids=str)
@pytest.mark.parametrize("model_type", ["knn", "kmeans", "linear_regression"])
def test_what_is_wrong_with_rows_their_names_and_labels_is_told_at_once(
    api: Api, model_type: str, names: Any, labels: Any
) -> None:
    learns = catalog()[model_type].supervised()
    for count in (1, 2, len(_IN_X)):
        sent, right = list(map(list, X)), list(map(list, X))
        for row, wrong, mended in _IN_X[:count] if count != 2 else [_IN_X[0], _IN_X[4]]:
            sent[row], right[row] = wrong, mended
        kwargs = {"X": sent} | ({"y": labels} if learns else {"n_clusters": 2})
        kwargs |= {} if names is None else {"feature_names": names}
        kwargs |= {"n_neighbors": 1} if model_type == "knn" else {}
        body = {"model_type": model_type, "model_id": 1, "kwargs": kwargs}
        where = {one["loc"][1] for one in told(api, body)["errors"]}
        assert where == {"X"} | ({"y"} if learns and labels is not Y else set()) | (
            {"feature_names"} if names is not None else set()
        )
        rows = {one["loc"][2] for one in told(api, body)["errors"] if one["loc"][1] == "X"}
        assert rows == ({3} if count == 1 else {2, 3})
        kwargs |= {"X": right} | ({"y": Y} if learns else {})
        kwargs.pop("feature_names", None)
        answer = api.client.post("/register?dry_run=true", json=body)
        assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    ("names", "mended"),
    [
        ([["a", "b"]], "take the outer [ ] away"),
        ([["a"], ["b"]], 'write "a"'),
        ([], "or leave feature_names out"),
        (["a"], "or leave feature_names out"),
        ([None, "b"], "write the name of the column"),
        ([True, "b"], 'write "true"'),
        ([1, "b"], 'write "1"'),
    ],
)
@pytest.mark.parametrize("more", [{}, {"standardize": True}])
def test_names_that_are_none_are_told_how_to_write_them(
    api: Api, names: Any, mended: str, more: dict[str, Any]
) -> None:
    (first, *_) = told(api, with_kwargs(feature_names=names, **more))["errors"]
    assert first["msg"].endswith(mended) or mended in first["msg"].rpartition("; ")[2]


@pytest.mark.parametrize("labels", [dict(zip("abcd", Y, strict=True)), json.dumps(Y), str(Y)])
@pytest.mark.parametrize(
    "rows",
    [
        {"a": {"0": 1.0}, "b": {"0": 2.0}},
        {"columns": ["a", "b"], "index": [0], "data": X},
        {"schema": {"fields": []}, "data": [{"a": 1}]},
        json.dumps(X),
        "a,b\n1,2",
        5,
    ],
    ids=str,
)
@pytest.mark.parametrize("named", [False, True])
def test_rows_and_labels_that_are_both_written_otherwise_are_both_told(
    api: Api, rows: Any, labels: Any, named: bool
) -> None:
    for more in ({}, {"standardize": True}):
        problem = told(api, with_kwargs(X=rows, y=labels, **more))
        assert [one["loc"] for one in problem["errors"]] == [["kwargs", "X"], ["kwargs", "y"]]
    table: Any = [dict(zip("ab", row, strict=True)) for row in X] if named else X
    assert api.register("knn", 1, X=table, y=Y, n_neighbors=1).status_code == 201
    ask = {"model_type": "knn", "model_id": 1, "features": rows, "y": labels}
    places = [one["loc"][0] for one in told(api, ask, "/evaluate")["errors"]]
    assert set(places) == {"features", "y"}


@pytest.mark.parametrize(
    "rows",
    [
        {"height": {"0": 1.5, "1": 2}, "color": {"0": "red", "1": "blue"}},
        {"0": {"height": 1.5, "color": "red"}, "1": {"height": 2, "color": "blue"}},
        {"index": [0], "columns": ["height", "color"], "data": [[1.5, "red"]]},
        {"schema": {"fields": []}, "data": [{"height": 1.5, "color": "red"}]},
    ],
    ids=str,
)
def test_what_pandas_makes_is_told_with_its_own_columns(api: Api, rows: Any) -> None:
    (fault,) = told(api, with_kwargs(X=rows))["errors"]
    example = json.loads(fault["msg"].partition("or without pandas ")[2])
    assert example == {"height": [1.5], "color": ["red"]}
    ask = {"X": {name: column * 4 for name, column in example.items()}, "y": Y, "k": 1}
    assert api.register("knn", 1, **ask).status_code == 201


@pytest.mark.parametrize("sent", [5, True, None, "abc"])
@pytest.mark.parametrize("names", [None, ["a", "b", "c"]])
def test_rows_that_are_none_are_told_as_many_columns_as_there_are(
    api: Api, sent: Any, names: Any
) -> None:
    named = {} if names is None else {"feature_names": names}
    (fault,) = told(api, with_kwargs(X=sent, **named))["errors"]
    if names is not None:
        assert "as in [[1.5, 1.5, 1.5], [1.5, 1.5, 1.5]]" in fault["msg"]
    rows = [[*row, 1.0] for row in X]
    assert api.register("knn", 1, X=rows, y=Y, k=1, **named).status_code == 201
    ask = {"model_type": "knn", "model_id": 1}
    (fault,) = told(api, ask | {"features": sent}, "/predict")["errors"]
    row = json.loads(re.findall(r"such as (.*?), or a list", fault["msg"])[0])
    assert api.client.post("/predict", json=ask | {"features": row}).status_code == 200


@pytest.mark.parametrize("names", [["a", "a"], ["a"], [1, 2], None])
@pytest.mark.parametrize(
    ("cell", "more"),
    [("x", {"standardize": True}), (None, {"standardize": True}), ([1], {"missing": "impute"})],
)
def test_what_is_wrong_with_a_table_of_lists_is_told_at_once(
    api: Api, names: Any, cell: Any, more: Any
) -> None:
    sent = [*X, [cell, 9.0], [9.0]] if names is None else [*X, [cell, 9.0], [9.0, 9.0]]
    named = {} if names is None else {"feature_names": names}
    kwargs = {"X": sent, "y": [*Y, 1, 1], "k": 1} | more
    problem = told(api, GOOD | {"kwargs": kwargs | named})
    places = {tuple(one["loc"][1:4]) for one in problem["errors"]}
    assert ("X", 4, 0) in places
    assert len(places) > 1
    kwargs["X"] = [*X, [9.0, 9.0], [9.0, 9.0]]
    assert api.register("knn", 1, **kwargs).status_code == 201


def test_rows_of_another_length_are_told_with_the_cells_of_the_others(api: Api) -> None:
    assert api.register("knn", 1, X=X, y=Y, n_neighbors=1).status_code == 201
    for route, more in (("/predict", {}), ("/evaluate", {"y": Y})):
        ask = {"model_type": "knn", "model_id": 1, "features": [X[0], [1.0], [2.0, "x"], [1, 2]]}
        problem = told(api, ask | more, route)
        assert [one["loc"] for one in problem["errors"]] == [["features", 1], ["features", 2, 1]]


@pytest.mark.parametrize(("sent", "meant"), [("3", 3), (3.0, 3), ("x", 1), (0, 1), (None, None)])
def test_what_a_program_could_set_is_told(api: Api, sent: Any, meant: int | None) -> None:
    problem = told(api, with_kwargs(k=sent))
    expected = [] if meant is None else [{"words": f"k is {meant}", "set": {"k": meant}}]
    assert problem.get("remedies", []) == expected


GROUPS = [
    ("kmeans", "n_clusters"),
    ("kmeans", "k"),
    ("gmm", "n_components"),
    ("knn", "n_neighbors"),
    ("knn", "k"),
]
OF_ITSELF = re.compile("of its own, which|for every answer")


@pytest.mark.parametrize("rows", [2, 3, 6, 10, 30])
@pytest.mark.parametrize("sent", [0, "x", 40], ids=str)
@pytest.mark.parametrize(("model_type", "name"), GROUPS)
def test_a_count_that_is_told_is_not_advised_against(
    api: Api, model_type: str, name: str, sent: Any, rows: int
) -> None:
    kwargs = {"X": [[i, i % 3] for i in range(rows)], name: sent}
    kwargs |= {"y": [i % 2 for i in range(rows)]} if model_type == "knn" else {}
    problem = api.register(model_type, 1, **kwargs).json
    assert problem["remedies"], problem  # type: ignore[index]
    assert sent != 40 or f"at most {rows}" in problem["detail"]  # type: ignore[index]
    answer = api.register(model_type, 1, **kwargs | problem["remedies"][0]["set"]).json  # type: ignore[index]
    assert not [one for one in answer["advice"] if OF_ITSELF.search(one["words"])], answer  # type: ignore[index]


@pytest.mark.parametrize("sent", [True, "true", "yes", 1, [True]], ids=str)
@pytest.mark.parametrize(("rows", "folds"), [(6, 5), (4, 4), (2, None)])
def test_importance_is_told_with_the_folds_that_it_needs(
    api: Api, sent: Any, rows: int, folds: int | None
) -> None:
    kwargs = {"X": [[i, i % 3] for i in range(rows)], "y": [i % 2 for i in range(rows)], "k": 1}
    problem = api.register("knn", 1, **kwargs, importance=sent).json
    said = f'"cv": {folds}' if folds else "leave importance out"
    assert said in problem["errors"][0]["msg"]  # type: ignore[index]
    set_ = {"importance": True, "cv": folds} if folds else {"importance": None}
    assert problem["remedies"][0]["set"] == set_  # type: ignore[index]
    kept = {name: value for name, value in set_.items() if value is not None}
    answer = api.register("knn", 1, **kwargs, **kept)
    assert answer.status_code == 201
    assert bool(folds) == bool(answer.json["training"].get("importance"))  # type: ignore[index]
    table = "a,b\n" + "".join(f"{i},{i % 2}\n" for i in range(rows))
    query = f"/register?model_type=knn&model_id=2&k=1&target=b&importance={str(sent).lower()}"
    detail = api.raw(query, table.encode(), Content_Type="text/csv").json["detail"]  # type: ignore[index]
    assert not folds or f"cv={folds}" in detail


@pytest.mark.parametrize(
    "sent", [[1, 1, 1], [0.2, 0.3, 0.4], [0.333] * 3, [1e-9, 1, 1], [1e-300, 0, 0], [0, 0, 0]]
)
def test_priors_are_told_as_shares(api: Api, sent: list[float]) -> None:
    kwargs: dict[str, Any] = {"X": [[1], [2], [4], [5], [8], [9]], "y": [0, 0, 1, 1, 2, 2]}
    problem = api.register("gauss_naive_bayes", 1, **kwargs, priors=sent).json
    told = problem["remedies"][0]["set"]  # type: ignore[index]
    if any(sent):
        assert f"write {told['priors']}" in problem["detail"]  # type: ignore[index]
    kwargs |= {name: value for name, value in told.items() if value is not None}
    assert api.register("gauss_naive_bayes", 1, **kwargs).status_code == 201


@pytest.mark.parametrize("misspelt", [False, True])
@pytest.mark.parametrize("wrong", [-1, 0, 1e30, "x", "3x", [0.1, 0.2], True], ids=str)
@pytest.mark.parametrize("model_type", sorted(catalog()))
def test_a_number_that_does_not_fit_is_told_one_that_does(
    api: Api, model_type: str, wrong: Any, misspelt: bool
) -> None:
    """Also by a name that is nearly its own, which alone is told else, and refused when obeyed."""
    cls = catalog()[model_type]
    asked = {"X": X, "y": Y} if cls.supervised() else {"X": X, "n_clusters": 2}
    if model_type == "pca":
        del asked["n_clusters"]
    if model_type == "gmm":
        asked["n_components"] = asked.pop("n_clusters")
    asked |= {"n_neighbors": 2} if model_type == "knn" else {}
    options = plan.schema()["properties"] if cls.supervised() else {}
    for name, field in {**cls.schema()["properties"], **options}.items():
        if misspelt and len(name) < 3:
            continue
        if not {"integer", "number"} & {one.get("type") for one in field.get("anyOf", [field])}:
            continue
        sent = f"{name}z" if misspelt else name
        kwargs = {n: value for n, value in asked.items() if n != name} | {sent: wrong}
        body = {"model_type": model_type, "model_id": 1, "kwargs": kwargs}
        if api.client.post("/register?dry_run=true", json=body).status_code == 200:
            continue
        problem = told(api, body)
        (fault,) = problem["errors"]
        assert fault["loc"][:2] == ["kwargs", sent]
        assert re.search(r"[;,] (and )?write |leave \w+ out", fault["msg"]), fault["msg"]
        for remedy in problem.get("remedies", []):
            mended = {n: v for n, v in (kwargs | remedy["set"]).items() if v is not None}
            answer = api.client.post("/register?dry_run=true", json=body | {"kwargs": mended})
            assert answer.status_code == 200, (fault, answer.json)


@pytest.mark.parametrize("form", ["matrix", "table", "csv"])
@pytest.mark.parametrize(
    ("model_type", "sent", "most"),
    [
        ("pca", {"n_components": "3.0"}, {"n_components": 2}),
        ("pca", {"n_components": 3.0}, {"n_components": 2}),
        ("knn", {"n_neighbors": "100"}, {"n_neighbors": 1}),
        ("knn", {"k": 100.0}, {"k": 1}),
        ("kmeans", {"k": "20.0"}, {"k": 3}),
        ("gmm", {"n_components": "20.0"}, {"n_components": 3}),
        ("decision_tree", {"cv": "12.0", "max_depth": "3.0"}, {"cv": 4, "max_depth": 3}),
    ],
)
def test_a_count_that_is_to_be_written_is_one_that_the_rows_allow(
    api: Api, model_type: str, sent: dict[str, Any], most: dict[str, Any], form: str
) -> None:
    supervised = catalog()[model_type].supervised()
    rows = X if supervised else [*X[:3], X[0]]  # three are different

    def register(kwargs: dict[str, Any]) -> Any:
        if form == "csv":
            lines = [f"{a},{b},{c}" for (a, b), c in zip(rows, "uuvv", strict=True)]
            query = kwargs | ({"target": "c"} if supervised else {"drop": "c"})
            query |= {"model_type": model_type, "model_id": 1}
            body, media = "\n".join(["a,b,c", *lines]), "text/csv"
            return api.client.post("/register", query_string=query, data=body, content_type=media)
        data: Any = (
            rows if form == "matrix" else [dict(zip("ab", row, strict=True)) for row in rows]
        )
        return api.register(model_type, 1, X=data, **({"y": Y} if supervised else {}), **kwargs)

    problem = register(sent).json
    for name, value in most.items():
        assert {name: value} in [remedy["set"] for remedy in problem["remedies"]]
        assert re.search(f"(write|at most|{name}) {value}\\b", problem["detail"])
    assert register(most).status_code == 201


@pytest.mark.parametrize(
    ("sent", "says", "set_"),
    [
        ({"cv": 2, "holdout": ".5"}, "leave cv out and write 0.5", {"cv": None, "holdout": 0.5}),
        ({"cv": "2", "holdout": 0.5}, "leave holdout out and write 2", {"cv": 2, "holdout": None}),
        ({"cv": "2", "holdout": ".5"}, "leave cv out, or", {"cv": 2, "holdout": None}),
        ({"cv": 2, "holdout": "half"}, "leave cv out and write such a number", None),
    ],
)
def test_an_option_that_is_wrong_beside_the_other_is_told_both(
    api: Api, sent: dict[str, Any], says: str, set_: dict[str, Any] | None
) -> None:
    problem = told(api, with_kwargs(**sent))
    assert says in problem["detail"]
    assert (set_ is None) == ("remedies" not in problem)
    if set_ is not None:
        assert set_ in [remedy["set"] for remedy in problem["remedies"]]
        left = {name: value for name, value in (sent | set_).items() if value is not None}
        assert api.register("knn", 1, X=X, y=Y, n_neighbors=1, **left).status_code == 201
    without = told(api, {**GOOD, "model_type": "kmeans", "kwargs": {"X": X, "k": 2} | sent})
    assert all("there is no y to compare with" in fault["msg"] for fault in without["errors"])


@pytest.mark.parametrize(
    ("kwargs", "says", "set_"),
    [
        ({"X": [[1, None]], "y": ["a"]}, 'leave the column out ("drop": ["1"]', {"drop": ["1"]}),
        ({"X": [[1, "NA"]], "y": ["a"]}, "every cell of this column is a gap", {"drop": ["1"]}),
        (
            {"X": [[1, None]], "y": ["a"], "feature_names": ["u", "v"]},
            "leave the column out",
            {"drop": ["v"]},
        ),
        ({"X": [[None]], "y": ["a"]}, "every cell of this column is a gap: fill them. ", None),
        ({"X": {"u": [None]}, "y": ["a"]}, "is empty, and of all others; fill them. ", None),
        (
            {"X": [[1, None], [None, 2]], "y": ["a", "b"]},
            "fill the gap (missing='impute' beside X does so). The second",
            {"missing": "impute"},
        ),
        (
            {"X": {"u": [1, None], "v": [None, 2]}, "y": ["a", "b"]},
            "most frequent value (missing=impute). ",
            {"missing": "impute"},
        ),
        ({"X": [[1, 2]], "y": [None]}, "give one: no row says what to learn", None),
    ],
)
def test_a_gap_is_not_mended_by_leaving_all_rows_out(
    api: Api, kwargs: dict[str, Any], says: str, set_: dict[str, Any] | None
) -> None:
    problem = told(api, GOOD | {"kwargs": kwargs | {"k": 1}})
    assert says in problem["detail"]
    assert [one["set"] for one in problem.get("remedies", [])] == ([set_] if set_ else [])
    answer = api.register("knn", 1, **kwargs | {"k": 1} | (set_ or {}))
    one_class = "one class only" in answer.text and len(kwargs["y"]) == 1
    assert set_ is None or answer.status_code == 201 or one_class, answer.text


@pytest.mark.parametrize("row", [[1, None], [[1, None]], [["x", 1]]])
def test_the_only_row_is_not_to_be_left_out(api: Api, row: Any) -> None:
    assert api.register("knn", 1, X=X, y=Y, k=1).status_code == 201
    table = {"a": [1, 2, 3], "b": [1, 2, 4]}
    assert api.register("knn", 2, X=table, y=[0, 0, 1], k=1).status_code == 201
    cells = row if not isinstance(row[0], list) else row[0]
    for model_id, rows in ((1, row), (2, dict(zip("ab", cells, strict=True)))):
        ask = {"model_type": "knn", "model_id": model_id, "features": rows}
        assert "row out" not in told(api, ask, "/predict")["detail"]


def obeyed(api: Api, model_type: str, kwargs: dict[str, Any], remedy: dict[str, Any]) -> None:
    merged = {name: value for name, value in (kwargs | remedy).items() if value is not None}
    answer = api.register(model_type, 7, **merged)
    assert answer.status_code == 201, answer.text
    assert api.client.delete(f"/models/{model_type}/7").status_code == 204


NO_PENALTY: dict[str, Any] = {"alpha": None, "C": 1e10}
CHOICES = [
    (model_type, name)
    for model_type, cls in catalog().items()
    for name, one in cls.schema()["properties"].items()
    if name != "task" and ("'enum'" in str(one) or "'const'" in str(one))
]
BEGUN: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    (model_type, {name: text}, {name: one})
    for model_type, name, one in (
        ("knn", "weights", "distance"),
        ("knn", "weights", "uniform"),
        ("gmm", "covariance_type", "diag"),
        ("gmm", "covariance_type", "spherical"),
        ("gmm", "init_params", "random"),
        ("kmeans", "init", "k-means++"),
        ("svm", "loss", "squared_hinge"),
        ("svm", "class_weight", "balanced"),
        ("decision_tree", "criterion", "entropy"),
        ("decision_tree", "criterion", "log_loss"),
    )
    for text in (one[:4], f"{one}_value", "-".join(reversed(one.split("_"))))
    if text != one
]
"""Choices of which the begin was sent, or more than there is, or the words in another order."""


@pytest.mark.parametrize(
    ("model_type", "sent", "first"),
    [
        *((one, {name: "nonsense"}, {name: None}) for one, name in CHOICES),
        *((one, {name: {"0": 1}}, {name: None}) for one, name in CHOICES),
        *(
            (one, {"penalty": value}, {"penalty": None})
            for one in ("logistic_regression", "svm", "linear_regression")
            for value in ("l1", "l2", "elasticnet")
        ),
        ("logistic_regression", {"penalty": "none"}, {"penalty": None, "C": 1e10}),
        ("linear_regression", {"penalty": None}, {"penalty": None, "alpha": 0}),
        ("svm", {"penalty": "none", "lam": 0.1}, {"penalty": None, "lam": None, "C": 1e10}),
        (
            "logistic_regression",
            {"penalty": "l1", "alpha": 0.5},
            {"penalty": None, "alpha": None, "C": 2.0},
        ),
        *(
            ("logistic_regression", {"penalty": one, "alpha": zero}, {"penalty": None} | NO_PENALTY)
            for one in ("l2", "none", "l1")
            for zero in (0, "0")
        ),
        (
            "logistic_regression",
            {"penalty": "l2", "alpha": -1, "C": 0.5},
            {"penalty": None, "alpha": None},
        ),
        ("logistic_regression", {"alpha": 0}, NO_PENALTY),
        *(
            ("logistic_regression", {"alpha": one}, {"alpha": None})
            for one in ("l2", "L1", "auto", "none", True, [0.1, 1])
        ),
        ("logistic_regression", {"alpha": "10"}, {"alpha": None, "C": 0.1}),
        ("linear_regression", {"ALPHA": "ridge"}, {"ALPHA": None}),
        *(
            ("logistic_regression", {name: 0.5}, {name: None, "C": 2.0})
            for name in ("lambda", "Alpha", "ALPHA", "alphas", "reg_alpha", "weight_decay", "ridge")
        ),
        *(
            ("linear_regression", {name: 0.5}, {name: None, "alpha": 0.5})
            for name in (
                "Alpha",
                "alphas",
                "reg_alpha",
                "weight_decay",
                "reg_param",
                "lambda_param",
            )
        ),
        *(
            ("svm", {name: 0.5}, {name: None, "lam": 0.5})
            for name in ("alphas", "weight_decay", "lmbda")
        ),
        *(
            (one, {"lambda": 0}, {"lambda": None, "C": 1e10})
            for one in ("svm", "logistic_regression")
        ),
        *(
            (one, {name: value}, {name: None})
            for one in ("svm", "logistic_regression", "linear_regression")
            for name, value in (("l2", True), ("l1", True), ("l1", 0.1), ("lambda", True))
        ),
        ("perceptron", {"l2": True}, {"l2": None, "penalty": "l2"}),
        *(
            ("perceptron", {"penalty": one}, {"penalty": "l2", "alpha": 0.1})
            for one in (0.1, "0.1")
        ),
        ("decision_tree", {"criterion": -1}, {"criterion": None}),
        (
            "decision_tree",
            {"Criterion": "squared_error"},
            {"Criterion": None, "criterion": None},
        ),
        ("knn", {"n_neighbours": 100, "k": None}, {"n_neighbours": None, "n_neighbors": 1}),
        ("kmeans", {"clusters": 100, "k": None}, {"clusters": None, "n_clusters": 2}),
        *(
            ("decision_tree", {"criterion": one}, {"criterion": None})
            for one in ("mse", "mae", "friedman_mse", "absolute_error", "poisson")
        ),
        *(
            ("decision_tree", {"criterion": one, "task": "regression"}, {"criterion": right})
            for one, right in (("mse", "squared_error"), ("Gini", None), ("Entropy", None))
        ),
        *(
            ("gauss_naive_bayes", {"priors": one}, {"priors": [0.5, 0.5]})
            for one in (["0.5", "0.5"], ["50%", 0.5], [50, 50], [3.0, 3], "0.5,0.5", "[50 50]")
        ),
        ("multi_naive_bayes", {"class_prior": ["0.5", "2"]}, {"class_prior": [0.5, 2]}),
        ("multi_naive_bayes", {"alpha": ["1", "0.5"]}, {"alpha": [1, 0.5]}),
        *(
            ("knn", {"p": one}, {"p": p})
            for one, p in (("Euclidean", 2), ("l1", 1), ("cityblock", 1), ("cosine", None))
        ),
        ("logistic_regression", {"alphas": [0.1, 1]}, {"alphas": None}),
        ("logistic_regression", {"Cs": 0.5}, {"Cs": None, "C": 0.5}),
        ("linear_regression", {"C": 2}, {"C": None, "alpha": 0.5}),
        ("svm", {"alpha": 0.5}, {"alpha": None, "lam": 0.5}),
        ("svm", {"kernel": "rbf"}, {"kernel": None}),
        ("svm", {"probability": True}, {"probability": None}),
        ("perceptron", {"penalty": "elasticnet"}, {"penalty": "l2"}),
        ("perceptron", {"lam": 0.1}, {"lam": None, "alpha": 0.1, "penalty": "l2"}),
        ("knn", {"metric": "manhattan"}, {"metric": None, "p": 1}),
        ("knn", {"metric": "cosine"}, {"metric": None}),
        ("gmm", {"init_params": "random_from_data"}, {"init_params": "random"}),
        ("decision_tree", {"class_weight": "auto"}, {"class_weight": "balanced"}),
        ("pca", {"n_components": "mle"}, {"n_components": None}),
        *(
            ("knn", {"metrik": metric}, {"metrik": None} | p)
            for metric, p in (("euclidean", {"p": 2}), ("cityblock", {"p": 1}), ("x", {}))
        ),
        ("perceptron", {"learnrate": 0.1}, {"learnrate": None, "eta0": 0.1}),
        ("svm", {"penalti": "l1"}, {"penalti": None}),
        *(
            (one, {name: 1}, {name: None})
            for one in sorted(catalog())
            for name in ("ccp_alfa", "kernl", "vrebose", "n_job", "warm_strat")
        ),
        *BEGUN,
        ("gauss_naive_bayes", {"priors": [0.5, -0.1]}, {"priors": None}),
        ("gauss_naive_bayes", {"priors": ["a", 0.5]}, {"priors": None}),
        ("multi_naive_bayes", {"class_prior": [0.5, 0]}, {"class_prior": None}),
    ],
)
def test_what_others_set_has_a_remedy(
    api: Api, model_type: str, sent: dict[str, Any], first: dict[str, Any]
) -> None:
    kwargs: dict[str, Any] = {"X": X}
    kwargs |= {"y": Y} if catalog()[model_type].supervised() else {}
    needed = {"knn": {"k": 1}, "kmeans": {"k": 2}}.get(model_type, {})
    kwargs |= needed | sent
    body = {"model_type": model_type, "model_id": 7, "kwargs": kwargs}
    remedies = told(api, body)["remedies"]
    assert remedies[0]["set"] == first
    for remedy in remedies:
        obeyed(api, model_type, kwargs, remedy["set"])


@pytest.mark.parametrize("how", ["matrix", "csv"])
@pytest.mark.parametrize("model_type", ["logistic_regression", "linear_regression", "svm"])
def test_a_step_that_is_to_be_written_is_one_that_does_not_diverge(
    api: Api, model_type: str, how: str
) -> None:
    lines = "".join(f"{a},{b},{c}\n" for (a, b), c in zip(X, Y, strict=True))

    def register(model_id: int, rate: Any) -> Any:
        if how == "matrix":
            return api.register(model_type, model_id, X=X, y=Y, learning_rate=rate)
        query = {"model_type": model_type, "model_id": model_id, "target": "t"}
        query |= {"kinds": "t:number"} if model_type == "linear_regression" else {}
        return api.client.post(
            "/register",
            query_string=query | {"learning_rate": rate},
            data=f"a,b,t\n{lines}",
            content_type="text/csv",
        )

    for model_id, (sent, short) in enumerate((("0.001", True), ("10", False), ([10], False))):
        problem = register(model_id, sent if how == "matrix" else json.dumps(sent)).json
        (remedy,) = problem["remedies"]
        assert (remedy["set"] == {"learning_rate": 0.001}) == short
        assert f"write {remedy['set']['learning_rate']}" in problem["detail"]
        assert ("gradient descent diverged at 10" in problem["detail"]) != short
        assert register(model_id, remedy["set"]["learning_rate"]).status_code == 201
    (remedy,) = api.register(model_type, 9, X=X, y=Y, step_size=10).json["remedies"]  # type: ignore[index]
    assert remedy["set"].pop("step_size") is None
    assert api.register(model_type, 9, X=X, y=Y, **remedy["set"]).status_code == 201


@pytest.mark.parametrize("model_type", ["logistic_regression", "linear_regression", "svm"])
@pytest.mark.parametrize(
    ("name", "step"), [("learning_rat", 0.3), ("step_size", 0.3), ("learning_rate", "0.3")]
)
def test_a_step_that_needs_columns_of_one_scale_is_to_be_written_beside_that(
    api: Api, model_type: str, name: str, step: Any
) -> None:
    kwargs = {"X": [[1000.0 * i, 0.001 * (i % 3 + 1)] for i in range(1, 9)], "y": [0, 1] * 4}
    problem = api.register(model_type, 1, **kwargs, **{name: step}).json
    assert problem is not None
    says = '; write "learning_rate": 0.3 and "standardize": true, or leave it out: gradient descent'
    assert says in problem["detail"]
    left_out, scaled = (one["set"] for one in problem["remedies"])
    assert scaled == {name: None, "learning_rate": 0.3, "standardize": True}
    for one in (left_out, scaled):
        obeyed(api, model_type, kwargs | {name: step}, one)


@pytest.mark.parametrize(
    "sent", ["1.0", "01", " 1", "1e0", "+1", "0x1", '"1"', "'1'", "\ufeff1", 1.0, [1]]
)
@pytest.mark.parametrize("route", ["/predict", "/evaluate"])
def test_an_id_that_is_surely_a_number(api: Api, route: str, sent: Any) -> None:
    assert api.register("knn", 1, X=X, y=Y, k=1).status_code == 201
    ask = {"model_type": "knn", "features": X} | ({"y": Y} if route == "/evaluate" else {})
    problem = told(api, ask | {"model_id": sent}, route)
    assert "; write 1" in problem["detail"]
    assert problem["remedies"] == [{"words": "model_id is 1", "set": {"model_id": 1}}]
    assert api.client.post(route, json=ask | problem["remedies"][0]["set"]).status_code == 200
    if isinstance(sent, str):
        query = f"{route}?model_type=knn&model_id={quote(sent)}"
        answer = api.raw(query, b"0,1\n", Content_Type="text/csv").json
        assert "; write 1" in answer["detail"]  # type: ignore[index]
        assert answer["remedies"] == problem["remedies"]  # type: ignore[index]


@pytest.mark.parametrize("sent", ["a", "", -1, 1.5, True, {"id": 1}])
def test_an_id_that_is_no_number_is_said_to_be_listed(api: Api, sent: Any) -> None:
    key = {"model_type": "knn", "model_id": sent}
    for route, body in (("/register", key | {"kwargs": {}}), ("/predict", key | {"features": X})):
        problem = told(api, body, route)
        assert "write a whole number from 0, such as 1" in problem["detail"]
        assert ("/list" in problem["detail"]) == (route == "/predict")
        if not isinstance(sent, dict):
            query = f"{route}?model_type=knn&model_id={sent}"
            answer = api.raw(query, b"0,1\n", Content_Type="text/csv").json
            assert "; write one, such as 1" in answer["detail"]  # type: ignore[index]
    if isinstance(sent, str) and sent:
        answer = api.client.get(f"/models/knn/{sent}").json
        assert "Write one, such as 1, instead of" in answer["detail"]  # type: ignore[index]


def test_remedies_are_a_merge_patch_of_kwargs(api: Api) -> None:
    for kwargs in (
        {"n_neighbours": 2},
        {"k": 9},
        {"k": 1, "n_neighbors": 2},
        {"weights": "Distance"},
    ):
        ask = with_kwargs(**({"k": 1} if "weights" in kwargs else {}), **kwargs)
        patch = told(api, ask)["remedies"][0]["set"]
        mended = {n: v for n, v in {**ask["kwargs"], **patch}.items() if v is not None}
        assert (
            api.raw("/register", json.dumps(ask | {"kwargs": mended}).encode()).status_code == 201
        )
        api.client.delete("/models/knn/1")


def test_a_diverging_alpha_is_told_to_be_the_step(api: Api) -> None:
    answer = api.register(
        "logistic_regression", 1, X=[[1e6, 2.0]] * 3 + X, y=[0, 1] * 3 + [1], alpha=1e6
    )
    problem = answer.json
    assert problem is not None
    assert problem["errors"][0]["loc"] == ["kwargs", "alpha"]
    step, penalty = (remedy["set"] for remedy in problem["remedies"])
    assert step == {"alpha": None, "learning_rate": step["learning_rate"]}
    assert penalty == {"alpha": None, "C": 1e-6}
    hint, _, said = problem["errors"][0]["msg"].partition(". As a step: gradient descent diverged")
    assert 'for a penalty leave alpha out and write "C": 1e-06' in hint
    assert said
    lines = "".join(f"{a},{b},{c}\n" for (a, b), c in zip(X, Y, strict=True))
    ask = "/register?model_type=logistic_regression&model_id=1&target=t&alpha=1e6"
    for query, says in (
        (ask, "leave alpha out and write C=1e-06, its inverse. As a step"),
        (f"{ask}&C=0.5", "leave alpha out: C says how strong it is. As a step"),
    ):
        problem = api.raw(query, f"a,b,t\n{lines}".encode(), Content_Type="text/csv").json
        assert says in problem["detail"]  # type: ignore[index]


def test_a_queued_training_speaks_as_it_was_asked(api: Api) -> None:
    ask = {"model_type": "multi_naive_bayes", "model_id": 1}
    kwargs = {"X": [[1, 0], [0, 0]], "y": [0, 1], "alpha": 0, "feature_names": ["upon", "which"]}
    answer = api.client.post(
        "/register", json=ask | {"kwargs": kwargs}, headers={"Prefer": "respond-async"}
    )
    assert answer.status_code == 202
    until(lambda: b'"failed"' in api.client.get("/models/multi_naive_bayes/1").data)
    assert "(column 'which')" in api.client.get("/models/multi_naive_bayes/1").text


@pytest.mark.parametrize("size", [1e-308, 1e308])
def test_numbers_beyond_float64_are_told_how_large_they_were(api: Api, size: float) -> None:
    refused = 0
    for name, cls in catalog().items():
        rows = [[size * a, size * b] for a, b in ((0.3, 1.0), (1.0, 0.4), (0.9, 0.8), (0.1, 0.2))]
        kwargs: dict[str, Any] = {"X": rows} | ({"y": Y} if cls.supervised() else {})
        kwargs |= {"n_clusters": 2} if name == "kmeans" else {}
        answer = api.register(name, 1, **kwargs)
        if answer.status_code != 201:
            refused += 1
            assert answer.json is not None
            judge_problem(answer.json)
            assert "so large" not in answer.text or size > 1, answer.text
    assert refused < len(catalog())


@pytest.mark.parametrize("named", [False, True])
@pytest.mark.parametrize("other", [2.0, -1e308])
@pytest.mark.parametrize("k", [1, 2])
def test_the_number_that_is_too_large_is_told_and_none_that_it_was_compared_with(
    api: Api, k: int, other: float, named: bool
) -> None:
    """In the folds, too, where it is held out alone or compared with."""
    table = {"a": [1, 2, 3, 4, 5], "b": [1, 2, 1e308, other, 5]}
    X = table if named else [list(row) for row in zip(*table.values(), strict=True)]
    answer = api.register("knn", 1, X=X, y=[1, 0, 1, 0, 1], k=k, cv=2)
    assert answer.json is not None
    place = ["kwargs", "X", *(["b", 2] if named else [2, 1])]
    (fault,) = answer.json["errors"]
    assert fault["loc"] == place
    mend = "divide the column by 1e+308" if other < 0 else "; mend it, or leave its row out of X"
    assert mend in fault["msg"]
    answer = api.register("knn", 1, X=X, y=[1, 0, 1, 0, 1], k=k, cv=2, standardize=True)
    (fault,) = answer.json["errors"]  # type: ignore[index]
    assert fault["loc"] == place
    assert fault["msg"].startswith("the number 1e+308 is too large to compute with, beside the")
    assert fault["msg"].endswith("; leave its row out of X and y")


@pytest.mark.parametrize(
    ("model_type", "kwargs", "says"),
    [
        *(
            ("kmeans", {one: 25}, f"is a cluster of its own, .*; give {one} 5")
            for one in ("k", "n_clusters")
        ),
        ("gmm", {"n_components": 25}, "is a component of its own, .*; give n_components 5"),
        *(
            ("knn", {one: 25, "y": y}, f"All 25 rows count for every answer, .*; give {one} 5")
            for one in ("k", "n_neighbors")
            for y in ([0, 1, 1, 0, 1] * 5, [0.5, 1, 2, 3, 4] * 5)
        ),
    ],
)
def test_as_many_as_there_are_rows_is_advised_of(
    api: Api, model_type: str, kwargs: dict[str, Any], says: str
) -> None:
    rows = [[float(i % 5), i / 7] for i in range(25)]
    table = {"a": [row[0] for row in rows], "b": [row[1] for row in rows]}
    for model_id, X in enumerate((rows, table)):
        given = {"X": X, **kwargs}
        advice = api.register(model_type, model_id, **given).json["advice"]  # type: ignore[index]
        (found,) = (one for one in advice if re.search(says, one["words"]))
        told = api.register(model_type, 9 + model_id, **given | found["set"]).json
        assert not any(re.search("of its own|every answer", one["words"]) for one in told["advice"])  # type: ignore[index]
    answer = api.register("knn", 20, X=rows, y=[0, 1, 1, 0, 1] * 5, k=25, weights="distance")
    assert "every answer" not in answer.text


TINY = [[1e-308, 2.0], [2e-308, 2.0], [3e-308, 2.0], [9e-308, 2.0]]
SCALED = {"standardize": True}
HUGE = [[1e308, 1e308], [-1e308, -1e308]] * 2


@pytest.mark.parametrize(
    ("model_type", "kwargs", "says", "remedy"),
    [
        ("gauss_naive_bayes", {"X": TINY, "y": Y}, "column 1 is the same in every row of", None),
        ("gauss_naive_bayes", {"X": [[1]] * 4, "y": Y}, "no column varies enough", None),
        (
            "gauss_naive_bayes",
            {"X": [[1], [1], [2], [2]], "y": Y, "var_smoothing": 0},
            "column 0 is the same in every row of a class, and var_smoothing is 0; give a larger",
            {"var_smoothing": 1e-9},
        ),
        *(
            ("gauss_naive_bayes", {"X": [[i * size] for i in (1, 2, 3, 9)], "y": Y}, said, SCALED)
            for size, said in (
                (1e-308, "1e-308 to 9e-308, too small to compute with; multiply its columns by"),
                (5e-324, "4.94e-324 to 4.45e-323, too small"),
            )
        ),
        ("perceptron", {"X": [[i * 5e-324] for i in (1, 2, 3, 9)], "y": Y}, "too small", SCALED),
        (
            "linear_regression",
            {"X": [[5e-324, 1], *[[0, 2]] * 7], "y": Y * 2} | SCALED,
            "multiply the column by 1e+308, or leave it out. Mend",
            None,
        ),
        *(
            (
                "linear_regression",
                {"X": [[i * size, i * i * beside] for i in (1, 2, 3, 9)], "y": Y},
                "too small to compute with, beside the rest of X; multiply the column by 1e+308",
                SCALED,
            )
            for size, beside in ((1e-310, 1), (5e-324, 1e-3), (5e-324, 1e200))
        ),
        (
            "pca",
            {"X": HUGE},
            "divide the column by 1e+308, or set standardize to true",
            SCALED,
        ),
        ("pca", {"X": TINY}, "rows differ by 8e-308 at most, too little to compute with", None),
        ("pca", {"X": [[1, 2]] * 3}, "all rows are equal", None),
        (
            "gmm",
            {"X": HUGE},
            "X.0.0: the number 1e+308 is too large to compute with, beside",
            SCALED,
        ),
        (
            "gmm",
            {"X": [[1, 1], [2, 2], [3, 3]], "reg_covar": 0},
            "give a larger reg_covar, such as 1e-06",
            {"reg_covar": 1e-6},
        ),
    ],
)
def test_what_a_model_advises_would_help(
    api: Api, model_type: str, kwargs: dict[str, Any], says: str, remedy: dict[str, Any] | None
) -> None:
    problem = told(api, {"model_type": model_type, "model_id": 1, "kwargs": kwargs})
    assert says in problem["detail"]
    assert [one["set"] for one in problem.get("remedies", [])] == ([remedy] if remedy else [])
    if remedy:
        assert api.register(model_type, 1, **kwargs | remedy).status_code == 201


@pytest.mark.parametrize("model_type", ["logistic_regression", "linear_regression", "svm"])
@pytest.mark.parametrize("step", [0.3, 10.0, 1e4, 1e10])
def test_a_step_that_is_too_long_has_mends_that_do(api: Api, model_type: str, step: float) -> None:
    rows = [[1000.0 * i, 0.001 * (i % 3 + 1)] for i in range(1, 9)]
    asked: dict[str, Any] = {"X": rows, "y": [0.5, 1, 1.5, 2, 3, 3, 4, 4]}
    if model_type != "linear_regression":
        asked["y"] = [0, 0, 1, 0, 1, 1, 0, 1]
    problem = api.register(model_type, 1, **asked, learning_rate=step).json
    sets = [remedy["set"] for remedy in problem["remedies"]]  # type: ignore[index]
    assert (SCALED in sets) == (step == 0.3)
    for model_id, set_ in enumerate(sets):
        kwargs = {**asked, "learning_rate": step, **set_}
        assert api.register(model_type, model_id, **kwargs).status_code == 201


@pytest.mark.parametrize("size", [1e-320, 1e-308, 1e-200, 1e-150, 1e-100, 1e-3, 1.0, 1e3])
@pytest.mark.parametrize("model_type", sorted(catalog()))
def test_columns_too_narrow_to_learn_from_are_to_be_standardized(
    api: Api, model_type: str, size: float
) -> None:
    cls = catalog()[model_type]
    X = [[1 + i % 5, 1 + i % 7, 1 + i % 2] for i in range(30)]
    rows = [[size * one for one in row] for row in X]
    asked: dict[str, Any] = {"y": [a > b for a, b, _ in X]} if cls.supervised() else {}
    asked |= {"y": [a - b for a, b, _ in X]} if cls.tasks == ("regression",) else {}
    given: list[dict[str, Any]] = [{}, {"learning_rate": 0.01}, {"alpha": 0.5}, {"lam": 0.01}]
    for model_id, one in enumerate(one for one in given if {*one} <= {*cls.names()}):
        kwargs = asked | one
        answer = api.register(model_type, model_id, X=rows, **kwargs)
        assert answer.json is not None
        if answer.status_code == 422:
            assert size < 1e-307 or "diverged" in answer.text
            assert SCALED in [remedy["set"] for remedy in answer.json["remedies"]]
            continue
        advice = [a for a in answer.json["advice"] if "from its middle" in a["words"]]
        assert not advice or size < 1e-3
        mended: dict[str, Any] = {"X": X} if cls.counting else {"X": rows} | SCALED
        better = api.register(model_type, 100 + model_id, **kwargs | mended).json["training"]  # type: ignore[index]
        score = answer.json["training"]["score"]
        lost = score < (1e-307 if model_type == "kmeans" else better["score"] - 0.1)
        if size < 1e-3 and (lost or model_type == "gmm"):
            assert [a["set"] for a in advice] == [None if cls.counting else SCALED]
            judge(advice[0]["words"])


@pytest.mark.parametrize("model_type", sorted(catalog()))
@pytest.mark.parametrize(
    "how",
    [
        {},
        {"feature_names": ["w", "h"], "missing": "impute"},
        {"feature_names": ["w", "h"], "standardize": True},
    ],
)
@pytest.mark.parametrize("size", [1.0, 1e-300])
def test_a_number_too_large_to_predict_for_is_named(
    api: Api, model_type: str, how: dict[str, Any], size: float
) -> None:
    cls = catalog()[model_type]
    needed = {"knn": {"k": 1}, "kmeans": {"n_clusters": 2}}.get(model_type, {}) | how
    if cls.counting:
        needed.pop("standardize", None)
    rows = [[a * size, b * size] for a, b in X]
    kwargs = {"X": rows} | ({"y": Y} if cls.supervised() else {}) | needed
    status = api.register(model_type, 1, **kwargs).status_code
    if size < 1.0 and status == 422:
        return  # too small to train on, which is told elsewhere
    assert status == 201
    answer = api.predict(model_type, 1, [rows[0], [size, -1.7e308]])
    if answer.status_code != 200 and not cls.counting:
        assert answer.json is not None
        judge_problem(answer.json)
        (fault,) = answer.json["errors"]
        assert fault["loc"] == ["features", 1, 1]
        assert fault["msg"].startswith("the number -1.7e+308 ")
        assert (" is too large to " in fault["msg"]) or (" is so far from what " in fault["msg"])
        assert ("(column 'h')" in fault["msg"]) == bool(how)
        assert "leave its row out, or train on rows that have such numbers" in fault["msg"]


@pytest.mark.parametrize(
    ("model_type", "name", "value"),
    [
        *(("gauss_naive_bayes", "priors", [0.5, one]) for one in (None, -0.1, "a")),
        *(("multi_naive_bayes", "class_prior", [0.5, one]) for one in (0, -0.1, "a")),
        ("multi_naive_bayes", "class_prior", [None, 0.5]),
        ("multi_naive_bayes", "alpha", [1, None]),
    ],
)
def test_what_is_no_number_in_a_list_is_not_to_be_left_out_of_it(
    api: Api, model_type: str, name: str, value: list[Any]
) -> None:
    kwargs = {"X": X, "y": Y, name: value}
    problem = told(api, {"model_type": model_type, "model_id": 1, "kwargs": kwargs})
    of_all = ", so that all sum to 1" if name == "priors" else ""
    assert f"; write one{of_all}, or leave {name} out" in problem["detail"]
    del kwargs[name]
    assert api.register(model_type, 1, **kwargs).status_code == 201


@pytest.mark.parametrize("gap", ["NaN", "null"])
@pytest.mark.parametrize(
    ("X", "left"),
    [
        ('[[1, 2], [2, 1], [8, 9]], "y": ["u", "v", GAP]', '[[1, 2], [2, 1]], "y": ["u", "v"]'),
        ('[{"a": 1}, {"a": 2}, {"a": 3}], "y": [0, 1, GAP]', '[{"a": 1}, {"a": 2}], "y": [0, 1]'),
        (
            '[{"a": 1, "t": 0}, {"a": 2, "t": 1}, {"a": 3, "t": GAP}], "target": "t"',
            '[{"a": 1, "t": 0}, {"a": 2, "t": 1}], "target": "t"',
        ),
        (
            '{"a": [1, 2, 3], "t": [true, false, GAP]}, "target": "t"',
            '{"a": [1, 2], "t": [true, false]}, "target": "t"',
        ),
    ],
)
def test_a_gap_in_what_to_learn_costs_its_row(api: Api, X: str, left: str, gap: str) -> None:
    def body(model_id: int, kwargs: str) -> bytes:
        kwargs = f'"k": 1, "X": {kwargs}'
        return f'{{"model_type": "knn", "model_id": {model_id}, "kwargs": {{{kwargs}}}}}'.encode()

    problem = told(api, body(1, X.replace("GAP", gap)))
    assert "impute" not in problem["detail"]
    if gap == "null":
        assert [one["set"] for one in problem["remedies"]] == [{"missing": "drop"}]
    else:
        apart = " of X and y" if '"y"' in X else " of X"
        assert (
            f'; leave this row out{apart}, or write null and "missing": "drop"' in problem["detail"]
        )
    dropped = X.replace("GAP", "null") + ', "missing": "drop"'
    assert api.raw("/register", body(1, dropped)).status_code == 201
    assert api.raw("/register", body(2, left)).status_code == 201


@pytest.mark.parametrize("gap", ["NaN", "null"])
@pytest.mark.parametrize("table", [False, True])
def test_a_gap_in_what_is_true_costs_its_row(api: Api, gap: str, table: bool) -> None:
    options = {"missing": "impute", "feature_names": ["a", "b"]} if table else {}
    assert api.register("knn", 1, X=X, y=Y, k=1, **options).status_code == 201
    such = '{"model_type": "knn", "model_id": 1, "features": [[0, 1], [8, 9]], "y": [0, GAP]}'
    problem = told(api, such.replace("GAP", gap).encode(), "/evaluate")
    assert "or leave the row out of features and y" in problem["detail"]
    left = such.replace(", [8, 9]", "").replace(", GAP", "")
    assert api.raw("/evaluate", left.encode()).status_code == 200
    assert api.raw("/evaluate", such.replace("GAP", "1").encode()).status_code == 200


def test_a_gap_in_the_target_of_rows_costs_its_row(api: Api) -> None:
    rows = [{"a": a, "t": t} for (a, _), t in zip(X, Y, strict=True)]
    assert api.register("knn", 1, X=rows, target="t", k=1).status_code == 201
    for features in ([{"a": 1, "t": None}], {"a": [1], "t": [None]}):
        ask = {"model_type": "knn", "model_id": 1, "features": features}
        assert "; give one, or leave the row out. Mend" in told(api, ask, "/evaluate")["detail"]


OUTLIER: list[tuple[float, float]] = [(1, 2), (2, 1), (3, 1e200), (4, 2), (5, 2), (6, 1.5)]
SIGNS = [1.7e308, 8.5e307, -1.7e308] * 2


@pytest.mark.parametrize(
    ("model_type", "size"),
    [
        *((one, size) for one in ("pca", "gmm") for size in (1e200, 1e308)),
        *(("knn", size) for size in (1e170, 1e308)),
        ("pca", 1e155),
    ],
)
@pytest.mark.parametrize("names", [["0", "1"], ["a", "b"]])
def test_all_columns_that_are_too_large_are_named_at_once(
    api: Api, model_type: str, size: float, names: list[str]
) -> None:
    ids = iter(range(4))

    def register(rows: Any) -> Any:
        kwargs: dict[str, Any] = {"feature_names": names, "n_components": 2}
        if model_type == "knn":
            kwargs = {
                "feature_names": names,
                "y": [0.5, 1.5, 2.5, 3.5][-len(rows) :],
                "k": 1,
                "cv": 2,
            }
        return api.register(model_type, next(ids), X=rows.tolist(), **kwargs)

    rows = np.array([[1.0, 0.2], [0.2, 0.9], [0.3, 0.5], [0.1, 0.4]]) * size
    problem = register(rows).json
    if model_type != "knn":  # which compares such rows
        assert [fault["loc"][1:] for fault in problem["errors"]] == [["X", 0, 0], ["X", 1, 1]]
        factors = [float(re.findall(r"by (\S+),", one["msg"])[0]) for one in problem["errors"]]
        assert "its row out" not in problem["detail"]
        assert register(rows / factors).status_code == 201
    rows = np.array([[size, size], [1.0, 2.0], [3.0, 5.0], [2.0, 9.0]])
    problem = register(rows).json
    assert problem["detail"].count("leave its row out") == len(problem["errors"]) == 2
    assert register(rows[1:]).status_code == 201


@pytest.mark.parametrize("model_type", sorted(catalog()))
def test_what_cannot_be_trained_on_is_named_in_x_or_in_y(api: Api, model_type: str) -> None:
    cls = catalog()[model_type]
    needed = {"knn": {"k": 1}, "kmeans": {"n_clusters": 2}}.get(model_type, {})
    plain = [[i, 1 + i % 2] for i in range(6)]
    asked: list[dict[str, Any]] = [{"X": OUTLIER, "feature_names": ["w", "h"]}]
    asked[0] |= {"y": Y + Y[1:3]} if cls.supervised() else {}
    if "regression" in cls.tasks:
        task = {"task": "regression"} if len(cls.tasks) > 1 else {}
        asked += [{"X": plain, "y": SIGNS, **task}, {"X": plain, "y": SIGNS, "cv": 3, **task}]
        needed = {"k": 3} if model_type == "knn" else {}
    for model_id, kwargs in enumerate(asked):
        answer = api.register(model_type, model_id, **needed | kwargs)
        if answer.status_code == 201:
            continue
        assert answer.json is not None
        judge_problem(answer.json)
        (fault,) = answer.json["errors"]
        large = kwargs.get("y") == SIGNS
        assert fault["loc"][1] == ("y" if large else "X")
        assert "model was trained" not in fault["msg"]
        if large:
            mended: dict[str, Any] = {"y": [one / 1e308 for one in SIGNS]}
            assert "number 1.7e+308" in fault["msg"]
            assert "divide y by 1e+308" in fault["msg"]
        else:
            mended = {"X": [[a, b / 1e200] for a, b in OUTLIER]}
            assert "(column 'h')" in fault["msg"]
            if model_type in ("knn", "gmm"):
                assert fault["loc"] == ["kwargs", "X", 2, 1]
                assert "beside the rest of X" in fault["msg"]
                assert "divide the column by 1e+200" in fault["msg"]
        assert api.register(model_type, model_id, **needed | kwargs | mended).status_code == 201


CLASSIFYING = sorted(name for name, cls in catalog().items() if "classification" in cls.tasks)


@pytest.mark.parametrize("model_type", CLASSIFYING)
@pytest.mark.parametrize("y", [[1e308, -1e308] * 2, [1.7e308, 1.5e308] * 2, [0, 1, 1e19, 1]])
def test_a_number_too_large_for_a_label_may_be_an_amount(
    api: Api, model_type: str, y: list[float]
) -> None:
    needed = {"k": 4} if model_type == "knn" else {}
    kwargs = {"X": X, "y": y} | needed
    problem = told(api, {"model_type": model_type, "model_id": 1, "kwargs": kwargs})
    wrong = [i for i, one in enumerate(y) if abs(one) > 2**63]
    assert [fault["loc"] for fault in problem["errors"]] == [["kwargs", "y", i] for i in wrong]
    assert f"the number {y[wrong[0]]:g} is too large for a label" in problem["detail"]
    obeyed_as_amounts_or_names(api, problem | {"model_type": model_type}, kwargs)


def obeyed_as_amounts_or_names(api: Api, problem: dict[str, Any], kwargs: dict[str, Any]) -> None:
    """Of a y that holds no labels: it is learned as numbers, and all of it as text."""
    model_type = problem["model_type"]
    if remedies := problem.get("remedies", []):
        assert "set task to regression" in problem["detail"]
        assert api.register(model_type, 1, **kwargs | remedies[0]["set"]).status_code == 201
    else:
        assert "regression" not in catalog()[model_type].tasks
        assert "learn numbers with linear_regression" in problem["detail"]
        amounts = {"X": kwargs["X"], "y": kwargs["y"]}
        assert api.register("linear_regression", 1, **amounts).status_code == 201
    assert "if names of classes, write all of y as text" in problem["errors"][0]["msg"]
    text = kwargs | {"y": [str(one) for one in kwargs["y"]]}
    assert api.register(model_type, 2, **text).status_code == 201


@pytest.mark.parametrize("model_type", CLASSIFYING)
@pytest.mark.parametrize(
    ("y", "says"),
    [
        ([1e-308, 2e-308, 0.0, 1e-308], None),
        ([0.1, 0.4, 0.1, 0.4], None),
        ([0.5, 1e300, 0.5, 1.0], None),
        ([0.1, 1.4, 0.1, 1.0], "round it, or"),
        ([1e-308] * 4, "y holds one class only, the number 1e-308; give rows of at least two"),
    ],
)
def test_labels_are_to_be_rounded_where_classes_come_of_it(
    api: Api, model_type: str, y: list[float], says: str | None
) -> None:
    needed = {"knn": {"k": 1}}.get(model_type, {}) | (
        {"task": "classification"} if "regression" in catalog()[model_type].tasks else {}
    )
    kwargs = {"X": X, "y": y} | needed
    problem = told(api, {"model_type": model_type, "model_id": 1, "kwargs": kwargs})
    assert ("round it" in problem["detail"]) == (says == "round it, or")
    if says is None:
        obeyed_as_amounts_or_names(api, problem | {"model_type": model_type}, kwargs)
        return
    assert says in problem["errors"][0]["msg"]
    if says == "round it, or":
        rounded = kwargs | {"y": [round(one) for one in y]}
        assert api.register(model_type, 1, **rounded).status_code == 201


@pytest.mark.parametrize("model_type", CLASSIFYING)
@pytest.mark.parametrize("odd", [1e308, 0.5])
def test_a_number_that_no_label_is_has_its_place(api: Api, model_type: str, odd: float) -> None:
    needed = {"k": 1} if model_type == "knn" else {}
    assert api.register(model_type, 1, X=X, y=Y, **needed).status_code == 201
    ask: dict[str, Any] = {"model_type": model_type, "model_id": 1, "features": X}
    problem = told(api, ask | {"y": [0, odd, 1, odd]}, "/evaluate")
    assert [fault["loc"] for fault in problem["errors"]] == [["y", 1], ["y", 3]]
    assert f"the whole numbers 0, 1, and this is the number {odd:g}; write" in problem["detail"]
    assert api.client.post("/evaluate", json=ask | {"y": [0, 0, 1, 1]}).status_code == 200


def test_an_answer_too_large_is_told_of_y(api: Api) -> None:
    X = [[i] for i in range(1, 9)]
    steep = [1e307 * i for i in range(1, 9)]
    assert api.register("linear_regression", 1, X=X, y=steep).status_code == 201
    problem = told(
        api,
        {"model_type": "linear_regression", "model_id": 1, "features": [[1], [2], [-100]]},
        "/predict",
    )
    (fault,) = problem["errors"]
    assert fault["loc"] == ["features", 2]
    assert "the prediction for this row overflows float64" in fault["msg"]
    assert "divide y by 1e+307 and train anew" in fault["msg"]


@pytest.mark.parametrize("model_type", sorted(catalog()))
@pytest.mark.parametrize(
    "ends",
    [
        [[1.7e308, 1], [-1.7e308, 2], [-1.7e308, 3], [1e307, 4]],
        [[-1e308, 1e308], [1e308, -1e308], [3, 4], [4, 3]],
    ],
)
def test_numbers_at_both_ends_of_float64_are_standardized(
    api: Api, model_type: str, ends: list[list[float]]
) -> None:
    cls = catalog()[model_type]
    kwargs: dict[str, Any] = {"feature_names": ["a", "b"], "standardize": True}
    kwargs |= {"y": Y} if cls.supervised() else {}
    kwargs |= {"knn": {"k": 3}, "kmeans": {"n_clusters": 2}}.get(model_type, {})
    answers = []
    for model_id, size in enumerate((1.0, 2.0**-600)):
        X = [[a * size, b] for a, b in ends]
        answer = api.register(model_type, model_id, X=X, **kwargs)
        if cls.counting:
            assert answer.json["errors"][0]["loc"] == ["kwargs", "standardize"]  # type: ignore[index]
            return
        assert answer.status_code == 201, answer.text
        answers.append(api.predict(model_type, model_id, X).json["predictions"])  # type: ignore[index]
    assert np.array(answers[0]) == pytest.approx(np.array(answers[1]))


def test_a_scale_beyond_words_is_told_in_few(api: Api) -> None:
    advice = api.register("svm", 1, X=[[1e308, 2], [-1e308, 1]] * 2, y=[0, 1] * 2).json["advice"]  # type: ignore[index]
    assert advice[0]["words"].startswith("column 0 spreads 1e+308 times as far as column 1,")


# ------------------------------------------------------------------- paths, queries, mounts


@pytest.mark.parametrize(
    "model_id", ["%D9%A1", "000101", "01", "1_0", "+1", "-1", "1.0", "9" * 3900]
)
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_an_id_in_a_path_has_one_spelling(api: Api, method: str, model_id: str) -> None:
    for there in (1, 10, 101):
        assert api.register("knn", there, X=X, y=Y, k=1).status_code == 201
    answer = api.client.open(f"/models/knn/{model_id}", method=method)
    assert answer.status_code == 404
    assert len(answer.data) < 1200
    if model_id in ("01", "1.0", "+1"):
        assert "Write 1 instead of" in answer.json["detail"]  # type: ignore[index]
    assert api.client.post("/list", json={"model_type": "knn"}).json["model_ids"] == [1, 10, 101]  # type: ignore[index]


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("limit=1_0", "not the text '1_0'"),
        ("limit=05", "not the text '05'"),
        ("limit=%D9%A3", "a whole number from 1 to 1000 is needed"),
        ("limit=5&limit=6", "2 values are given; give one"),
        ("limit=5,after=knn/1", "write & between them, limit=5&after=knn/1"),
        ("after=%00/1", "take the value of 'next'"),
        ("after=knn/01", "take the value of 'next'"),
        ("after=" + "9" * 3900, "take the value of 'next'"),
        ("fields=training,nix", "there is no 'nix'; known are: task, "),
        ("page=2", "there is no 'page'; known are: model_type, limit, after, fields"),
    ],
)
def test_a_query_has_one_spelling(api: Api, query: str, says: str) -> None:
    answer = api.client.get(f"/models?{query}")
    assert answer.status_code == 422
    assert answer.json is not None
    judge_problem(answer.json)
    assert says in answer.json["errors"][0]["msg"]
    assert answer.json["errors"][0]["loc"] == ["query", query.partition("=")[0]]


def test_location_knows_where_the_application_is_mounted(app: Flask) -> None:
    mounted = Client(DispatcherMiddleware(Flask("other"), {"/fit": app}))
    answer = mounted.post("/fit/register", json=with_kwargs(k=1))
    assert answer.headers["Location"] == "/fit/models/knn/1"
    assert mounted.get(answer.headers["Location"]).status_code == 200


@pytest.mark.parametrize(
    "path", ["//models", "///models", "//evil.example/models", "/models//knn", "/models/"]
)
def test_nothing_is_redirected_to_where_host_says(api: Api, path: str) -> None:
    environ = {"PATH_INFO": path, "HTTP_HOST": "evil.example"}
    answer = api.client.open(environ_overrides=environ)
    assert answer.status_code in (200, 404)
    assert "Location" not in answer.headers


# ------------------------------------------------------------------------- comparing models


def test_models_are_compared_in_one_call(api: Api) -> None:
    api.register("knn", 1, X=X, y=Y, k=1)
    api.register("pca", 1, X=X)
    models = api.client.get("/models?fields=training,hyperparameters,classes").json["models"]  # type: ignore[index]
    for model in models:
        whole = api.client.get(f"/models/{model['model_type']}/1").json
        assert whole is not None
        assert model["training"] == whole["training"]
        assert model["hyperparameters"] == whole["hyperparameters"]
        assert model["classes"] == whole.get("classes")
        assert "feature_names" not in model


# --------------------------------------------------------------------- settings, the command


@pytest.mark.parametrize("setting", [*Settings.model_fields, *Server.model_fields])
def test_a_setting_is_told_what_it_was(monkeypatch: pytest.MonkeyPatch, setting: str) -> None:
    ours = setting in Settings.model_fields
    name = f"FITSERVE_{setting.upper()}" if ours else setting.upper()
    for value in ("[1]", "-7", "x", ""):
        monkeypatch.setenv(name, value)
        try:
            settings = Settings.load() if ours else Server.load({name: value})
        except SettingError as error:
            assert name in str(error)
            judge(str(error))
        else:
            assert getattr(settings, setting) is not None


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("PORT", "1", "; write PORT=1"),
        ("HOST", "localhost", "; write HOST"),
        ("WORKERS", "4", "; write WEB_CONCURRENCY=4"),
        ("MAX_CONTENT_LENGHT", "4", "write FITSERVE_MAX_CONTENT_LENGTH, if that is meant; there"),
        ("MAX_CONTENT_LENGTH", "64M", "; write 67108864, or leave it unset"),
        ("MAX_CONTENT_LENGTH", "1.5 kb", "; write 1536, or"),
        ("CACHE_MB", "1GB", "; write 1024, or"),
        ("CACHE_MB", "1KB", "'1KB'; or leave"),
        ("TRAINING_SECONDS", "5min", "; write 300, or"),
        ("PREDICT_SECONDS", "1d", "; or leave it unset"),
        ("MAX_MODELS", "5k", "; or leave it unset"),
    ],
)
def test_a_setting_of_others_or_with_a_unit_is_told_ours(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str
) -> None:
    monkeypatch.setenv(f"FITSERVE_{name}", value)
    with pytest.raises(SettingError) as refused:
        Settings.load()
    judge(str(refused.value))
    assert says in str(refused.value)


@pytest.mark.parametrize(
    ("host", "says"),
    [
        ("nosuch.host.invalid", r"(there is no host nosuch|the host nosuch.* looked up)"),
        ("127.0.0.1:1", "nothing listens at 127.0.0.1:1; start the server, or write"),
        ("[::1]:1", r"nothing listens at \[::1\]:1; start|Cannot assign|not supported"),
    ],
)
@pytest.mark.parametrize("scheme", ["postgresql", "postgresql+psycopg"])
def test_a_copy_of_a_store_that_is_away_says_which_and_why(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], host: str, says: str, scheme: str
) -> None:
    there = f"sqlite:///{tmp_path / 'store.sqlite3'}"
    away = f"{scheme}://me:secret@{host}/fit"
    assert main(["copy", away, there]) == 1
    source = capsys.readouterr().err
    assert main(["copy", there, away]) == 2
    assert "SOURCE: there is no file" in capsys.readouterr().err.splitlines()[-1]
    with closing(SqlStore(there)) as store:
        store.prepare()
    assert main(["copy", there, away]) == 1
    destination = capsys.readouterr().err
    for which, said in ("source", source), ("destination", destination):
        (line,) = said.splitlines()
        assert line.startswith(f"fitserve: The {which} {scheme}://me:***@{host}/fit: ")
        assert re.search(says, line)
        assert "[Errno" not in line
        judge(line)


# ------------------------------------------------------------------------------- the cost


@pytest.mark.parametrize("model_type", sorted(catalog()))
def test_a_long_list_is_as_few_faults(model_type: str) -> None:
    """Pydantic would make one a value."""
    from fitserve.errors import InvalidRequest

    cls = catalog()[model_type]
    many: list[Any] = [
        ["x"] * 5000,
        [[]] * 5000,
        dict.fromkeys(map(str, range(5000))),
        [None] * 5000,
    ]
    for name in cls.names():
        for wrong in many:
            with pytest.raises(InvalidRequest) as caught:
                cls.from_kwargs({name: wrong})
            assert caught.value.total == 1


@pytest.mark.parametrize(
    ("route", "body"),
    [
        ("/register", {str(i): 0 for i in range(5000)}),
        ("/register", GOOD | {"kwargs": {str(i): 0 for i in range(5000)}}),
        ("/register", with_kwargs(X=[[]] * 2500 + [[1]] * 2500)),
        ("/register", with_kwargs(X=[[None]] * 5000)),
        ("/register", with_kwargs(X=[{"a": 1}, {}] * 2500)),
        ("/register", with_kwargs(y=[None] * 5000)),
        ("/register", with_kwargs(feature_names=[1] * 5000)),
        ("/predict", {"model_type": "knn", "model_id": 1, "features": [{}] * 5000}),
        ("/predict", {"model_type": "knn", "model_id": 1, "features": [["a", "b"]] * 5000}),
        ("/predict", {str(i): 0 for i in range(5000)}),
    ],
)
def test_faults_are_looked_for_up_to_a_bound(api: Api, route: str, body: Any) -> None:
    api.register("knn", 1, X=X, y=Y, k=1, feature_names=["a", "b"])
    answer = api.raw(route, json.dumps(body).encode())
    assert answer.status_code == 422
    assert answer.json is not None
    assert len(answer.json["errors"]) == 20
    assert answer.json["more_errors"] == COUNTED - 20
    assert answer.json["detail"].startswith("At least 1,000 things to mend; the first is ")
    assert len(answer.data) < 20_000


KEY = {"model_type": "knn", "model_id": 1}


@pytest.mark.parametrize(
    ("route", "ask", "says"),
    [
        ("/evaluate", {"metric": "rmse"}, "leave metric out: all metrics are told always"),
        ("/evaluate", {"scoring": "f1"}, "leave scoring out: all metrics are told always"),
        ("/evaluate", {"cv": 5}, "cv belongs to /register; leave it out here"),
        ("/predict", {"missing": "impute"}, "missing belongs to /register; leave it out here"),
        ("/predict", {"dry_run": True}, "dry_run belongs to /register; leave it out here"),
        ("/predict", {"importance": True}, "importance belongs to /evaluate; leave it out here"),
        ("/evaluate", {"probabilities": True}, "probabilities belongs to /predict; leave it"),
        ("/predict", {"encoding": "latin1"}, "send what iconv -f latin1 -t utf-8 FILE makes"),
    ],
)
@pytest.mark.parametrize("media", ["application/json", "text/csv"])
def test_what_another_route_reads_is_told_where(
    api: Api, route: str, ask: dict[str, Any], says: str, media: str
) -> None:
    (name, value), *_ = ask.items()
    if media == "text/csv":
        text = value if isinstance(value, str) else json.dumps(value)
        answer = api.raw(f"{route}?model_type=knn&{name}={text}", b"a,b\n1,2\n", Content_Type=media)
        assert answer.json is not None
        judge_problem(answer.json)
        faults = answer.json["errors"]
    else:
        faults = told(api, KEY | {"features": X} | ask, route)["errors"]
    assert [fault["loc"][-1] for fault in faults] == [name]
    assert says in faults[0]["msg"]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (KEY | {"dataframe_split": {"columns": []}}, "features, df.to_dict('list') of pandas"),
        (KEY | {"dataframe_records": [{"a": 1}]}, "features, the same rows, beside model_type"),
        (KEY | {"inputs": [{"name": "X", "datatype": "FP64"}]}, "POST /v2/models/TYPE/versions"),
        (KEY | {"inputs": X}, "write features, if that is meant"),
        (KEY | {"features": X, "label": "a"}, "known are: model_type, model_id, features, prob"),
    ],
)
def test_rows_as_other_servers_have_them(api: Api, body: Any, says: str) -> None:
    (fault,) = told(api, body, "/predict")["errors"]
    assert says in fault["msg"]


def test_a_member_that_is_known_is_listed_whatever_is_meant(api: Api) -> None:
    (fault,) = told(api, KEY | {"features": X, "y": Y, "nonsense": "text"}, "/evaluate")["errors"]
    assert fault["msg"].endswith(
        "known are: importance, repeats, model_type, model_id, features, y"
    )


@pytest.mark.parametrize(
    ("ask", "wrong"),
    [
        ({"drop": ["nix"], "cv": 100, "missing": "none", "k": 0}, "drop cv missing k"),
        ({"target": "nix", "k": 0, "sample": -1, "kinds": {"a": "x"}}, "target k sample a"),
        ({"cv": 100, "importance": True, "k": 0}, "cv k"),
        ({"holdout": 0.5, "importance": True, "k": 0}, "k"),
    ],
)
@pytest.mark.parametrize("media", ["application/json", "text/csv"])
def test_what_is_wrong_with_options_is_told_at_once(
    api: Api, ask: dict[str, Any], wrong: str, media: str
) -> None:
    """And nothing that is wrong only without what was told."""
    ask = {"target": "y"} | ask
    if media == "text/csv":
        rows = b"a,b,y\n" + b"1,2,u\n2,1,v\n" * 4
        query = queries.written(KEY | ask)
        answer = api.raw(f"/register?{query}", rows, Content_Type=media)
        assert answer.json is not None
        judge_problem(answer.json)
        faults = answer.json["errors"]
    else:
        table = {"a": [1, 2] * 4, "b": [2, 1] * 4, "y": ["u", "v"] * 4}
        faults = told(api, KEY | {"kwargs": {"X": table} | ask})["errors"]
    assert {fault["loc"][-1] for fault in faults} == set(wrong.split())


@pytest.mark.parametrize(
    ("model_type", "more", "wrong"),
    [
        ("kmeans", {"init": "abc"}, "init n_clusters"),
        ("kmeans", {"n_init": "5", "max_iter": 0}, "n_init max_iter n_clusters"),
        ("kmeans", {"n_clusters": "two"}, "n_clusters"),
        ("kmeans", {"k": 0}, "k"),
        ("kmeans", {"n_cluster": 2}, "n_cluster"),
        ("kmeans", {"init": "abc", "k": 2}, "init"),
        ("knn", {"weights": "abc"}, "weights n_neighbors"),
        ("knn", {"weights": "abc", "n_neighbors": 1}, "weights"),
    ],
)
def test_too_few_rows_for_a_default_are_told_with_what_is_wrong(
    api: Api, model_type: str, more: dict[str, Any], wrong: str
) -> None:
    y = {"y": ["u", "v", "u"]} if model_type == "knn" else {}
    kwargs = {"X": [[1, 2], [2, 1], [8, 9]]} | y | more
    problem = told(api, {"model_type": model_type, "model_id": 1, "kwargs": kwargs})
    assert {fault["loc"][-1] for fault in problem["errors"]} == set(wrong.split())
    assert len(problem["errors"]) == len(wrong.split())
    for remedy in problem.get("remedies", []):
        kwargs = {n: v for n, v in (kwargs | remedy["set"]).items() if v is not None}
    if len(problem.get("remedies", [])) == len(problem["errors"]):
        assert api.register(model_type, 1, **kwargs).status_code == 201


@pytest.mark.parametrize(
    ("kwargs", "says"),
    [
        ({"holdout": 20}, "not the number 20; write 0.2, for 20 % of the rows"),
        ({"cv": 0.25}, 'for a share of the rows leave cv out and write "holdout": 0.25'),
    ],
)
def test_a_share_of_the_rows_is_told_as_one(api: Api, kwargs: dict[str, Any], says: str) -> None:
    problem = told(api, with_kwargs(**kwargs))
    assert says in problem["detail"]
    given = with_kwargs(**kwargs, n_neighbors=1)["kwargs"]
    obeyed(api, "knn", given, problem["remedies"][0]["set"])
    (fault,) = told(api, with_kwargs(holdout=150))["errors"]
    assert "write" not in fault["msg"]


def test_what_has_no_probabilities_names_a_type_of_its_task_that_has(api: Api) -> None:
    ask = {"features": X, "probabilities": True, "model_id": 1}
    for model_type, y, says in (
        ("kmeans", {}, "such as gmm"),
        ("svm", {"y": Y}, "such as logistic_regression"),
        ("linear_regression", {"y": [0.5, 1.5, 2.5, 3.5]}, "leave probabilities out. Mend"),
    ):
        more = {"n_clusters": 2} if not y else {}
        assert api.register(model_type, 1, X=X, **y, **more).status_code == 201
        assert says in told(api, ask | {"model_type": model_type}, "/predict")["detail"]
    negative = {"X": [[-1, 2], [3, 4], [1, 1]], "y": [0, 1, 1]}
    body = {"model_type": "multi_naive_bayes", "model_id": 1, "kwargs": negative}
    assert "or take gauss_naive_bayes" in told(api, body)["detail"]
    assert api.register("gauss_naive_bayes", 1, **negative).status_code == 201
    for scale, by in ((1e-308, "1e+308"), (1e-200, "1e+200")):
        small = [[scale, 2 * scale], [2 * scale, scale], [8 * scale, 9 * scale]]
        answer = api.register("multi_naive_bayes", int(by[-3:]), X=small, y=[0, 0, 1])
        assert f"multiply all columns by {by}." in answer.text


@pytest.mark.parametrize(
    ("theirs", "says"),
    [
        ("random_forest", "write decision_tree, which is nearest to it"),
        ("sklearn.ensemble.RandomForestClassifier", "write decision_tree, which is nearest"),
        ("xgboost", "write decision_tree"),
        ("LGBMRegressor", "write decision_tree"),
        ("HistGradientBoostingRegressor", "write decision_tree"),
        ("linreg", "write linear_regression"),
        ("PLSRegression", "write linear_regression"),
        ("RidgeClassifierCV", "write logistic_regression"),
        ("dbscan", "write kmeans or gmm, which is nearest to it"),
        ("MLPRegressor", "write knn or decision_tree"),
        ("SVR", "write knn or decision_tree"),
        ("TruncatedSVD", "write pca"),
        ("ridge", "write linear_regression, if that is meant"),
        ("SVC", "write svm, if that is meant"),
        ("arima", "no model type 'arima'. The types are"),
    ],
)
def test_a_type_of_others_is_told_the_nearest(api: Api, theirs: str, says: str) -> None:
    answer = api.register(theirs, 1, X=X, y=Y)
    assert answer.status_code == 404
    assert answer.json is not None
    judge_problem(answer.json)
    assert says in answer.json["detail"]


# ------------------------------------------------------------------- what others call a setting


@pytest.mark.parametrize(
    ("model_type", "name", "ours"),
    [
        ("svm", "lambda", "lam"),
        ("gmm", "n_clusters", "n_components"),
        ("linear_regression", "lr", "learning_rate"),
        ("logistic_regression", "lr", "learning_rate"),
        ("perceptron", "learning_rate", "eta0"),
        ("decision_tree", "depth", "max_depth"),
        ("gauss_naive_bayes", "class_prior", "priors"),
        ("multi_naive_bayes", "priors", "class_prior"),
        ("knn", "metric", "p"),
    ],
)
def test_a_setting_by_the_name_of_others(api: Api, model_type: str, name: str, ours: str) -> None:
    kwargs = {"X": X, "y": Y, name: 1 if ours != "learning_rate" else 0.01}
    if not catalog()[model_type].supervised():
        del kwargs["y"]
    problem = told(api, {"model_type": model_type, "model_id": 1, "kwargs": kwargs})
    assert problem["errors"][0]["loc"] == ["kwargs", name]
    assert re.search(f"; write {ours}(,| as .*,) if that is meant", problem["errors"][0]["msg"])


@pytest.mark.parametrize("how", ["json", "csv"])
def test_counts_are_not_to_be_standardized(api: Api, how: str) -> None:
    if how == "json":
        kwargs = {"X": {"a": [1, 2, 0, 4]}, "y": Y, "standardize": True}
        answer = api.register("multi_naive_bayes", 1, **kwargs)
        loc = ["kwargs", "standardize"]
    else:
        answer = api.client.post(
            "/register?model_type=multi_naive_bayes&model_id=1&target=y&standardize=true",
            data="a,y\n1,u\n2,u\n0,v\n4,v\n",
            content_type="text/csv",
        )
        loc = ["query", "standardize"]
    assert answer.status_code == 422
    assert answer.json is not None
    judge_problem(answer.json)
    assert [one["loc"] for one in answer.json["errors"]] == [loc]
    assert "leave standardize out" in answer.json["errors"][0]["msg"]


@pytest.mark.parametrize("word", ["NaN", "None", "nan", "NA"])
@pytest.mark.parametrize("y", ["[0, @, 0, 1, 1]", "[0, null, 0, 1, 1]", "[0, 1, 0, 1, 1]", "[@]"])
@pytest.mark.parametrize("by", ["lists", "columns", "target"])
@pytest.mark.parametrize("last", [False, True])
def test_of_gaps_in_x_and_y_the_rows_are_to_be_left_out(
    api: Api, word: str, y: str, by: str, last: bool
) -> None:
    if y == "[@]":
        y, last = "[Infinity, True, false, true, true]", True
    of_y = f'"X": {{"a": [@, 2, 3, 7, 8], "t": {y}}}, "target": "t"' if by == "target" else ""
    X = "[[@, 1], [2, 1], [3, 1], [7, 2], [8, 2]]" if by == "lists" else '{"a": [@, 2, 3, 7, 8]}'
    of_both = of_y or (
        f'"X": {X}, "y": {y}' if last else f'"y": {y.replace("@", "null")}, "X": {X}'
    )
    body = f'{{"model_type": "knn", "model_id": 1, "kwargs": {{"k": 1, {of_both}}}}}'
    said = api.raw("/register", body.replace("@", word).encode()).json["detail"]  # type: ignore[index]
    in_y = "@" in y or "null" in y
    assert ('write null and "missing": "drop" beside X' in said) == in_y
    assert ('"missing": "impute"' in said) != in_y
    mended = body.replace("@", "null")
    if "Infinity" not in y:
        option = '"missing": "drop"' if in_y else '"missing": "impute"'
        answer = api.raw("/register", mended.replace('"k": 1', f'"k": 1, {option}').encode())
        assert answer.status_code == 201, answer.text


@pytest.mark.parametrize("bad", ["abc", None, True, "", "7"])
@pytest.mark.parametrize("by", ["rows", "columns"])
@pytest.mark.parametrize("more", [{}, {"n_neighbors": 0}, {"target": "t"}])
def test_names_given_twice_are_told_beside_what_is_wrong_in_the_columns(
    api: Api, bad: object, by: str, more: dict[str, Any]
) -> None:
    columns = {"a": [1, 2, 8, 9], "b": [1, bad, 8, 9]} | ({"t": Y} if "target" in more else {})
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    kwargs: dict[str, Any] = {"X": rows if by == "rows" else columns, "n_neighbors": 1} | more
    kwargs |= {} if "target" in more else {"y": Y}
    body: dict[str, Any] = {"model_type": "knn", "model_id": 1, "kwargs": kwargs}
    alone = told(api, body)
    kwargs["feature_names"] = list(columns)
    problem = told(api, body)
    names, *others = problem["errors"]
    assert names["loc"] == ["kwargs", "feature_names"]
    assert names["msg"] == "the columns of X have names already; leave feature_names out"
    assert others == alone["errors"]
    assert problem["detail"].partition(" Add ")[2] == alone["detail"].partition(" Add ")[2]


@pytest.mark.parametrize("bad", [7, 1.5, True, False])
@pytest.mark.parametrize("names", [None, ["a", "b", "c"]])
@pytest.mark.parametrize("both", [False, True])
@pytest.mark.parametrize("at", [0, 3])
def test_a_number_in_a_column_of_text_is_told_with_it(
    api: Api, bad: object, names: list[str] | None, both: bool, at: int
) -> None:
    rows: list[list[Any]] = [[i, "uvw"[i % 3], "pq"[i % 2]] for i in range(6)]
    rows[at][1] = bad
    rows[5][2] = 8 if both else "p"
    kwargs = {"X": rows, "y": [0, 1] * 3, "k": 1} | ({"feature_names": names} if names else {})
    problem = told(api, {"model_type": "knn", "model_id": 1, "kwargs": kwargs})
    cells = [one for one in problem["errors"] if one["loc"][-1] == 1]
    assert len(cells) == 5 + isinstance(bad, bool)
    (said,) = {one["msg"].partition("; ")[2] for one in cells}
    shown = json.dumps(bad) if isinstance(bad, bool) else f"the number {bad}"
    assert said.startswith(f"the column holds text and {shown}, in row {at}: write ")
    kinds = json.loads("{" + re.findall('"kinds": {.*?}', said)[0] + "}")
    assert len(kinds["kinds"]) == 1 + both
    assert api.register("knn", 1, **kwargs | kinds).status_code == 201
    numbers = [[i, str(i)] for i in range(5)] + [[5, 5]]
    assert "holds text" not in api.register("knn", 2, X=numbers, y=[0, 1] * 3, k=1).text
