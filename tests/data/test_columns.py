"""Columns of tables: which kind each is, what is learned of it, and the same matrix again.

The oracle of the matrix is scikit-learn's ColumnTransformer.
"""

import csv
import io
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from fitserve.data import intake
from fitserve.data.arrays import FloatArray
from fitserve.data.columns import Columns
from fitserve.data.csv import CsvFile
from fitserve.data.dialect import Dialect
from fitserve.data.intake import Intake
from fitserve.data.json_table import JsonTable, by_name
from fitserve.data.kinds import Form, form
from fitserve.data.options import ColumnOptions
from fitserve.data.words import find_words, most_frequent, word_totals
from fitserve.errors import InvalidRequest
from tests.conftest import EXAMPLES

Cells = Mapping[str, list[Any]]


def sent(columns: Any) -> JsonTable:
    table = by_name(columns, ("X",))
    assert table is not None
    return table


def learned(columns: Any, y: Any = None, target: str | None = None, **options: Any) -> Intake:
    return intake.of_json(sent(columns), ColumnOptions(**options), y, target, json.dumps)


def from_csv(text: str, target: str | None = None, **options: Any) -> Intake:
    chosen = ColumnOptions(**options)
    file = CsvFile(text.encode(), Dialect(missing=chosen.na_values))
    return intake.of_csv(file, chosen, target, json.dumps)


def again(columns: Columns, rows: Any) -> FloatArray:
    """The matrix of other rows, by columns that were stored in between."""
    stored = Columns.restored(json.loads(json.dumps(columns.state())))
    return stored.encode(sent(rows).read(stored.names, Dialect(), stored.as_text))


def refusal(columns: Any, target: str | None = None, **options: Any) -> InvalidRequest:
    take_in: Any = from_csv if isinstance(columns, str) else learned
    with pytest.raises(InvalidRequest) as caught:
        take_in(columns, target=target, **options)
    return caught.value


# ---------------------------------------------------------------------- against scikit-learn

RNG = np.random.default_rng(3)


def with_gaps(values: list[Any], share: float) -> list[Any]:
    return [
        None if gap else value for value, gap in zip(values, RNG.random(80) < share, strict=True)
    ]


def some(*values: Any) -> list[Any]:
    return [values[i] for i in RNG.integers(len(values), size=80)]


TABLES: dict[str, Cells] = {
    "people": {
        "age": with_gaps(RNG.integers(1, 90, 80).tolist(), 0.2),
        "sex": with_gaps(some("male", "female"), 0.1),
        "fare": (RNG.lognormal(3, 2, 80)).tolist(),
        "port": with_gaps(some("Cherbourg", "Queenstown", "Southampton", "Österö"), 0.2),
    },
    "scales": {
        "tiny": (RNG.normal(size=80) * 1e-3).tolist(),
        "huge": with_gaps((RNG.normal(size=80) * 1e6).tolist(), 0.3),
        "same": [0.1] * 80,
        "flag": some(True, False),
    },
    "messages": {
        "sender": some("ann", "bob", "čeněk"),
        "body": [" ".join(some("Offer", "offer!", "won", "lunch", "İstanbul", "a", "x_1")[:9])] * 9
        + [" ".join(some("free", "Straße", "cash", "meet", "we'll")[: i % 7]) for i in range(71)],
        "length": with_gaps(RNG.integers(1, 200, 80).tolist(), 0.1),
    },
    "one value": {"only": ["yes"] * 80, "other": with_gaps(some("a", "b"), 0.5)},
}
KINDS: dict[str, dict[str, str]] = {"messages": {"body": "text"}}


def oracle(columns: Cells, kinds: Mapping[str, str], standardize: bool) -> ColumnTransformer:
    steps: list[Any] = []
    for j, (name, cells) in enumerate(columns.items()):
        if kinds.get(name) == "text":
            steps.append((name, CountVectorizer(max_features=1000), j))
        elif {type(cell) for cell in cells} & {str}:
            fill = SimpleImputer(missing_values=None, strategy="most_frequent")
            steps.append((name, make_pipeline(fill, OneHotEncoder(sparse_output=False)), [j]))
        else:
            fill = SimpleImputer(strategy="median")
            scale = StandardScaler() if standardize else "passthrough"
            steps.append((name, make_pipeline(fill, scale), [j]))
    return ColumnTransformer(steps, sparse_threshold=0.0)


@pytest.mark.parametrize("standardize", [False, True], ids=["as it is", "standardized"])
@pytest.mark.parametrize("name", TABLES)
def test_the_matrix_is_scikit_learns(name: str, standardize: bool) -> None:
    columns, kinds = TABLES[name], KINDS.get(name, {})
    given = {column: [cell or "" for cell in cells] if column in kinds else cells
             for column, cells in columns.items()}  # fmt: skip
    rows = np.array(list(zip(*given.values(), strict=True)), dtype=object)
    found = learned(columns, kinds=kinds, missing="impute", standardize=standardize)
    theirs = oracle(columns, kinds, standardize)
    np.testing.assert_allclose(
        found.X, theirs.fit_transform(rows).astype(float), rtol=1e-12, atol=1e-12
    )
    shuffled = RNG.permutation(80)
    others = {
        column: [cells[i] for i in shuffled] for column, cells in reversed(list(columns.items()))
    }
    np.testing.assert_allclose(
        again(found.columns, others),
        theirs.transform(rows[shuffled]).astype(float),
        rtol=1e-12,
        atol=1e-12,
    )


@pytest.mark.parametrize("standardize", [False, True], ids=["as it is", "standardized"])
def test_penguins_are_encoded_as_scikit_learn_does(standardize: bool) -> None:
    text = (EXAMPLES / "penguins.csv").read_text()
    header, *records = csv.reader(io.StringIO(text))
    numbers = {"bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g", "year"}
    columns: dict[str, list[Any]] = {
        name: [None if c == "NA" else float(c) if name in numbers else c for c in cells]
        for name, cells in zip(header, zip(*records, strict=True), strict=True)
    }
    species = columns.pop("species")
    found = from_csv(text, "species", missing="impute", standardize=standardize)
    rows = np.array(list(zip(*columns.values(), strict=True)), dtype=object)
    theirs = oracle(columns, {}, standardize).fit_transform(rows).astype(float)
    np.testing.assert_allclose(found.X, theirs, rtol=1e-12, atol=1e-12)
    assert found.y is not None
    assert found.y.tolist() == species


def test_what_is_stored_gives_the_same_bits() -> None:
    for name, columns in TABLES.items():
        found = learned(columns, kinds=KINDS.get(name, {}), missing="impute", standardize=True)
        assert again(found.columns, columns).tolist() == found.X.tolist()


WORDS = st.sampled_from(
    ["Straße", "STRASSE", "ẞ", "İstanbul", "ıj", "ﬁn", "Ǆ", "ΟΔΟΣ", "e\u0301te\u0301", "😀ab",
     "x_1", "we'll", "٣٤", "a\u00a0b", "", "ab", "AB", "a b", "to-do", "C3PO", "日本語"]
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(WORDS, max_size=6).map(" ".join), min_size=1, max_size=8))
def test_words_are_those_of_scikit_learn(texts: list[str]) -> None:
    total = word_totals((text, 1) for text in texts)
    words = sorted(total)
    if not words:
        return
    theirs = CountVectorizer().fit(texts)
    assert words == theirs.get_feature_names_out().tolist()
    counted = np.asarray(theirs.transform(texts).sum(axis=0)).ravel()
    assert [total[word] for word in words] == counted.tolist()


def test_of_words_as_frequent_the_first_in_order_is_taken() -> None:
    total = word_totals([("pear fig pear", 1), ("apple kiwi", 2)])
    assert most_frequent(total, 3) == ["apple", "kiwi", "pear"]
    assert find_words("I'd like TWO, a") == ["like", "two"]


# ------------------------------------------------------------------------------------ kinds


@pytest.mark.parametrize(
    ("expected", "cells"),
    [
        (Form.NUMBER, "0 1 -1 +1 1. .5 1e5 1.5E-3 0.5 1e999"),
        (Form.ZEROS, "007 -01 00 00.5"),
        (Form.TRUTH, "true True TRUE false False FALSE"),
        (Form.COMMA, "0,5 -1,25 12,3456 1.234,5"),
        (Form.GROUPED, "1,234 12,345,678 -1,234.5"),
        (Form.OTHERWISE, "5% $5 -$5 5€ (5) 1'234 0x1F inf -Infinity １２ ٣ 1_000 −5 USD5 5‰"),
        (Form.DATE, "2020-01-31 31/12/1999 12/31/99 31.12.1999 1974Q1 12:30 2020-W05 2020-01"),
        (Form.DATE, "2020-01-01T10:00:00Z 5-Jan-2020 Jan-74 10:00:01.5 1999/12/31"),
        (Form.GAP, "- ? . * n/a None - NIL #DIV/0! unknown"),
        (Form.TEXT, "tRUE 1B x_y 1920-21 1.2.3 1/2 日本 Montréal 1e e5 a1 13:7 May"),
    ],
)
def test_how_a_cell_is_written(expected: Form, cells: str) -> None:
    assert {cell: form(cell) for cell in cells.split()} == dict.fromkeys(cells.split(), expected)


@pytest.mark.parametrize(
    "cell", ["Jan 5, 2020", "5 January 2020", "2020-01-01 10:00", "12:30 pm", "Mon, 5 Jan 2020"]
)
def test_dates_with_spaces(cell: str) -> None:
    assert form(cell) is Form.DATE


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        ([1, 2.5, -3], "number"),
        ([1, True, False], "number"),
        ([True, False, True], "number"),
        (["TRUE", "FALSE", "TRUE"], "number"),
        (["a", "b", "a"], "category"),
        (["1B", "SS", "1B"], "category"),
        (["Marseille 01", "Paris", "Paris"], "category"),
        (["100%", "most", "most"], "category"),
        (["1A", "2B", "1A"], "category"),
        (["-", "x", "x"], "category"),
        (["true", "maybe", "maybe"], "category"),
        (["01234", "10115", "10115"], "category"),
    ],
)
def test_a_column_is_what_its_cells_are(cells: list[Any], kind: str) -> None:
    assert [one["kind"] for one in learned({"x": cells, "n": [1, 2, 3]}).described] == [
        kind,
        "number",
    ]


REFUSED: dict[str, tuple[list[str], str, str, dict[str, Any]]] = {
    "a text among numbers": (
        ["1", "2", "rotary", "4"], "mixed_column", "'rotary'", {"kinds": {"x": "category"}}),
    "a number among text": (["a", "b", "7", "a"], "mixed_column", "number 7",
                            {"kinds": {"x": "category"}}),
    "a gap mark among numbers": (["1", "-", "3", "4"], "gap_mark", "'-'",
                                 {"na_values": None, "missing": "impute"}),
    "thousands": (["1,234", "5,678", "910", "1"], "number_format", "1234", {}),
    "all thousands": (["1,234", "5,678", "9,100", "1,000"], "number_format", "1234",
                      {}),
    "decimal commas": (["0,5", "1,25", "3", "0,75"], "number_format", "decimal=,",
                       {"decimal": ","}),
    "per cent": (["5 %", "10 %", "20 %", "5 %"], "number_format", "0.05", {}),
    "currency": (["$5", "$10", "$7.50", "$5"], "number_format", "write 5,", {}),
    "a unit": (["5 kg", "7 kg", "500 g", "2 kg"], "number_format", "all in one unit", {}),
    "dates": (["2020-01-01", "2020-01-02", "2020-01-03", "2020-02-01"], "date", "year",
              {"drop": ["x"]}),
    "dates and gap marks": (["2020-01-01", "?", "2020-01-03", "2020-02-01"], "date", "year",
                            {"drop": ["x"]}),
    "times": (["12:30", "13:00", "13:30", "12:30"], "date", "time", {"drop": ["x"]}),
    "leading zeros": (["007", "010", "123", "7"], "leading_zeros", "zeros",
                      {"kinds": {"x": "category"}}),
    "nothing": (["", "NA", " ", ""], "empty", "all others; fill", {}),
    "beyond float64": (["1", "1e999", "2", "1e400"], "finite_number", "1.8e308", {"drop": ["x"]}),
    "a gap": (["1", "", "2", "3"], "missing", "missing=impute", {"missing": "impute"}),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_nothing_is_guessed_in_silence(case: str) -> None:
    cells, type_, says, set_ = REFUSED[case]
    quoted = [f'"{cell}"' if "," in cell else cell for cell in cells]
    lines = "\n".join(f"{cell},{i % 2}" for i, cell in enumerate(quoted))
    error = refusal(f"x,y\n{lines}\n", "y")
    fault = error.faults[0]
    assert (fault.type, fault.loc[0], fault.loc[2]) == (type_, "line", "x")
    assert says in fault.msg
    if not set_:
        assert error.add is None
        return
    assert error.add is not None
    proposed = json.loads(error.add)
    if "na_values" in proposed:
        proposed["na_values"] = None
    assert proposed == set_
    dialect = {"decimal": proposed.pop("decimal", ".")}
    if "," in dialect["decimal"]:
        text = f"x,y\n{lines}\n".encode()
        found = intake.of_csv(CsvFile(text, Dialect(**dialect)), ColumnOptions(), "y", json.dumps)
    elif proposed == {"drop": ["x"]}:
        return
    else:
        found = from_csv(f"x,y\n{lines}\n", "y", **json.loads(error.add))
    assert found.described[0]["name"] == "x"


def test_the_line_of_a_fault_is_the_files() -> None:
    error = refusal('x,name,y\n1,"two\nlines",0\n\n2,b,1\nrotary,b,0\n3,c,1\n', "y")
    assert error.faults[0].loc == ("line", 6, "x")


def test_text_that_is_different_in_every_row_is_refused_from_ten_rows_on() -> None:
    states = [f"state {i}" for i in range(10)]
    assert learned({"x": states[:9]}).described[0]["kind"] == "category"
    error = refusal({"x": states})
    assert error.faults[0].type == "all_different"
    assert json.loads(error.add or "") == {"kinds": {"x": "text"}}
    assert json.loads(refusal({"x": states, "z": [1, 2] * 5}).add or "") == {"drop": ["x"]}
    assert learned({"x": states}, kinds={"x": "category"}).X.shape == (10, 10)
    sentences = [f"this is sentence number {'x' * i}" for i in range(10)]
    assert json.loads(refusal({"x": sentences}).add or "") == {"kinds": {"x": "text"}}


def test_a_category_has_at_most_so_many_values() -> None:
    cities = [f"city {i % 70}" for i in range(210)]
    error = refusal({"x": cities})
    assert error.faults[0].type == "too_many_categories"
    assert "70 different" in error.faults[0].msg
    assert "64" in error.faults[0].msg
    add = json.loads(error.add or "")
    assert add == {"max_categories": 70}
    assert learned({"x": cities}, **add).X.shape == (210, 70)
    names = [f"city {i % 150}" for i in range(210)]
    assert json.loads(refusal({"x": names}).add or "") == {"kinds": {"x": "text"}}


def test_categories_can_be_refused_altogether() -> None:
    table = {"x": ["a", "b", "a"], "n": [1, 2, 3]}
    assert refusal(table, categories="error").faults[0].type == "text_refused"
    assert learned(table, categories="error", drop=["x"]).X.shape == (3, 1)
    assert learned(table, categories="error", kinds={"x": "category"}).X.shape == (3, 3)


def test_all_that_is_wrong_with_a_table_is_said_at_once() -> None:
    lines = [f"{d},{n},{m},{c},y{d % 2}" for d, n, m, c in
             zip(range(1, 6), ["1", "-", "3", "", "5"], [f"2020-01-0{i}" for i in range(1, 6)],
                 ["007", "2", "3", "4", "5"], strict=True)]  # fmt: skip
    text = "id,n,date,code,y\n" + "\n".join(lines)
    error = refusal(text, "y")
    assert [fault.loc[2] for fault in error.faults] == ["date", "code", "n", "n"]
    assert [fault.loc[1] for fault in error.faults] == [2, 2, 3, 5]
    add = json.loads(error.add or "")
    assert add.pop("na_values")[-1] == "-"
    assert add == {"missing": "impute", "drop": ["date"], "kinds": {"code": "category"}}
    found = from_csv(text, "y", **json.loads(error.add or ""))
    assert found.columns.names == ["id", "n", "code"]
    assert error.detail.endswith(error.add or "?")


def test_what_was_sent_before_is_part_of_what_is_proposed() -> None:
    table = {"a": ["2020-01-01"] * 2, "b": ["2021-01-01"] * 2, "c": [1, 2], "d": ["007"] * 2}
    error = refusal(table, drop=["a"], kinds={"d": "category"})
    assert json.loads(error.add or "") == {"drop": ["a", "b"]}


def test_names_of_no_column_are_refused() -> None:
    error = refusal({"a": [1, 2]}, "z", drop=["b"], kinds={"c": "text"})
    assert [fault.loc for fault in error.faults] == [("drop",), ("kinds",), ("target",)]
    assert "there are: a" in error.faults[0].msg


# ----------------------------------------------------------------------------- what is missing


def test_missing_cells_are_filled_by_the_median_or_the_most_frequent() -> None:
    table = {"n": [1, None, 5, 2], "c": ["b", None, "a", "a"], "t": ["b", "a", None, None]}
    found = learned(table, missing="impute")
    assert [one["fill"] for one in found.described] == [2.0, "a", "a"]
    assert [one["missing"] for one in found.described] == [1, 1, 2]
    assert found.X.tolist() == [[1, 0, 1, 0, 1], [2, 1, 0, 1, 0], [5, 1, 0, 1, 0], [2, 1, 0, 1, 0]]


def test_rows_with_missing_cells_can_be_left_out() -> None:
    table = {"n": [1, None, 5, 2], "c": ["b", "z", "a", None], "y": [1, 0, 1, 0]}
    found = learned(table, target="y", missing="drop")
    assert found.X.tolist() == [[1, 0, 1], [5, 1, 0]]
    assert found.columns.encoded_names == ["n", "c=a", "c=b"]
    assert found.y is not None
    assert found.y.tolist() == [1, 1]
    assert found.table.rows is not None
    assert found.table.rows.tolist() == [0, 2]
    assert found.table.table.place(1, "n") == ("X", "n", 2)
    with pytest.raises(InvalidRequest, match="the cell is empty"):
        again(found.columns, table)


def test_a_missing_target_is_an_error_or_left_out_and_never_filled() -> None:
    table = {"n": [1, 2, None, 4], "y": ["a", None, "b", "a"]}
    for missing in ("error", "impute"):
        error = refusal(table, "y", missing=missing)
        assert error.faults[-1].loc == ("X", "y", 1)
        assert json.loads(error.add or "") == {"missing": "drop"}
    found = learned(table, target="y", missing="drop")
    assert found.y is not None
    assert found.y.tolist() == ["a", "a"]
    assert learned({"n": [1, 2]}, y=[1, None], missing="drop").X.tolist() == [[1.0]]


def test_a_target_that_is_missing_altogether_is_said() -> None:
    error = refusal({"a": [1, 2], "y": [None, None]}, "y", missing="drop")
    assert error.faults[0].type == "empty"
    assert error.add is None


def test_no_row_left_is_said() -> None:
    assert refusal({"a": [1, None], "b": [None, 1]}, missing="drop").faults[0].type == "no_rows"


@pytest.mark.parametrize("missing", ["error", "impute"])
def test_a_gap_when_predicting_is_filled_or_refused(missing: str) -> None:
    found = learned({"n": [1, 2, 4], "c": ["a", "b", "b"]}, missing=missing)
    rows = [{"n": None, "c": "a"}, {"n": 1, "c": None}]
    if missing == "impute":
        assert again(found.columns, rows).tolist() == [[2, 1, 0], [1, 0, 1]]
        return
    with pytest.raises(InvalidRequest) as caught:
        again(found.columns, rows)
    assert [fault.loc for fault in caught.value.faults] == [("X", 0, "n"), ("X", 1, "c")]
    assert "missing=impute" in caught.value.faults[0].msg


# -------------------------------------------------------------------------------- predicting


@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        ("rome", "; write 'Rome'; known"),
        ("ROME", "; write 'Rome'; known"),
        ("evry", "; write 'Évry'; known"),
        ("new  york", "; write 'New York'; known"),
        ("New-York", "; write 'New York'; known"),
        ("a+", "; write 'A+'; known"),
        ("B", "; write 'b'; known"),
        ("Roma", "trained; known"),
        ("+", "trained; known"),
    ],
)
def test_a_category_that_is_written_otherwise(sent: str, meant: str) -> None:
    known = ["A+", "A-", "New York", "Rome", "b", "Évry"]
    columns = learned({"city": known}).columns
    with pytest.raises(InvalidRequest) as caught:
        again(columns, {"city": [sent]})
    assert meant in caught.value.detail


def test_an_unknown_category_is_refused_or_all_zeros() -> None:
    table = {"c": ["b", "a", "b"]}
    with pytest.raises(InvalidRequest, match="known are: a, b") as caught:
        again(learned(table).columns, {"c": ["a", "zebra", "b", "yak"]})
    assert [fault.loc for fault in caught.value.faults] == [("X", "c", 1), ("X", "c", 3)]
    ignoring = learned(table, unknown="ignore").columns
    assert again(ignoring, {"c": ["zebra", " a "]}).tolist() == [[0, 0], [1, 0]]


def test_a_number_column_takes_numbers_alone() -> None:
    found = learned({"n": [1, 2, 4]}).columns
    with pytest.raises(InvalidRequest) as caught:
        again(found, {"n": [1, "5", "x", 10**400]})
    assert [fault.loc[2] for fault in caught.value.faults] == [1, 2, 3]
    assert "not the text '5'" in caught.value.faults[0].msg
    assert "finite" in caught.value.faults[2].msg


def test_many_faults_are_counted_and_the_first_ones_told_in_reading_order() -> None:
    found = learned({"a": [1, 2, 4], "b": [1, 2, 3]}).columns
    with pytest.raises(InvalidRequest) as caught:
        again(found, [{"a": "x", "b": None}] * 50)
    assert caught.value.total == 100
    assert [fault.loc for fault in caught.value.faults[:3]] == [
        ("X", 0, "a"), ("X", 0, "b"), ("X", 1, "a")]  # fmt: skip
    assert len(caught.value.faults) == 20


def test_truth_values_are_learned_as_numbers_and_known_again() -> None:
    columns = from_csv("x,y\nTRUE,1\nFALSE,2\nTRUE,3\n", "y").columns
    table = CsvFile(b"x\nfalse\nTrue\n1\n").read(["x"])
    assert columns.encode(table).tolist() == [[0.0], [1.0], [1.0]]


def test_columns_that_an_earlier_version_learned_take_truths_as_before() -> None:
    state = learned({"a": [1, 2, 4]}).columns.state()
    with pytest.raises(InvalidRequest, match="not true; write 1"):
        again(Columns.restored(state), {"a": [True]})
    state["encoders"][0]["truths"] = False
    assert again(Columns.restored(state), {"a": [True, 7]}).tolist() == [[1.0], [7.0]]


def test_numbers_can_be_categories_as_they_are_written() -> None:
    found = from_csv("zip,y\n01234,1\n10115,2\n01234,3\n", "y", kinds={"zip": "category"})
    assert found.columns.encoded_names == ["zip=01234", "zip=10115"]
    found = learned({"zip": [10115, 20095.0, 10115]}, kinds={"zip": "category"})
    assert found.columns.encoded_names == ["zip=10115", "zip=20095"]
    assert again(found.columns, {"zip": [20095, "10115"]}).tolist() == [[0, 1], [1, 0]]


def test_words_name_columns_and_the_rest_is_ignored() -> None:
    found = learned({"body": ["Offer! offer now", "see you now"]}, kinds={"body": "text"})
    assert found.columns.encoded_names == ["body~now", "body~offer", "body~see", "body~you"]
    assert found.X.tolist() == [[1, 2, 0, 0], [1, 0, 1, 1]]
    few = learned(
        {"body": ["Offer! offer now", "see you now"]}, kinds={"body": "text"}, max_words=2
    )
    assert few.columns.encoded_names == ["body~now", "body~offer"]
    assert again(few.columns, {"body": ["never seen"]}).tolist() == [[0, 0]]
    with pytest.raises(InvalidRequest, match="no cell of this column holds a word"):
        learned({"body": ["a", "! b"]}, kinds={"body": "text"})


def test_a_column_is_owned_by_the_tables() -> None:
    columns = learned({"n": [1, 2, 1], "c": ["b", "a", "b"], "m": [1, 2, 3]}).columns
    assert [columns.owner(j) for j in range(4)] == ["n", "c", "c", "m"]
    assert columns.n_encoded == 4


# ------------------------------------------------------------------------------------ target


@pytest.mark.parametrize(
    ("cells", "y"),
    [
        ("1 2 1", [1, 2, 1]),
        ("1.0 2.0 1.0", [1, 2, 1]),
        ("1.5 2 1", [1.5, 2.0, 1.0]),
        ("007 010 007", ["007", "010", "007"]),
        ("TRUE FALSE TRUE", [True, False, True]),
        ("yes no yes", ["yes", "no", "yes"]),
        ("9007199254740993 1 9007199254740995", [9007199254740993, 1, 9007199254740995]),
        ("1e300 2 3", [1e300, 2.0, 3.0]),
    ],
)
def test_a_target_is_as_it_is_written(cells: str, y: list[Any]) -> None:
    lines = "\n".join(f"{i},{cell}" for i, cell in enumerate(cells.split()))
    found = from_csv(f"x,y\n{lines}\n", "y").y
    assert found is not None
    assert found.tolist() == y
    assert [type(one) for one in found.tolist()] == [type(one) for one in y]


def test_a_target_with_zeros_before_it_can_be_said_to_be_a_number() -> None:
    found = from_csv("x,y\n1,007\n2,010\n", "y", kinds={"y": "number"}).y
    assert found is not None
    assert found.tolist() == [7, 10]


@pytest.mark.parametrize(
    ("cells", "type_"),
    [
        ("1 2 x", "mixed_column"),
        ("2020-01-01 2020-01-02 2020-01-03", "date"),
        ("5% 6% 7%", "number_format"),
        ("1 - 2", "gap_mark"),
        ("a b c d e f g h i j", "all_different"),
        ("1 1e999 2", "finite_number"),
    ],
)
def test_a_target_is_not_guessed_either(cells: str, type_: str) -> None:
    lines = "\n".join(f"{i},{cell}" for i, cell in enumerate(cells.split()))
    error = refusal(f"x,y\n{lines}\n", "y")
    assert error.faults[0].type == type_
    assert error.faults[0].loc[2] == "y"
    if type_ not in ("all_different", "gap_mark"):
        found = from_csv(f"x,y\n{lines}\n", "y", kinds={"y": "category"}).y
        assert found is not None
        assert found.tolist() == cells.split()


def test_a_json_target_has_its_own_type() -> None:
    found = learned({"x": [1, 2], "y": ["1", "2"]}, target="y").y
    assert found is not None
    assert found.tolist() == ["1", "2"]
    error = refusal({"x": [1, 2, 3], "y": [1, "b", None]}, "y", missing="drop")
    assert error.faults[0].loc == ("X", "y", 1)


# ------------------------------------------------------------------------------------- JSON


@pytest.mark.parametrize(
    ("table", "loc"),
    [
        ([{"a": 1}, 2], ("X", 1)),
        ([{"a": 1, "b": 1}, {"a": 1}], ("X", 1, "b")),
        ([{"a": 1}, {"a": 1, "b": 2}], ("X", 1, "b")),
        ([{}], ("X", 0)),
        ({"a": [1, 2], "b": [1]}, ("X", "b")),
        ({"a": {"0": 1}}, ("X",)),
        ({"a": {"0": 1}, "b": [1]}, ("X", "a")),
        ({}, ("X",)),
        ({"a": []}, ("X",)),
        ({"a": [1, [2]]}, ("X", "a", 1)),
        ([{"a": 1}, {"a": {"b": 2}}], ("X", 1, "a")),
        ({"a": ["x", "\ud800"]}, ("X", "a", 1)),
        ({"a": ["x", "a\0"]}, ("X", "a", 1)),
    ],
)
def test_json_tables_say_where_they_are_wrong(table: Any, loc: tuple[Any, ...]) -> None:
    assert refusal(table).faults[0].loc == loc


def test_rows_and_columns_by_name_are_the_same_table() -> None:
    columns = {"a": [1, 2.5, None], "b": ["x", "y", "x"], "c": [True, False, True]}
    rows = [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]
    one, other = (learned(table, missing="impute") for table in (columns, rows))
    assert one.X.tolist() == other.X.tolist()
    assert one.columns.state() == other.columns.state()


# --------------------------------------------------------------------------------- summaries


def test_summaries_show_what_was_sent() -> None:
    found = learned(
        {"n": [0, 1, 2, 17, 18, None], "c": list("bbaacd"), "t": ["up up", "in"] * 3},
        missing="impute",
        kinds={"t": "text"},
    )
    number, category, text = (one["summary"] for one in found.described)
    assert (number["min"], number["median"], number["max"]) == (0.0, 2.0, 18.0)
    assert number["counts"] == [1, 1, 1, *[0] * 14, 2]
    assert category == {"values": ["a", "b", "c", "d"], "counts": [2, 2, 1, 1]}
    assert text == {"values": ["up", "in"], "counts": [6, 3]}


@pytest.mark.parametrize(
    "cells", [[1e308, 1.1e308], [1e308, -1e308, 0.0], [5e-324, 0.0, 1e-323], [7.0, 7.0, 7.0]]
)
def test_summaries_of_the_largest_and_smallest_numbers(cells: list[float]) -> None:
    summary = learned({"n": cells}).described[0]["summary"]
    assert sum(summary["counts"]) == len(cells)
    assert all(np.isfinite([summary["min"], summary["median"], summary["max"]]))


def test_standardizing_survives_large_and_small_numbers() -> None:
    for scale in (1e300, 1e-300):
        X = learned({"n": [1 * scale, 2 * scale, 4 * scale]}, standardize=True).X
        np.testing.assert_allclose(X.std(), 1.0, rtol=1e-12)
    assert learned({"n": [7, 7]}, standardize=True).X.tolist() == [[0.0], [0.0]]


# ------------------------------------------------------------------------------- decimal signs


@pytest.mark.parametrize("target", ["x", "y"])
def test_a_point_where_a_comma_was_said_to_be_the_decimal_sign_is_refused(target: str) -> None:
    """1.234 may be a thousand."""
    for cells in (["-0.159", "3"], ["1.234", "2.345"]):
        text = "x,y\n" + "".join(f"{cell},{cell}\n" for cell in cells)
        file = CsvFile(text.encode(), Dialect(decimal=","))
        with pytest.raises(InvalidRequest, match="decimal sign") as caught:
            intake.of_csv(file, ColumnOptions(), target, json.dumps)
        assert caught.value.faults[0].loc[:2] == ("line", 2)


@pytest.mark.parametrize("cells", [["b", None], ["-", None], [None, None], ["2020-01-01", "b"]])
def test_a_column_said_to_be_a_number_is_refused_where_it_holds_none(cells: list[Any]) -> None:
    table = {"x": cells, "n": [1, 2]}
    assert refusal(table, kinds={"x": "number"}, missing="impute").faults[0].loc[1] == "x"
    lines = "".join(f"{cell or ''},{i}\n" for i, cell in enumerate(cells))
    if cells[0] is not None:
        error = refusal(f"x,n\n{lines}", "x", kinds={"x": "number"}, missing="drop")
        assert error.faults[0].loc == ("line", 2, "x")
