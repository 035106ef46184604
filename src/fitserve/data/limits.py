"""How much one model may be made of, and what is refused before any training starts."""

from fitserve.errors import InvalidRequest

ROWS = 10_000_000
CELLS = 50_000_000
"""Of the matrix that a table becomes, rows times columns: 400 MB."""
CLASSES = 100_000
CATEGORIES = 10_000
"""The most that `max_categories` can be raised to."""
WORDS = 100_000
"""The most that `max_words` can be raised to."""

PUBLISHED = {
    "rows": ROWS,
    "cells": CELLS,
    "classes": CLASSES,
    "categories": CATEGORIES,
    "words": WORDS,
}


def refuse_many_classes(n_classes: int) -> None:
    """Refuse more classes than a model may tell apart."""
    if n_classes > CLASSES:
        raise InvalidRequest.at(
            ("y",),
            f"y has {n_classes:,} different labels, over the limit of {CLASSES:,} classes; if it "
            "is a quantity, choose a type that does regression",
            "too_many_classes",
        )


def refuse_too_large(n_rows: int, n_columns: int) -> None:
    """Refuse a matrix of more rows or cells than a model may be made of."""
    if n_rows > ROWS:
        raise InvalidRequest.at(
            ("X",), f"{n_rows:,} rows are over the limit of {ROWS:,}; send fewer", "too_many_rows"
        )
    if n_rows * n_columns > CELLS:
        raise InvalidRequest.at(
            ("X",),
            f"{n_rows:,} rows of {n_columns:,} columns, as they are encoded, are "
            f"{n_rows * n_columns:,} cells, over the limit of {CELLS:,}; send fewer rows, or make "
            "fewer columns of them (drop, max_categories, max_words)",
            "too_many_cells",
        )
