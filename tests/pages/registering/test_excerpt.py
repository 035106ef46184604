"""Lines around a fault: the right ones, of any table, and never more than fit a page."""

from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from fitserve.data.csv import CsvFile
from fitserve.data.dialect import Dialect
from fitserve.errors import Fault, InvalidRequest
from fitserve.pages.registering.excerpt import Excerpt, excerpt

TABLE = b"a,b,c\n1,2,3\n4,5,6\n\n7,8,9\n10,11,12\n"


def shown(body: bytes, *places: tuple[str | int, ...], in_cells: bool = True) -> Excerpt:
    file = None
    if in_cells:
        with suppress(InvalidRequest):
            file = CsvFile(body, Dialect())
    found = excerpt(body, file, [Fault(("line", *place), "wrong") for place in places])
    assert found is not None
    return found


def test_the_line_its_neighbours_and_its_cell() -> None:
    found = shown(TABLE, (3, "b"))
    assert found.names == ["a", "b", "c"]
    assert [line.number for line in found.lines] == [2, 3]
    assert [[cell.text for cell in line.cells] for line in found.lines][1] == ["4", "5", "6"]
    marked = [cell.text for line in found.lines for cell in line.cells if cell.wrong]
    assert marked == ["5"]


def test_lines_apart_are_shown_apart() -> None:
    found = shown(TABLE, (2, "a"), (6, "c"))
    assert [line.number for line in found.lines] == [2, 3, 5, 6]
    assert [cell.text for line in found.lines for cell in line.cells if cell.wrong] == ["1", "12"]


def test_what_is_no_record_is_shown_as_it_is() -> None:
    found = shown(b'a,b\n1,2\n3,"4\n5,6\n', (3,))
    assert found.names == ()
    assert [line.cells[0].text for line in found.lines] == ["1,2", '3,"4', "5,6"]
    assert [line.number for line in found.lines if line.wrong] == [3]
    found = shown(b"a,b\r\n1,\xff\r\n" + b"2," + b"x" * 9000, (2,), (3,), in_cells=False)
    assert found.lines[1].cells[0].text == "1,\N{REPLACEMENT CHARACTER}"
    assert len(found.lines[2].cells[0].text) == 200


def test_of_many_columns_those_that_are_wrong_and_a_few() -> None:
    names = [f"c{i}" for i in range(50)]
    body = (",".join(names) + "\n" + ",".join(map(str, range(50))) + "\n").encode()
    found = shown(body, (2, "c40"), (2, "c7"))
    assert found.names == [f"c{i}" for i in range(8)] + ["c8", "c40"]
    assert [cell.text for cell in found.lines[0].cells if cell.wrong] == ["7", "40"]
    found = shown(body, *((2, name) for name in names))
    assert len(found.names) == 10


def test_nothing_of_what_is_wrong_elsewhere() -> None:
    assert excerpt(TABLE, None, [Fault(("query", "cv"), "wrong")]) is None


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=60), st.integers(1, 12), st.sampled_from(["a", "b"]))
def test_of_any_bytes(tail: bytes, line: int, name: str) -> None:
    body = b"a,b\n" + tail
    numbers = [one.number for one in shown(body, (line, name)).lines]
    assert numbers == sorted(set(numbers))
    assert all(abs(number - line) <= 1 for number in numbers)
    if line <= body.count(b"\n"):
        assert line in numbers
