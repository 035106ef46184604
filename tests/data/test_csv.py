"""Tables out of CSV: the same cells as Python's csv gives, and what is wrong by its line."""

import csv
import io
import json
import math
import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fitserve.data.cells import ColumnBuilder
from fitserve.data.csv import CsvFile
from fitserve.data.dialect import MISSING_WORDS, Dialect
from fitserve.data.table import MISSING, NUMBER, OTHER, Table
from fitserve.errors import InvalidRequest

Cell = float | str | None
SPACES = " \t\r\n"
GRAMMAR = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?").fullmatch

NUMBERS = ["1", "2.5", "-3e4", "0", "12345.678", "7e-3", "1E5", "9007199254740993"]
ODD = [
    *("+1", "007", ".5", "1.", " 4 ", "1e999", "9" * 400, "NA", "null", "NaN", "", "  "),
    *("true", "[1", '"a"', "]", "{", "1,2", "1;2", "1,5", "1_000", "0x1", "inf", "nan", "-", "NA "),
    *("١", "\u00a01", "é", "a\nb", "a\r\nb", 'say "x"', "\u2028", "\x0b", "\x85", "'", "x"),
]


def reading(cell: str, dialect: Dialect, as_text: bool = False) -> Cell:
    """What a cell is, said a second time and slowly."""
    if cell.strip(SPACES) in ("", *dialect.missing):
        return None
    bare = cell.strip(SPACES)
    if dialect.decimal == ",":
        bare = "no" if "." in bare else bare.replace(",", ".")
    return float(bare) if not as_text and GRAMMAR(bare) else cell


def cells(table: Table, name: str) -> list[Cell]:
    column = table.columns[name]
    found: list[Cell] = []
    for i in range(table.n_rows):
        code = NUMBER if column.codes is None else int(column.codes[i])
        if code == NUMBER:
            assert column.values is not None
            value = float(column.values[i])
            found.append(None if math.isnan(value) else value)
        else:
            found.append(None if code == MISSING else column.texts[code])
    return found


def read(body: bytes | str, dialect: Dialect = Dialect(), **asked: Any) -> dict[str, list[Cell]]:  # noqa: B008
    file = CsvFile(body if isinstance(body, bytes) else body.encode(), dialect)
    table = file.read(file.names, **asked)
    return {name: cells(table, name) for name in file.names}


def faults(act: Callable[[], object]) -> list[tuple[tuple[str | int, ...], str]]:
    with pytest.raises(InvalidRequest) as refused:
        act()
    return [(fault.loc, fault.msg) for fault in refused.value.faults]


# ------------------------------------------------------------------- against Python's csv


@st.composite
def written(draw: st.DrawFn) -> tuple[list[list[str]], str, Dialect]:
    """Rows, the CSV that holds them, and its dialect."""
    width = draw(st.integers(1, 4))
    pool = st.sampled_from([NUMBERS, [*NUMBERS, "NA", ""], ODD, NUMBERS + ODD, ["x", "y", ""]])
    columns = [st.sampled_from(draw(pool)) for _ in range(width)]
    rows = draw(st.lists(st.tuples(*columns).map(list), min_size=1, max_size=12))
    if width == 1:  # a line of spaces is a blank line
        rows = [["-"] if row[0] and not row[0].strip(SPACES) else row for row in rows]
    dialect = Dialect(
        draw(st.sampled_from(",;\t|")),
        draw(st.sampled_from(".,")),
        missing=draw(st.sampled_from([MISSING_WORDS, (), ("-", "x")])),
    )
    out = io.StringIO()
    writer = csv.writer(
        out,
        delimiter=dialect.delimiter or ",",
        quoting=draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])),
        lineterminator=draw(st.sampled_from(["\n", "\r\n"])),
    )
    writer.writerow(f"c{j}" for j in range(width))
    writer.writerows(rows * draw(st.sampled_from([1, 1, 1, 900])))
    return (
        list(csv.reader(io.StringIO(out.getvalue(), newline=""), dialect_of(dialect)))[1:],
        (out.getvalue()),
        dialect,
    )


def dialect_of(dialect: Dialect) -> type[csv.Dialect]:
    class Its(csv.excel):
        delimiter = dialect.delimiter or ","
        strict = True

    return Its


@settings(max_examples=100, deadline=None)
@given(written(), st.data())
def test_the_cells_are_those_of_csv(
    table: tuple[list[list[str]], str, Dialect], data: st.DataObject
) -> None:
    rows, text, dialect = table
    file = CsvFile(text.encode(), dialect)
    as_text = data.draw(st.sets(st.sampled_from(file.names), max_size=1))
    apart = data.draw(st.sets(st.sampled_from(file.names), max_size=1)) - as_text
    expected = {
        name: [reading(row[j], dialect, name in as_text) for row in rows]
        for j, name in enumerate(file.names)
    }
    found = file.read(file.names, apart=apart, text=as_text)
    assert {name: cells(found, name) for name in file.names} == expected
    assert found.n_rows == len(rows) <= file.most_rows
    size = data.draw(st.sampled_from([1, 7, 5000]))
    if size > 1 or len(rows) < 20:
        blocks = list(file.blocks(file.names, text=as_text, rows=size))
        assert [block.start for block in blocks] == list(range(0, len(rows), size))
        for name in file.names:
            assert [cell for block in blocks for cell in cells(block, name)] == expected[name]


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.sampled_from(NUMBERS + ODD), min_size=1, max_size=8),
    st.sampled_from(".,"),
    st.sampled_from([MISSING_WORDS, ()]),
)
@example(["1,2", ""], ".", MISSING_WORDS)
@example(["[1", "2]"], ".", MISSING_WORDS)
@example(["null", "1"], ".", ())
@example(["", ",", "1"], ".", ())
def test_numbers_read_at_once_are_those_read_one_by_one(
    column: list[str], decimal: str, missing: Sequence[str]
) -> None:
    dialect = Dialect(decimal=decimal, missing=missing)
    expected = [reading(cell, dialect) for cell in column]
    found = dialect.numbers(column)
    if any(isinstance(cell, str) for cell in expected):
        assert found is None
    else:
        assert found is not None
        assert np.array_equal(found[0], np.array(expected, dtype=float), equal_nan=True)
        zeros = [i for i, cell in enumerate(column) if re.match(r"\s*[+-]?0\d", cell)]
        assert found[1] == (zeros[0] if zeros else None)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("quoted", [True, False])
def test_the_delimiter_is_found(delimiter: str, end: str, quoted: bool) -> None:
    rows = [["name, first", "x y", "z"], ["a;b", "1,5", "2,5"], ["c", "3", "4"]]
    out = io.StringIO()
    writer = csv.writer(
        out,
        delimiter=delimiter,
        lineterminator=end,
        quoting=csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL,
    )
    writer.writerows(rows)
    file = CsvFile(out.getvalue().encode())
    assert file.delimiter == delimiter
    assert file.names == rows[0]


# ------------------------------------------------------------------------------- the dialect


@pytest.mark.parametrize(
    "text", ["1", "-1", "+1", "007", ".5", "1.", "-.5e-3", "1E5", " 1 ", "\t1", "1.e+2", "0" * 50]
)
def test_a_number(text: str) -> None:
    assert read(f'a,b\n"{text}",x\n')["a"] == [float(text)]


@pytest.mark.parametrize(
    "text",
    [
        *("1_000", "0x1F", "inf", "-Infinity", "1e", "e5", ".", "+", "1 2", "١", "１２", "\u00a01"),
        *("1,000", "5 %", "$5", "1.2.3", "--1", "true", "1e5.0", "[1]", '""1""'),
    ],
)
def test_no_number(text: str) -> None:
    assert read(f'a,b\n"{text}",x\n')["a"] == [text.replace('""', '"')]


def test_a_decimal_comma_is_heeded() -> None:
    rows = "a;b\n1,5;2\n-2,5e3;3\n1.5;x\n"
    assert read(rows, Dialect(decimal=",")) == {"a": [1.5, -2500.0, "1.5"], "b": [2.0, 3.0, "x"]}
    assert read(rows)["a"] == ["1,5", "-2,5e3", 1.5]
    assert read('a,b\n"1,5",2\n', Dialect(decimal=","))["a"] == [1.5]


@pytest.mark.parametrize("word", ["", " ", " \t", *MISSING_WORDS, " NA "])
def test_missing(word: str) -> None:
    assert read(f"a,b\n1,x\n{word},{word}\n") == {"a": [1.0, None], "b": ["x", None]}


@pytest.mark.parametrize("word", ["Nan", "None", "na", "-", "?", "n/a"])
def test_not_missing(word: str) -> None:
    assert read(f"a,b\n{word},1\n")["a"] == [word]


def test_na_values_stand_in_place_of_the_usual_words() -> None:
    body = "a,b\nNA,-\n1,2\n"
    asked = Dialect.from_query({"na_values": "-,?"})
    assert read(body, asked) == {"a": ["NA", 1.0], "b": [None, 2.0]}
    assert read(body, Dialect.from_query({"na_values": ""})) == {"a": ["NA", 1.0], "b": ["-", 2.0]}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("a,b\n1,2", {"a": [1.0], "b": [2.0]}),
        ("\ufeffa,b\r\n1,2\r\n", {"a": [1.0], "b": [2.0]}),
        ("\n\na,b\n\n1,2\n   \n3,4\n\n", {"a": [1.0, 3.0], "b": [2.0, 4.0]}),
        ("sep=;\na;b\n1;2\n", {"a": [1.0], "b": [2.0]}),
        ('\ufeff"sep=|"\r\na|b\r\n1|2\r\n', {"a": [1.0], "b": [2.0]}),
        (" a ,  b c\n1,2\n", {"a": [1.0], "b c": [2.0]}),
        ("Größe,naïve\n1,2\n", {"Größe": [1.0], "naïve": [2.0]}),
        (",a\n1,2\n2,3\n", {"a": [2.0, 3.0]}),
        ('"","a"\n"row",2\n', {"a": [2.0]}),
        ('a\n""\n1\n', {"a": [None, 1.0]}),
        ("a\n1\n   \n\n2\n", {"a": [1.0, 2.0]}),
        ("a\n\u00a0\nx\n", {"a": ["\u00a0", "x"]}),
        ("body\nhello, you\nand, you\n", {"body": ["hello, you", "and, you"]}),
        ('a,b\n"x, ""y""\nz",1\n', {"a": ['x, "y"\nz'], "b": [1.0]}),
        ('a,b\nx"y,1\n', {"a": ['x"y'], "b": [1.0]}),
        ("a,b\nx\u2028y\x0bz\x85,1\n", {"a": ["x\u2028y\x0bz\x85"], "b": [1.0]}),
        ("a,b\n1,2\r\r\n", {"a": [1.0], "b": [2.0]}),
    ],
)
def test_a_table(body: str, expected: dict[str, list[Cell]]) -> None:
    assert read(body) == expected


def test_without_a_header_columns_are_numbered() -> None:
    assert read("\n1,x\n2,y\n", Dialect(header=False)) == {"0": [1.0, 2.0], "1": ["x", "y"]}


def test_a_first_column_without_a_name_is_left_out() -> None:
    assert CsvFile(b",a\n1,2\n").left_out
    assert not CsvFile(b"a,b\n1,2\n").left_out
    assert not CsvFile(b",1\n2,3\n", Dialect(header=False)).left_out


@pytest.mark.parametrize(
    ("query", "dialect"),
    [
        ({}, Dialect()),
        ({"delimiter": "tab"}, Dialect("\t")),
        ({"delimiter": "\\t"}, Dialect("\t")),
        ({"delimiter": "|", "decimal": ",", "header": "false"}, Dialect("|", ",", False)),
    ],
)
def test_a_query_says_the_dialect(query: dict[str, str], dialect: Dialect) -> None:
    assert Dialect.from_query(query) == dialect


def test_all_that_is_wrong_in_a_query_is_told() -> None:
    query = {"delimiter": "ab", "decimal": ";", "header": "no"}
    found = faults(lambda: Dialect.from_query(query))
    assert [loc for loc, _ in found] == [("delimiter",), ("decimal",), ("header",)]
    for sign in ["", "a", "1", '"', "\n", "\0", ".", "-", "\ud800"]:
        assert faults(lambda sign=sign: Dialect.from_query({"delimiter": sign}))  # type: ignore[misc]


# ------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("body", "loc", "words"),
    [
        (b"", ("line", 1), "empty"),
        (b"\n \n", ("line", 1), "empty"),
        (b"a,b\n\n", ("line", 1), "no row"),
        ("a,b\n1,2\n".encode("utf-16"), ("line", 1), "UTF-16"),
        *(
            (f"{name}b\n1,2\n".encode(code), ("line", 1), f"iconv -f {code} -t UTF-8")
            for name in ("a,", "α,")
            for code in ("UTF-16", "UTF-16BE", "UTF-16LE", "UTF-32", "UTF-32BE", "UTF-32LE")
        ),
        (b"\0\0\xfe\xff" + "a,b\n1,2\n".encode("utf-32-be"), ("line", 1), "-f UTF-32 -t"),
        (b"\xfe\xff" + "a,b\n1,2\n".encode("utf-16-be"), ("line", 1), "-f UTF-16 -t"),
        (b"a,b\n1,\0\n", ("line", 2), "NUL"),
        ("a,b\n1,2\nä,3\n".encode("latin-1"), ("line", 3), "0xe4 is not UTF-8"),
        ("ä,b\n1,2\n".encode("latin-1"), ("line", 1), "0xe4 is not UTF-8"),
        (b'sep=,\na,b\n\n1,"x\n"\n2,"x"y\n', ("line", 6), "twice"),
        (b'a,b\n1,2\n3,"4\n5,6\n', ("line", 3), "never closed"),
        (b'a,b\n1,"' + b"x" * 140_000 + b'"\n', ("line", 2), "131,072"),
        (b"a,b\n1,2\r3,4\n", ("line", 2), "carriage return"),
        (b"a,b\r1,2\r", ("line", 1), "carriage return"),
        (b"a,b\n1,\r2\n", ("line", 2), "carriage return"),
        (b"a,b\n1,2\n3\n", ("line", 3), "1 cell where the header has 2"),
        (b"a,b\n1,2\n3,4,\n", ("line", 3), "take the delimiter at its end away"),
        (b'a,b\n1,2\n3,"4\n",5\n', ("line", 3), "which ends in line 4, has 3 cells"),
        (b"a b\n1 2\n", ("line", 1), "delimiter="),
        (b"a|b\n1|2\n", ("line", 1), "'|'"),
        (b"a,b,a\n1,2,3\n", ("line", 1, "a"), "columns 1 and 3"),
        (b"a,a \n1,2\n", ("line", 1, "a"), "give each column a name of its own"),
        (
            b"a,a \nx,y\n",
            ("line", 1, "a"),
            "header=false, which names columns by number, from 0 to 1",
        ),
        (b"1,1\n1,2\n", ("line", 1, "1"), "header=false"),
        (b"a,b\n1,2,x\n2,3,x\n", ("line", 1), "if 1,2 is one number, write ';' between cells"),
        (b"a,b\n1,Smith, Jo\n2,Fox, Al\n", ("line", 1), 'in quotes, "Smith, Jo"'),
        (b"a,b\n1,x\n2,Fox, Al\n", ("line", 3), 'in quotes, "Fox, Al"'),
        (
            b"a,b\n" + b"1,2\n" * 30 + b"1,2,3\n2,3\n",
            ("line", 32),
            "a cell that holds ',' in quotes",
        ),
        (b"a,b\n" + b"1,2\n" * 30 + b"1\n2,3\n", ("line", 32), "write ',' for each cell"),
        (b"a,,b\n1,2,3\n", ("line", 1), "column 2 has no name"),
        (b"a,b,\n1,2,\n", ("line", 1), "delimiter too many"),
        (b'""\n1\n', ("line", 1), "column 1 has no name"),
        (b"," * 100_000 + b"\n", ("line", 1), "100,001 columns"),
        (b"a,b\n" + b"1,2," * 1_200_000, ("line", 2), "longer than 4,194,304 bytes"),
    ],
)
def test_a_refusal_names_the_line(body: bytes, loc: tuple[str | int, ...], words: str) -> None:
    found = faults(lambda: read(body))
    assert found[0][0] == loc
    assert words in found[0][1]
    assert len(found) == 1


def test_blocks_refuse_the_same() -> None:
    for body in (b"a,b\n", b"a,b\n1,2\n3\n", b'a,b\n1,"2\n', b"a,b\n1,\xe4\n"):
        file = CsvFile(body)
        assert faults(lambda file=file: list(file.blocks(["a"]))) == faults(  # type: ignore[misc]
            lambda file=file: file.read(["a"])  # type: ignore[misc]
        )


def test_all_that_is_wrong_is_told_at_once() -> None:
    found = faults(lambda: read('a,a,,b\n1,2,3\n1,2,3,4\n1,2\n1,"x"y\n'))
    assert [loc for loc, _ in found] == [
        ("line", 1, "a"),
        ("line", 1),
        ("line", 2),
        ("line", 4),
        ("line", 5),
    ]


def test_of_many_faults_some_are_told_and_the_rest_counted() -> None:
    good, bad = "1,2\n" * 100, "1\n"
    with pytest.raises(InvalidRequest) as refused:
        read("a,b\n" + good + bad * 50)
    assert len(refused.value.faults) == 20
    assert refused.value.total == 50
    assert refused.value.faults[0].loc == ("line", 102)
    with pytest.raises(InvalidRequest) as refused:
        read("a,b\n" + good + bad * 5000)
    assert refused.value.total == 1000


def test_what_mends_a_header_can_be_set_by_a_program() -> None:
    with pytest.raises(InvalidRequest) as refused:
        read("1,1\n2,3\n")
    assert refused.value.problem()["remedies"][0]["set"] == {"header": False}
    assert read("1,1\n2,3\n", Dialect(header=False)) == {"0": [1.0, 2.0], "1": [1.0, 3.0]}
    with pytest.raises(InvalidRequest) as refused:
        read("a|b\n1|2\n")
    for remedy in refused.value.problem()["remedies"]:
        assert read("a|b\n1|2\n", Dialect.from_query(remedy["set"]))


# --------------------------------------------------------------------------------- places


def test_a_cell_has_the_line_it_begins_in() -> None:
    body = b'sep=,\n\na,b,c\n1,2,3\n\n"x\ny","p\r\nq\n",5\n   \n7,8,9\n'
    file = CsvFile(body)
    expected = [
        (0, "a", 4),
        (0, "c", 4),
        (1, "a", 6),
        (1, "b", 7),
        (1, "c", 9),
        (2, "a", 11),
    ]
    for order in (expected, expected[::-1]):
        table = file.read(file.names)
        for row, name, line in order:
            assert table.place(row, name) == ("line", line, name)
        assert [table.numbered(row) for row in range(3)] == [4, 6, 11]
        part = table.part(1, 3)
        assert (part.place(0, "c"), part.numbered(1)) == (("line", 9, "c"), 11)
        assert part.columns["a"].texts == ["x\ny"]
    blocks = list(file.blocks(file.names, rows=1))
    for row, name, line in expected:
        assert blocks[row].place(0, name) == ("line", line, name)


def test_where_rows_stand_is_known_to_who_did_not_read_them() -> None:
    rows = [f'{i},"x{chr(10) * (i % 3)}"' + "\n" * (1 + i % 5 // 4) for i in range(20_000)]
    file = CsvFile(("a,b\n" + "\n".join(rows)).encode())
    table, places = file.placed(file.names, (), ())
    lines = [2 + sum(row.count("\n") + 1 for row in rows[:i]) for i in (0, 9_000, 19_999)]
    state = json.loads(json.dumps(places.state() | {"lines": places.state()["lines"].tolist()}))
    place, written, numbered = file.places().restored(state).after(0)
    for i, line in zip((0, 9_000, 19_999), lines, strict=True):
        assert numbered(i) == table.numbered(i) == line
        assert place(i, "b") == table.place(i, "b") == ("line", line, "b")
        assert written(i, "a") == str(i)
    part = table.part(9_000, 10_000).part(500, 600)
    assert (part.start, part.n_rows, part.written(0, "a")) == (9_500, 100, "9500")


def test_a_column_that_turns_to_text_late_keeps_its_numbers() -> None:
    body = "a,b\n" + "1.5,2\n" * 60_000 + ",2\nx,2\n" + "2.5,3\n" * 60_000
    file = CsvFile(body.encode())
    table = file.read(file.names)
    a, b = table.columns["a"], table.columns["b"]
    assert a.values is not None
    assert a.codes is not None
    assert (a.texts, b.codes) == (["x"], None)
    assert a.codes[59_999:60_003].tolist() == [NUMBER, MISSING, 0, NUMBER]
    assert (a.codes[60_002:] == NUMBER).all()
    assert np.array_equal(
        a.values,
        np.r_[np.full(60_000, 1.5), np.nan, np.nan, np.full(60_000, 2.5)],
        equal_nan=True,
    )
    assert table.place(60_001, "a") == ("line", 60_003, "a")
    assert table.place(120_001, "b") == ("line", 120_003, "b")
    for block in file.blocks(file.names, rows=7000):
        line = 2 + block.start + 6
        assert block.n_rows < 7 or block.place(6, "a") == ("line", line, "a")


def test_a_column_of_numbers_that_ends_in_text_keeps_its_numbers() -> None:
    body = "a,b\n" + "1.5,2\n" * 60_000 + "x,2\n" * 5000
    a = CsvFile(body.encode()).read(["a"]).columns["a"]
    assert a.values is not None
    assert a.codes is not None
    assert a.codes.tolist() == [NUMBER] * 60_000 + [0] * 5000
    assert (a.values[:60_000] == 1.5).all()


def test_numbers_are_kept_where_text_begins_with_a_block() -> None:
    line = "1.5,2\n"
    n = 2**18 // len(line) + 1  # what is read as numbers at once, to the end of its line
    a = CsvFile(("a,b\n" + line * n + "x,y\n" * 3).encode()).read(["a"]).columns["a"]
    assert a.values is not None
    assert (a.values[:n] == 1.5).all()


def test_a_line_of_spaces_is_blank_in_a_file_of_one_column_too() -> None:
    assert read("a\nx\n \ny\n") == {"a": ["x", "y"]}


def test_text_then_numbers_with_gaps() -> None:
    rows = ["x,1"] * 5000 + ["2,1"] * 5000 + [",1", "3,1"] * 5000
    table = CsvFile("\n".join(["a,b", *rows]).encode()).read(["a", "b"])
    assert cells(table, "a") == ["x"] * 5000 + [2.0] * 5000 + [None, 3.0] * 5000
    codes = table.columns["a"].codes
    assert codes is not None
    assert codes[5000:].tolist() == [NUMBER] * 5000 + [MISSING, NUMBER] * 5000
    assert table.columns["b"].codes is None


@pytest.mark.parametrize("first", ["x", "1"])
def test_leading_zeros_are_told_wherever_they_stand(first: str) -> None:
    for other in ("x", "1"):
        rows = [first] * 5000 + [other, "007", "01"]
        body = "\n".join(["a,b", *(f"{row},1" for row in rows)]).encode()
        assert CsvFile(body).read(["a"]).columns["a"].zeros == 5001


def test_a_word_of_json_far_down_is_text() -> None:
    for word in ("true", "null", "[1]", '"1"'):
        quoted = word.replace('"', '""')
        body = "a,b\n" + "1,2\n" * 1000 + f'"{quoted}",3\n'
        assert read(body, Dialect(missing=()))["a"][-1] == word
    assert read("a,b\n" + "1,2\n" * 1000 + "true,3\n")["a"][-1] == "true"


# ---------------------------------------------------------------------------------- tables


def test_features_lie_in_one_matrix() -> None:
    file = CsvFile(b"a,y,b\n1,2,3\n4,5,6\n")
    table = file.read(file.names, apart=["y"])
    X = table.matrix(["a", "b"])
    assert np.shares_memory(X, table.columns["a"].values)
    assert X.flags.c_contiguous
    assert X.tolist() == [[1, 3], [4, 6]]
    assert table.matrix(["b", "y"]).tolist() == [[3, 2], [6, 5]]


def test_only_the_columns_asked_for_are_read() -> None:
    file = CsvFile(b"a,b,c\n1,x,3\n4,y,6\n")
    table = file.read(["c", "a"])
    assert list(table.columns) == ["c", "a"]
    assert table.matrix(["c", "a"]).tolist() == [[3, 1], [6, 4]]


def test_forms_of_a_column() -> None:
    file = CsvFile(b"number,text,both,gaps,zip\n1,x,1,,01\n,NA,y,,02\n")
    columns = file.read(file.names, text=["zip"]).columns
    assert columns["number"].codes is None
    assert columns["number"].missing().tolist() == [False, True]
    assert columns["text"].values is None
    assert columns["text"].missing().tolist() == [False, True]
    assert columns["both"].codes is not None
    assert columns["both"].codes.tolist() == [NUMBER, 0]
    assert columns["gaps"].codes is None
    assert columns["gaps"].missing().all()
    assert columns["zip"].texts == ["01", "02"]
    assert file.read(["zip"]).columns["zip"].zeros == 0


def test_texts_that_are_kept_are_bounded() -> None:
    texts = [f"t{i}" for i in range(8)]
    bounded = ColumnBuilder(Dialect(), 10, np.empty(10), most=5)
    bounded.add(0, [*texts, "1", "t0"])
    column = bounded.column(10)
    assert column.texts == texts[:5]
    assert column.codes is not None
    assert column.codes.tolist() == [0, 1, 2, 3, 4, OTHER, OTHER, OTHER, NUMBER, 0]
    asked_for = ColumnBuilder(Dialect(), 10, None, most=5)
    asked_for.add(0, texts)
    assert asked_for.column(8).texts == texts


@pytest.mark.parametrize(
    ("body", "most"),
    [
        (b"a,b\n1,2\n3,4", 2),
        (b"a,b\n1,2\n3,4\n", 2),
        (b'a,b\n"1\n",2\n', 2),
        (b"a,b\n" + b"\n" * 1000 + b"1,2\n", 502),  # a row takes as many bytes as columns at least
    ],
)
def test_rows_are_bounded_before_a_cell_is_read(body: bytes, most: int) -> None:
    file = CsvFile(body)
    assert file.most_rows == most
    assert file.read(file.names).n_rows <= most
