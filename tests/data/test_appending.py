"""The answer to a CSV: what was sent, to the byte, and columns more."""

import csv
import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fitserve.data.appending import appended
from fitserve.data.csv import CsvFile
from fitserve.data.dialect import Dialect

CELLS = ["1", "2.5", "x", "", 'q"q', "a\nb", "a\r\nb", "1,2", "1;2", "é", "\u2028", " "]
LABELS = ["a", 'b"', "c,d", "c;d", "c|d", "l\nm", "l\rm", "é", ""]
FLOATS = st.floats(allow_nan=False, allow_infinity=False)


def answer(body: str, labels: list[str], dialect: Dialect = Dialect()) -> str:  # noqa: B008
    file = CsvFile(body.encode(), dialect)
    column = np.array(labels, dtype=object)
    return b"".join(appended(file, {"prediction": column})).decode()


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_what_was_sent_comes_back_and_the_columns_behind_it(data: st.DataObject) -> None:
    draw = data.draw
    delimiter, end = draw(st.sampled_from(",;\t|")), draw(st.sampled_from(["\n", "\r\n"]))
    header = draw(st.booleans())
    dialect = Dialect(delimiter, draw(st.sampled_from(".,")), header)
    width = draw(st.integers(2, 3))
    pool = st.sampled_from(draw(st.sampled_from([CELLS, ["1", "x"]])))
    row = st.lists(pool, min_size=width, max_size=width)
    rows = draw(st.lists(row, min_size=1, max_size=6)) * draw(st.sampled_from([1, 1, 1, 1000]))
    blanks = draw(st.sampled_from(["", end, " " + end]))
    head = draw(st.sampled_from(["", "\ufeff", f"sep={delimiter}{end}"]))
    names = [f"c{j}" for j in range(width)]

    def written(cells: list[list[str]]) -> str:
        out = io.StringIO()
        writer = csv.writer(
            out,
            delimiter=delimiter,
            lineterminator=end,
            quoting=csv.QUOTE_MINIMAL if draw(st.booleans()) else csv.QUOTE_ALL,
        )
        writer.writerows(cells)
        return out.getvalue()

    body = head + (written([names]) if header else "") + blanks + written(rows)
    if draw(st.booleans()):
        body = body.removesuffix(end)
    n = len(rows)
    label = np.resize(np.array(draw(st.lists(st.sampled_from(LABELS), min_size=1)), object), n)
    p = np.resize(np.array(draw(st.lists(FLOATS, min_size=1, max_size=9))), n)
    columns = {"prediction": label, f"p({delimiter})": p, "k": np.arange(n), "b": p > 0}

    file = CsvFile(body.encode(), dialect)
    assert file.read(file.names).n_rows == n
    told = b"".join(appended(file, columns)).decode()

    assert told.startswith(head)
    source = io.StringIO(told.removeprefix(head), newline="")
    found = [r for r in csv.reader(source, delimiter=delimiter, strict=True) if len(r) > 1]
    if header:
        assert found.pop(0) == names + list(columns)
    assert [r[:width] for r in found] == rows
    assert [r[width] for r in found] == label.tolist()
    if dialect.decimal == ",":
        assert not any("." in r[width + 1] for r in found)
    assert [float(r[width + 1].replace(",", ".")) for r in found] == p.tolist()
    assert [r[width + 2] for r in found] == [str(k) for k in range(n)]
    assert [r[width + 3] for r in found] == ["true" if value > 0 else "false" for value in p]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("a,b\n1,2\n3,4\n", "a,b,prediction\n1,2,x\n3,4,y\n"),
        ("a,b\r\n1,2\r\n3,4", "a,b,prediction\r\n1,2,x\r\n3,4,y"),
        (
            "\ufeffsep=;\r\na;b\r\n1;2\r\n3;4\r\n",
            "\ufeffsep=;\r\na;b;prediction\r\n1;2;x\r\n3;4;y\r\n",
        ),
        ("\na,b\n\n1,2\n \n3,4\n\n", "\na,b,prediction\n\n1,2,x\n \n3,4,y\n\n"),
        ('"a", b\n"1",2\n"3\n",4\n', '"a", b,prediction\n"1",2,x\n"3\n",4,y\n'),
        ("a,b\n1,2\r\n3,4\r\r\n", "a,b,prediction\n1,2,x\r\n3,4,y\r\r\n"),
        ("a,b\r\n1,2\r\r\n3,4\r\n", "a,b,prediction\r\n1,2,x\r\r\n3,4,y\r\n"),
        ("a\tb\n\t\n3\t4\n", "a\tb\tprediction\n\t\tx\n3\t4\ty\n"),
        ('a\n""\n2\n', 'a,prediction\n"",x\n2,y\n'),
    ],
)
def test_every_byte_stays(body: str, told: str) -> None:
    assert answer(body, ["x", "y"]) == told


def test_without_a_header_none_is_written() -> None:
    assert answer("1;2\n3;4\n", ["x", "y"], Dialect(header=False)) == "1;2;x\n3;4;y\n"


def test_numbers_are_the_shortest_that_read_back() -> None:
    file = CsvFile(b"a;b\n1;2\n3;4\n5;6\n", Dialect(decimal=","))
    columns = {"p": np.array([0.1, 1e-9, 3.0])}
    assert b"".join(appended(file, columns)) == b"a;b;p\n1;2;0,1\n3;4;1e-9\n5;6;3,0\n"
    quoted = CsvFile(b"a,b\n1,2\n3,4\n5,6\n", Dialect(decimal=","))
    assert b"".join(appended(quoted, columns)) == b'a,b,p\n1,2,"0,1"\n3,4,1e-9\n5,6,"3,0"\n'


def test_a_large_answer_comes_in_pieces() -> None:
    file = CsvFile(b"a,b\n" + b'1,"2"\n3,4\n' * 20_000)
    pieces = list(appended(file, {"prediction": np.arange(40_000)}))
    assert max(map(len, pieces)) < 200_000
    assert b"".join(pieces).count(b"\n") == 40_001


def test_a_value_too_few_is_no_shorter_answer() -> None:
    file = CsvFile(b"a,b\n1,2\n3,4\n")
    with pytest.raises(ValueError, match="shorter"):
        list(appended(file, {"prediction": np.arange(1)}))
