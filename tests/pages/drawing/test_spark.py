"""Small pictures of columns: bars as high as their counts, and the same in words."""

import re
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from fitserve.data.summaries import frequency_summary, number_summary
from fitserve.pages.drawing.spark import spark, words

NAME = '<b>"&'


def bars(summary: dict[str, Any]) -> list[float]:
    """How long the bars are."""
    root = ElementTree.fromstring(str(spark(NAME, summary)))  # noqa: S314 - it is our own
    assert root.get("role") == "img"
    assert root.get("aria-label") == f"{NAME}: {words(summary)}"
    drawn = "".join(path.get("d", "") for path in root.iter("path"))
    assert not re.search("nan|inf", drawn)
    found = re.findall(r"v-([\d.]+)h|h([\d.]+)v", drawn)
    return [float(up or across) for up, across in found]


def test_numbers() -> None:
    summary = number_summary(np.array([0.0] * 4 + [18.0] * 2 + [9.5]))
    assert bars(summary) == [28.0, 7.0, 14.0]
    assert words(summary) == "0 to 18, median 0"
    assert words(number_summary(np.array([5.0, 5.0]))) == "5 everywhere"


def test_texts() -> None:
    assert bars(frequency_summary({"a": 6, "b": 3, "c": 2, "d": 1})) == [120.0, 60.0, 40.0]
    assert words(frequency_summary({"b": 3, "a": 3})) == "a 3, b 3"
    assert words(frequency_summary({})) == "no value"
    assert bars(frequency_summary({})) == []


@pytest.mark.parametrize("values", [[1e308, -1e308], [5e-324, 0.0], [-7.0], [1e-9, 1.0]])
def test_any_numbers(values: list[float]) -> None:
    assert all(1.0 <= one <= 28.0 for one in bars(number_summary(np.array(values))))
