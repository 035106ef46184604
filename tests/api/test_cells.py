"""A cell that is no number, wherever cells are sent: what is told is what mends it."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.words import judge_problem
from tests.conftest import Api

PLAIN = {
    "3,5": "3.5",
    "1,234": "1234",
    "1,234,567.5": "1234567.5",
    "1 234": "1234",
    "1'234": "1234",
    "$7.50": "7.50",
    "5%": "0.05",
    "(5)": "-5",
    "−5": "-5",
    "0x10": "16",
    "1_000": "1000",
    "٣": "3",
}
"""Texts that are surely a number, and how that is written."""
QUOTED = {"1e5": "1e5", ".5": "0.5", "5.": "5", "+5": "5", "007": "7", "-00.5": "-0.5", " 3 ": "3"}
"""Numbers in quotes, and how JSON writes them."""
GAPS = ["", " ", "NA", "null", "None", "-", "?", "n/a", None]
OTHERS = ["abc", "5 kg of", "½", "2020-01-31", True, [1], {"a": 1}]
LABELS: dict[str, dict[str, Any]] = {
    "as a number": {"X": [[1.0, 2.0], [2.0, 1.0]], "y": [0, "2"]},
    "as text": {"X": [[1.0, 2.0], [2.0, 1.0]], "y": ["a", 2]},
    "as true or false": {"X": [[1.0, 2.0], [2.0, 1.0]], "y": [True, 0]},
}


@pytest.fixture
def models(api: Api) -> Api:
    """knn/1 of a matrix, knn/2 of a matrix whose columns have names, knn/3 of a table."""
    X, y = [[1.0, 2.0], [2.0, 1.0], [3.0, 3.0]], [0, 1, 1]
    for model_id, kwargs in enumerate(({}, {"feature_names": ["a", "b"]}), start=1):
        assert api.register("knn", model_id, X=X, y=y, k=1, **kwargs).status_code == 201
    table = {"a": [1, 2, 3], "b": [2, 1, 3], "c": ["u", "v", "u"]}
    assert api.register("knn", 3, X=table, y=y, k=1).status_code == 201
    return api


def asked(api: Api, cell: Any) -> Iterator[tuple[str, Any]]:
    """The cell among numbers, as JSON, wherever it may stand: where, and the answer."""
    rows: dict[str, list[Any]] = {"a": [1, 2, 3], "b": [4, cell, 6]}
    X = [list(row) for row in zip(*rows.values(), strict=True)]
    objects = [dict(zip("ab", row, strict=True)) for row in X]
    for name, sent in (("matrix", X), ("columns", rows), ("objects", objects)):
        yield f"register {name}", api.register("knn", 9, X=sent, y=[0, 1, 1], k=1)
        api.client.delete("/models/knn/9")
    for model_id in (1, 2):
        yield f"predict {model_id}", api.predict("knn", model_id, [1, cell])
        yield f"predict rows {model_id}", api.predict("knn", model_id, X)
        body = {"model_type": "knn", "model_id": model_id, "features": X, "y": [0, 1, 1]}
        yield f"evaluate {model_id}", api.client.post("/evaluate", json=body)
    yield "predict by name", api.predict("knn", 2, {"a": 1, "b": cell})
    yield "predict by names", api.predict("knn", 2, objects)
    yield "predict table", api.predict("knn", 3, {"a": 1, "b": cell, "c": "u"})
    yield "predict list", api.predict("knn", 3, [1, cell, "u"])
    yield "predict columns", api.predict("knn", 3, rows | {"c": ["u"] * 3})
    body = {"model_type": "linear_regression", "model_id": 9}
    tables: list[Any] = [rows | {"b": [1, 2, 3]}, [[1.0], [2.0], [3.0]]]
    for table in tables:
        kwargs = {"X": table, "y": [1, cell, 3]}
        yield "target", api.client.post("/register", json=body | {"kwargs": kwargs})
        api.client.delete("/models/linear_regression/9")


def told(where: str, answer: Any) -> str:
    assert answer.status_code == 422, (where, answer.text)
    judge_problem(answer.json)
    assert len(answer.json["errors"]) == 1, answer.text
    said: str = answer.json["errors"][0]["msg"]
    return said


def test_what_is_told_of_a_number_is_how_json_writes_it(models: Api) -> None:
    for cell, plain in (PLAIN | QUOTED).items():
        for where, answer in asked(models, cell):
            said = told(where, answer)
            if "stands among" not in said and "sent as text" not in said:
                found = re.search(r"write ([^\s,]+)", said)
                assert found is not None, (where, said)
                assert found[1] == plain, (where, said)
            assert repr(cell.strip()) in said or repr(cell) in said
    for plain in {*PLAIN.values(), *QUOTED.values()}:
        for _, answer in asked(models, json.loads(plain)):
            assert answer.status_code in (200, 201), answer.text


def test_what_is_told_of_a_gap_is_to_fill_it(models: Api) -> None:
    for where, answer in (one for cell in GAPS for one in asked(models, cell)):
        said = told(where, answer)
        assert re.search(r"fill|give|na_values|missing=", said), (where, said)
        assert "without quotes" not in said
        assert "categories=" not in said, (where, said)
        for remedy in answer.json.get("remedies", []):
            if where.startswith("register"):
                assert {"missing", "na_values"} & set(remedy["set"])


def test_what_is_told_of_a_number_beyond_float64_is_its_bound(models: Api) -> None:
    for where, answer in (one for cell in (10**400, -(10**309)) for one in asked(models, cell)):
        assert "1.8e308" in told(where, answer), where


def test_another_value_is_told_what_is_needed(models: Api) -> None:
    for where, answer in (one for cell in OTHERS for one in asked(models, cell)):
        if answer.status_code == 422:
            said = told(where, answer)
            assert re.search("[;.] |must be", said), (where, said)


def test_a_list_in_a_cell_is_told_to_be_one_number(models: Api) -> None:
    for where, answer in (one for cell in ([1], [], {"a": 1}) for one in asked(models, cell)):
        said = told(where, answer) if answer.status_code == 422 else "target"
        assert re.search("; write (1$|one number)", said) or where == "target", (where, said)
    X = [[1, 2], [2, [1]], [3, 3]]
    for more in ({"y": [0, 1, 1], "missing": "impute"}, {"target": "a"}, {"y": [0, 1, 1]}):
        answer = models.register("decision_tree", 9, X=X, feature_names=["a", "b"], **more)
        assert "(column 'b')" in answer.text


@pytest.mark.parametrize("truth", [True, False])
def test_what_is_told_of_a_truth_among_numbers_is_the_number(models: Api, truth: bool) -> None:
    for where, answer in asked(models, truth):
        said = told(where, answer)
        assert json.dumps(truth) in said, where
        assert f"; write {int(truth)}" in said, (where, said)
    for where, answer in asked(models, int(truth)):
        assert answer.status_code in (200, 201), (where, answer.text)


@pytest.mark.parametrize(
    ("cells", "kinds"),
    [([True, False, True], {}), ([1, False, None], {}), ([7, True, False], {"a": "number"})],
)
def test_a_column_learned_from_truths_takes_them_as_zero_and_one(
    api: Api, cells: list[Any], kinds: dict[str, str]
) -> None:
    table = {"a": cells, "b": [1, 1, 1]}
    asked = {"X": table, "y": [1.5, 2.5, 3.5], "k": 1, "missing": "impute", "kinds": kinds}
    assert api.register("knn", 1, **asked).status_code == 201
    for truth in (True, False):
        as_truth, as_number = (
            api.predict("knn", 1, [{"a": cell, "b": 1}]).json for cell in (truth, int(truth))
        )
        csv = f"a,b\n{truth},1\n".encode()
        by_csv = api.raw("/predict?model_type=knn&model_id=1", csv, Content_Type="text/csv").json
        assert as_truth is not None
        assert len(as_truth["predictions"]) == 1
        assert as_truth == as_number == by_csv


@pytest.mark.parametrize("model_type", ["svm", "linear_regression"])
def test_a_label_of_another_kind_is_told_how_it_is_written(api: Api, model_type: str) -> None:
    for kind, kwargs in LABELS.items():
        if model_type == "linear_regression" and kind != "as a number":
            continue
        said = told(kind, api.register(model_type, 1, **kwargs))
        found = re.search(r"write ([^\s,]+)", said)
        assert found is not None
        y = [kwargs["y"][0], json.loads(found[1])]
        if y != [True, False] and y[0] != y[1]:
            assert api.register(model_type, 1, **kwargs | {"y": y}).status_code == 201
            api.client.delete(f"/models/{model_type}/1")


@pytest.mark.parametrize("model_type", ["linear_regression", "knn", "decision_tree"])
def test_labels_are_told_what_learns_them(api: Api, model_type: str) -> None:
    more: dict[str, Any] = {} if model_type == "linear_regression" else {"task": "regression"}
    more |= {"k": 1} if model_type == "knn" else {}
    table = {"a": [1, 2, 3], "y": ["u", "v", "u"]}
    query = "&".join(f"{name}={value}" for name, value in more.items())
    csv = api.raw(
        f"/register?model_type={model_type}&model_id=1&target=y&{query}",
        b"a,y\n1,u\n2,v\n3,u\n",
        Content_Type="text/csv",
    )
    for answer in (
        api.register(model_type, 1, X=[[1], [2], [3]], y=["u", "v", "u"], **more),
        api.register(model_type, 1, X={"a": [1, 2, 3]}, y=["u", "v", "u"], **more),
        api.register(model_type, 1, X=table, target="y", **more),
        csv,
    ):
        said = told(model_type, answer)
        assert "the text 'u'" in said
        assert ("leave task out" if "task" in more else "take another type, such as") in said


def test_rows_of_another_width_are_told_the_columns(models: Api) -> None:
    for features in ([1], [1, 2, 3], [], [[1]], [[1, 2, 3]], [[1, 2], [1]]):
        for model_id, names in ((1, "2; give 2"), (2, "2 (a, b); give 2 in this order")):
            said = told(str(features), models.predict("knn", model_id, features))
            assert f"where the model was trained on {names}" in said


def test_one_pair_of_brackets_too_many_is_told(models: Api) -> None:
    for where, answer in (
        ("register", models.register("knn", 9, X=[[[1, 2]], [[3, 4]]], y=[0, 1], k=1)),
        ("register", models.register("knn", 9, X=[[[1, 2], [3, 4]]], y=[0, 1], k=1)),
        ("predict", models.predict("knn", 1, [[[1, 2]]])),
        ("predict", models.predict("knn", 3, [[[1, 2, "u"]]])),
    ):
        assert "one pair of brackets too many" in told(where, answer)


def test_a_row_that_is_not_as_the_others_is_told_how_it_is_written(models: Api) -> None:
    as_object, as_list = '; write {"a": 3, "b": 4}', "; write [3, 4]"
    objects, lists = [{"a": 1, "b": 2}, [3, 4]], [[1, 2], {"a": 3, "b": 4}]
    y = [0, 1]
    assert as_object in told("register", models.register("knn", 9, X=objects, y=y, k=1))
    assert as_list in told("register", models.register("knn", 9, X=lists, y=y, k=1))
    assert as_object in told("predict", models.predict("knn", 2, objects))
    assert as_list in told("predict", models.predict("knn", 2, lists))


BY_PANDAS, BY_NUMPY = "what pandas' to_json() makes", "what NumPy prints"
TEXTS = {
    "[[1, 2], [3, 4]]": "JSON inside of JSON",
    '"\\"[[1, 2], [3, 4]]\\""': "JSON inside of JSON",
    '[{"a": 1, "b": 2}]': "JSON",
    '{"a": [1, 2], "b": [2, 1]}': "JSON",
    '{"a":{"0":1},"b":{"0":2}}': BY_PANDAS,
    '{"0":{"a":1,"b":2}}': BY_PANDAS,
    '{"columns":["a","b"],"index":[0],"data":[[1,2]]}': BY_PANDAS,
    '{"schema":{"fields":[]},"data":[{"index":0,"a":1,"b":2}]}': BY_PANDAS,
    '{"a":1,"b":2}\n{"a":2,"b":1}\n': "JSON by the line",
    ",a,b\n0,1,2\n1,2,1\n": "CSV",
    "a\tb\n1\t2\n": "CSV",
    "   a  b\n0  1  2\n1  2  1": "what pandas prints",
    "  a  b\n  1  2\n  2  1": "what pandas prints",
    "[[1 2]\n [2 1]]": BY_NUMPY,
    "[[1.  2. ]\n [2.5 1. ]]": BY_NUMPY,
    "[1. 2.]": BY_NUMPY,
    "array([[1, 2],\n       [2, 1]])": BY_NUMPY,
    "[(1, 2), (2, 1)]": "what Python prints",
    "[[1, nan], [2, 1]]": "what Python prints",
    "[{'a': 1, 'b': 2}]": "what Python prints",
}
LABEL_TEXTS = {
    "[0, 1]": "JSON inside of JSON",
    '"[0, 1]"': "JSON inside of JSON",
    "{'a': 1}": "what Python prints",
    '["a", "b"]': "JSON inside of JSON",
    '{"0":"a","1":"b"}': BY_PANDAS,
    "['a', 'b']": "what Python prints",
    "['a' 'b']": BY_NUMPY,
    "[0 1]": BY_NUMPY,
    "0    a\n1    b\nName: sp, dtype: object": "a column as it is printed",
    "sp\na\nb\n": "a column as it is printed",
}


@pytest.mark.parametrize("text", ["[1 2]", "[1. 2.]", "array([1, 2])", "[1, 2]"])
@pytest.mark.parametrize("more", [{}, {"missing": "impute"}])
def test_rows_as_texts_are_told_first_to_be_so(api: Api, text: str, more: dict[str, Any]) -> None:
    answer = api.register("knn", 1, X=[text] * 4, y=[0, 1, 0, 1], k=1, **more)
    assert answer.json is not None
    said = answer.json["errors"][0]["msg"]
    assert said.startswith(f"the first row is the text {text!r}; it is ")
    assert "send x.tolist()" in said or "without the quotes around it" in said


@pytest.mark.parametrize("text", TEXTS)
def test_rows_as_text_are_told_what_made_them(models: Api, text: str) -> None:
    for where, answer in (
        ("X", models.register("knn", 9, X=text, y=[0, 1], k=1)),
        ("X", models.register("knn", 9, X=text, y=[0, 1], k=1, standardize=True)),
        ("X", models.register("kmeans", 9, X=text, feature_names=["a", "b"])),
        *(("features", models.predict("knn", n, text)) for n in (1, 2, 3)),
    ):
        said = told(where, answer).partition(" is ")[2]
        assert said.startswith((TEXTS[text], *([BY_PANDAS] if TEXTS[text] == "JSON" else [])))
        assert len(re.findall("to_dict|without the quotes|tolist|the list itself", said)) == 1


@pytest.mark.parametrize("text", LABEL_TEXTS)
def test_labels_as_text_are_told_what_made_them(models: Api, text: str) -> None:
    ask = {"model_type": "knn", "model_id": 1, "features": [[1, 2], [2, 1]]}
    for answer in (
        models.register("knn", 9, X=[[1], [2]], y=text, k=1),
        models.client.post("/evaluate", json=ask | {"y": text}),
    ):
        assert f" is {LABEL_TEXTS[text]}; send " in told("y", answer)


def test_a_body_as_text_is_told_so(models: Api) -> None:
    for kwargs in ("[[1, 2], [3, 4]]", '{"a": [1, 2]}'):
        answer = models.client.post(
            "/register", json={"model_type": "knn", "model_id": 9, "kwargs": kwargs}
        )
        assert "JSON inside of JSON" in told("kwargs", answer)
    assert "where a column is meant" in told("y", models.register("knn", 9, X=[[1], [2]], y="sp"))


_Y = {"y": [0, 1, 0, 1]}
_OF_KNN = {"model_type": "knn", "kwargs": _Y | {"k": 1, "standardize": True, "cv": 2}}


@pytest.mark.parametrize("bare", [True, False])
@pytest.mark.parametrize(
    ("route", "ask"),
    [
        ("register", _OF_KNN),
        ("register", {"model_type": "kmeans", "kwargs": {"n_clusters": 2, "drop": ["0"]}}),
        *(("predict", {"model_id": i, "probabilities": True}) for i in (1, 2, 4)),
        *(("evaluate", {"model_id": i} | _Y) for i in (1, 2, 4)),
    ],
)
def test_csv_beside_y_is_told_where_y_stands(
    models: Api, route: str, ask: dict[str, Any], bare: bool
) -> None:
    table = {"a": [1, 2, 3], "0": [2, 1, 3]}
    assert models.register("knn", 4, X=table, y=[0, 1, 1], k=1).status_code == 201
    names = "a,b" if ask.get("model_id") == 2 else "a,0"
    rows = ["1,2", "2,1", "3,3", "4,5"]
    body: dict[str, Any] = {"model_type": "knn", "model_id": 9} | ask
    text = "\n".join(rows if bare else [names, *rows])
    if route == "register":
        body["kwargs"] = {"X": text} | body["kwargs"]
    else:
        body["features"] = text
    said = told(
        "X" if route == "register" else "features", models.client.post(f"/{route}", json=body)
    )
    query = re.findall(r"in the query, (\?[^\s]*[^\s,.])", said)[0]
    bare = "without its line of names" in said or (bare and "below a line of names" not in said)
    assert bare == ("header=false" in query)
    if "target=COLUMN" in query:
        assert "where COLUMN is that of y" in said
        query = query.replace("COLUMN", "2" if bare else "y")
        names, rows = f"{names},y", [f"{row},{i % 2}" for i, row in enumerate(rows)]
    sent = "\n".join(rows if bare else [names, *rows])
    answer = models.raw(f"/{route}{query}", sent.encode(), Content_Type="text/csv")
    assert answer.status_code in (200, 201), answer.text


def test_csv_as_text_is_told_its_own_query(models: Api) -> None:
    text = "a,b,sp\n1,2,u\n2,1,v\n3,3,u\n4,5,v\n"
    ask = {
        "target": "sp",
        "k": 1,
        "standardize": True,
        "cv": 2,
        "drop": ["b"],
        "kinds": {"a": "number"},
    }
    for where, sent, answer in (
        ("X", text, models.register("knn", 9, X=text, **ask)),
        ("features", "a,b\n1,2\n", models.predict("knn", 2, "a,b\n1,2\n")),
    ):
        told_where = told(where, answer)
        query = told_where.partition("in the query, ")[2].partition(". Mend it")[0]
        route = "/predict" if where == "features" else "/register"
        obeyed = models.raw(f"{route}{query}", sent.encode(), Content_Type="text/csv")
        assert obeyed.status_code in (200, 201), obeyed.text
    made = models.client.get("/models/knn/9").json
    assert made is not None
    assert made["target"] == "sp"
    assert made["hyperparameters"]["n_neighbors"] == 1


_KNN = '{"model_type": "knn", "model_id": 9, "kwargs": {"X": ROWS, "y": [0, 1, 1], "k": 1ALSO}}'
_MATRIX, _TABLE = "[[1, 2], [2, 3], [WORD, 1]]", '{"a": [1, 2, 3], "b": ["u", "v", "u"]}'
_ASKED = '{"model_type": "knn", "model_id": 3, "features": {"a": 1, "b": 2, "c": WORD}}'


def _register(rows: str, also: str = "") -> tuple[str, str]:
    return "/register", _KNN.replace("ROWS", rows).replace("ALSO", also)


@pytest.mark.parametrize("word", ["NaN", "np.nan", "None", "-Infinity", "float('nan')"])
@pytest.mark.parametrize(
    ("request_", "sent", "written"),
    [
        (_register(_MATRIX), "[WORD, 1]", "[3, 1]"),
        (_register("[[1, 2], [2, 3], [3, 1]]", ', "weights": WORD'), ', "weights": WORD', ""),
        (_register(_TABLE, ', "na_values": [WORD]'), "WORD", '"NaN"'),
        (_register(_TABLE, ', "kinds": {"b": WORD}'), "WORD", '"category"'),
        (_register(_TABLE, ', "drop": [WORD]'), ', "drop": [WORD]', ""),
        (_register("WORD"), "WORD", "[[5.1, 3.5], [4.9, 3.0], [1, 2]]"),
        (("/predict", _ASKED), "WORD", '"u"'),
        (("/predict", _ASKED.replace('{"a"', '[{"a"').replace("WORD}", "WORD}]")), "WORD", '"u"'),
    ],
)
def test_a_word_that_json_has_not_is_told_what_is_taken_in_its_place(
    models: Api, word: str, request_: tuple[str, str], sent: str, written: str
) -> None:
    """By obeying: what is told is what works."""
    route, body = request_
    body = body.replace("ALSO", "")
    told = models.raw(route, body.replace("WORD", word).encode())
    assert told.status_code == 400
    assert f"JSON has no {word}: " in told.text.replace('\\"', '"')
    said = told.json["detail"] if told.json else ""
    assert re.search("write |give |leave ", said)
    assert models.raw(route, body.replace(sent, written).encode()).status_code in (200, 201)


@pytest.mark.parametrize(("word", "number"), [("True", "1"), ("FALSE", "0"), ("np.True_", "1")])
def test_a_truth_of_programs_in_a_cell_of_a_list_is_a_number(
    models: Api, word: str, number: str
) -> None:
    route, body = _register(_MATRIX)
    told = models.raw(route, body.replace("WORD", word).encode())
    assert told.status_code == 400
    assert f"not {word}; write {number}. " in told.text
    assert models.raw(route, body.replace("WORD", number).encode()).status_code == 201
