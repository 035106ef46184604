"""Which kind a column is, or what has to be said first: nothing is guessed in silence."""

from collections.abc import Sequence, Set
from typing import Any

import numpy as np

from fitserve.data.encoding import too_large
from fitserve.data.kinds import TRUTHS, Form, unit
from fitserve.data.levels import Levels
from fitserve.data.measures import measure
from fitserve.data.numerals import (
    NUMBER_INSTEAD,
    SIGNS,
    added,
    in_one_unit,
    instead,
    may_be_decimal,
    other_sign,
    parted,
    plainly,
)
from fitserve.data.options import ColumnOptions, Kind
from fitserve.data.shell import unexpanded
from fitserve.data.table import NUMBER, OTHER, Column, Table
from fitserve.data.unseen import bare
from fitserve.errors import Advice, Fault, clip

DIFFERENT_FROM = 10  # rows from which on a text that is different in every row is refused
NO_ROW = "no_row"  # the type of a fault in the first row or the last, which may be none
BELOW = 5  # rows below which a total may stand
_MUCH = 0.2  # of a column's cells that are text, from which on it may be a category
_LOOKED_AT = 1000  # texts of a column of which it is asked what they hold
_SENTENCE = 3.0  # words a cell from which on a text is proposed to be read word by word

FORMAT = "number_format"  # the type of a fault that the cells themselves are better rid of
_GENERAL = ". A spreadsheet exports it so where the column's number format is General"

_NUMBERS = {Form.NUMBER, Form.ZEROS}
_OTHERWISE = {Form.COMMA, Form.GROUPED, Form.OTHERWISE}


def diagnosed(name: str, table: Table, options: ColumnOptions) -> Kind | Fault:
    """The kind of a column that nothing was said of, or the problem with it."""
    return _Diagnosis(name, table, options).kind()


def asked(name: str, table: Table, options: ColumnOptions) -> Kind | Fault:
    """The kind that the caller said, if the cells are such."""
    kind = options.kinds[name]
    examined = _Diagnosis(name, table, options)
    if kind == "number":
        return examined.as_number() or kind
    return examined.too_many() or kind if kind == "category" else kind


def diagnosed_target(
    name: str, table: Table, options: ColumnOptions, regressor: str | None = None
) -> Fault | None:
    """What is wrong with a column that shall be y; `regressor` is the type of model that learns
    it, if that learns numbers alone."""
    kind = options.kinds.get(name)
    if kind == "category" and regressor is not None:
        said = f"{name} is said to be a category, and {only_numbers(regressor)}"
        return Fault(("kinds", name), said, "target_kind")
    if kind == "text":
        said = f"{name} is what to learn, and its words cannot be; say category or number"
        return Fault(("kinds", name), said, "target_kind")
    examined = _Diagnosis(name, table, options, target=True, regressor=regressor)
    if kind == "number":
        return examined.as_number()
    return None if kind == "category" else examined.as_target()


def only_numbers(regressor: str) -> str:
    """What to do with labels, of a type of model that learns numbers alone."""
    return f"{regressor} learns numbers; for labels take another type, such as logistic_regression"


class _Diagnosis:
    def __init__(
        self,
        name: str,
        table: Table,
        options: ColumnOptions,
        target: bool = False,
        regressor: str | None = None,
    ) -> None:
        self.name, self.table, self.options, self.target = name, table, options, target
        self.regressor = regressor
        self.cells: Column = table.columns[name]
        self.levels = Levels(self.cells)

    def kind(self) -> Kind | Fault:
        if self.cells.codes is None:
            return self.zeros() or self.too_large() or "number"
        rows = self.levels.rows_of
        if not rows:  # nothing in it, which is said elsewhere
            return "number"
        forms = rows.keys() - {Form.GAP}
        if not forms & _NUMBERS:
            return self._without_numbers(forms)
        if self._truths_and_numbers():
            return self._truth() or "number"
        if forms <= _NUMBERS and Form.GAP not in rows:
            return self._numbers_as_text(forms)
        return self._stranger(forms)

    def _without_numbers(self, forms: Set[Form]) -> Kind | Fault:
        if forms == {Form.TRUTH}:
            return "number" if Form.GAP not in self.levels.rows_of else self._gap_mark()
        if forms and forms <= _OTHERWISE:
            return self._otherwise(forms)
        if forms == {Form.DATE}:
            return self._date()
        if forms == {Form.TEXT} and self._measured():
            return self._otherwise(forms)
        return self.category()

    def category(self) -> Kind | Fault:
        if self.regressor is not None:
            row = int((self.levels.codes >= 0).argmax())
            said = f"this is the text {self._cell_text(row)}, and {only_numbers(self.regressor)}"
            return self._problem(row, said, "target_kind", "", {})
        if self.target:
            return self._all_different() or "category"
        if self.options.categories == "error":
            return self._problem(
                int((self.levels.codes >= 0).argmax()),
                f"text is refused by categories=error, and this is the text {self._cell_text()}. "
                f"Say kinds={self.name}:category to take this column all the same, or leave it out",
                "text_refused",
                f"leaves {self.name} out",
                {"drop": [self.name]},
            )
        return self._all_different() or self.too_many() or "category"

    def as_target(self) -> Fault | None:
        """As any column; but text is as it is written, numbers with zeros before them too."""
        if self.cells.codes is None:
            return self.too_large()
        rows = self.levels.rows_of
        forms = rows.keys() - {Form.GAP}
        if not rows:
            return None
        if forms & _NUMBERS:
            if forms <= _NUMBERS and Form.GAP not in rows:
                return self._number_as_text()
            return self._stranger(forms)
        found = self._without_numbers(forms)
        return found if isinstance(found, Fault) else None

    # ------------------------------------------------------------------------- as was asked

    def as_number(self) -> Fault | None:
        """What keeps the column from being the number it was said to be."""
        if self.cells.codes is None:
            return self.too_large()
        rows = self.levels.rows_of
        if not rows:
            return None
        forms = rows.keys() - {Form.GAP}
        if (forms == {Form.TRUTH} and Form.GAP not in rows) or self._truths_and_numbers():
            return None
        if forms <= _NUMBERS and Form.GAP not in rows:
            return self._number_as_text()
        return self._stranger(forms or {Form.NUMBER})

    def _truths_and_numbers(self) -> bool:
        """Whether it is of JSON, and holds true or false and numbers that are sent as such."""
        forms = set(self.levels.forms)
        return forms == {Form.TRUTH} and self.cells.values is not None and not self.table.in_csv

    def _truth(self) -> Fault | None:
        """The problem with true or false among numbers, if those are others than 0 and 1."""
        assert self.cells.values is not None
        if np.isin(self.cells.values[self.cells.codes == NUMBER], (0.0, 1.0)).all():
            return None
        row = self.levels.first(Form.TRUTH)
        truth = self.levels.texts[self.levels.codes[row]]
        said = (
            f"{truth} stands among numbers; {instead(truth, in_csv=False)}, or say that the column "
            "is a number (kinds), as which true is 1 and false 0"
        )
        as_number = {"kinds": {self.name: "number"}}
        return self._problem(row, said, "mixed_column", f"takes {truth} as a number", as_number)

    def _stranger(self, forms: Set[Form]) -> Fault:
        """The problem with a column of numbers and something else."""
        if forms <= _NUMBERS:
            return self._gap_mark()
        if forms <= _NUMBERS | _OTHERWISE:
            return self._otherwise(forms & _OTHERWISE)
        return self._mixed()

    def too_many(self) -> Fault | None:
        most = self.options.max_categories
        different = len(self.levels.texts)
        uncounted = bool((self.levels.codes == OTHER).any())
        if different <= most and not uncounted:
            return None
        rows = int((self.levels.codes != -1).sum())
        set_: dict[str, Any] = {"max_categories": different}
        words = f"takes all {different:,} values of {self.name}"
        if uncounted or 2 * different > rows or different > 1000:
            words, set_ = self._words_or_drop()
        return self._problem(
            int((self.levels.codes >= 0).argmax()),
            f"this column of text has {'more than ' if uncounted else ''}{different:,} different "
            f"values in {rows:,} rows, and each would become a column; the limit max_categories "
            f"is {most:,}. Leave the column out (drop), raise max_categories, or have its words "
            "counted (kind text)",
            "too_many_categories",
            words,
            set_,
        )

    # ------------------------------------------------------------------------------ problems

    def too_large(self) -> Fault | None:
        infinite = np.isinf(self.cells.values if self.cells.values is not None else 0.0)
        if not infinite.any():
            return None
        row = int(infinite.argmax())
        said, few = too_large(self.table, row, self.name), 2 * infinite.sum() < self.table.n_rows
        if self.target or few:
            return self._problem(row, f"{said}, or leave its row out", "finite_number", "", {})
        said += ", leave its row out, or leave the column out (drop)"
        return self._problem(row, said, "finite_number", *self._left_out())

    def zeros(self) -> Fault | None:
        if self.cells.zeros is None:
            return None
        return self._problem(
            self.cells.zeros,
            "this number has zeros before it, as a code has; say whether the column is a number "
            "or a category",
            "leading_zeros",
            f"takes {self.name} as a category, as it is written",
            {"kinds": {self.name: "category"}},
        )

    def _numbers_as_text(self, forms: Set[Form]) -> Kind | Fault:
        if Form.ZEROS in forms and self.cells.values is None:  # text, and it means to be
            return self.category()
        return self._number_as_text()

    def _number_as_text(self) -> Fault:
        """In JSON a number in quotes; in CSV one with the other decimal sign than was said."""
        texts = [j for j, found in enumerate(self.levels.forms) if found in _NUMBERS]
        row = int(np.isin(self.levels.codes, texts).argmax())
        said = (
            f"the number {self._cell_text(row)} is sent as text; "
            f"{instead(self.levels.texts[self.levels.codes[row]], in_csv=False)}, or say that the "
            "column is a category (kinds)"
        )
        if self.table.in_csv:
            sent = [self.levels.texts[j] for j in texts]
            if (whole := parted(self.levels.texts[self.levels.codes[row]])) and all(
                map(parted, sent)
            ):
                said = (
                    f"the number {self._cell_text(row)} is written with a point, where a comma is "
                    f"the decimal sign; write {whole} if the point parts thousands, or leave "
                    "decimal= out if it is the decimal sign"
                )
                return self._problem(row, said, "number_as_text", "", {})
            said = (
                f"the number {self._cell_text(row)} is written with a point, where a comma is the "
                "decimal sign; write all numbers alike, or leave decimal= out"
            )
            if other_sign(self.levels.texts) == "." and not self.cells.has_fractions():
                return self._problem(row, said, "number_as_text", SIGNS["."], {"decimal": "."})
        mended = ("", {}) if self.regressor is not None else self._as_category()
        return self._problem(row, said, "number_as_text", *mended)

    def _gap_mark(self) -> Fault:
        row = self.levels.first(Form.GAP)
        marks = [
            text
            for text, found in zip(self.levels.texts, self.levels.forms, strict=True)
            if found is Form.GAP
        ]
        return self._problem(
            row,
            f"{self._cell_text(row)} stands among numbers; write it in na_values if it stands for "
            "what is missing",
            "gap_mark",
            f"{', '.join(marks)} counts as empty",
            {"na_values": marks} | self._filled(),
        )

    def _filled(self) -> dict[str, Any]:
        """What becomes of gaps, where nothing that would do was said: what is learned is not to be
        filled."""
        said = self.options.missing
        if self.target:
            return {"missing": "drop"} if said != "drop" else {}
        return {"missing": "impute"} if said == "error" else {}

    def _otherwise(self, forms: Set[Form]) -> Fault:
        commas = Form.COMMA in forms and self.table.in_csv
        row = self.levels.first(*({Form.COMMA} if commas else forms))
        if commas and (both := [j for j in self._of(Form.COMMA) if "." in self.levels.texts[j]]):
            row = int(np.isin(self.levels.codes, both).argmax())
        text = self.levels.texts[self.levels.codes[row]]
        plain = plainly(text)
        what = "a number written otherwise" if plain else "no number to learn from"
        advice = self._instead(text) or NUMBER_INSTEAD
        said = f"{self._cell_text(row)} is {what}; {advice}"
        if "decimal=," in advice and not (commas and "." not in text):
            words, set_ = "", {}  # there is a choice, or a decimal sign alone would not mend it
        elif commas:
            words, set_ = SIGNS[","], {"decimal": ","}
        elif bare(text) != text:
            words, set_ = "", {}
        else:
            words, set_ = self._left_out()
            said += "" if self.target else ", or leave the column out (drop)"
        exported = plain and self.table.in_csv and set_ and not commas and unit(text) is None
        exported = exported and f"write {plain}" in advice and bare(text) == text
        said += _GENERAL if exported else ""
        if marks := self._of(Form.GAP):
            mark = repr(clip(self.levels.texts[marks[0]], 40))
            filled = "".join(f", with missing={how}," for how in self._filled().values())
            said += f". {mark} stands there too; write it in na_values{filled} if it is a gap"
        return self._problem(row, said, FORMAT, words, set_)

    def _of(self, form: Form) -> list[int]:
        """The texts that are written so."""
        return [j for j, found in enumerate(self.levels.forms) if found is form]

    def _instead(self, text: str) -> str | None:
        """What to write in place of a text that holds a number."""
        if (several := in_one_unit(self.levels.texts[:_LOOKED_AT])) is not None and added(text):
            return several
        grouped = [self.levels.texts[j] for j in self._of(Form.GROUPED)]
        either = self.table.commas and all(map(may_be_decimal, grouped))
        plain, sign = plainly(text), added(text)
        advice = instead(text, self.table.in_csv, commas=either)
        if plain and sign and advice == f"write {plain}":
            advice += f", without {sign}"
        return advice

    def _date(self) -> Fault:
        row = self.levels.first(Form.DATE)
        out = "" if self.target else "leave the column out, or "
        said = (
            f"{self._cell_text(row)} is a date or time, of which no number is made; {out}send a "
            "number instead, such as the year"
        )
        as_label = self.target and self.regressor is None
        return self._problem(
            row, said, "date", *(self._as_category() if as_label else self._left_out())
        )

    def _mixed(self) -> Fault:
        rows = self.levels.rows_of
        numbers = sum(rows[found] for found in _NUMBERS | _OTHERWISE)
        others = [found for found in rows if found not in _NUMBERS | _OTHERWISE | {Form.GAP}]
        texts = sum(rows[found] for found in others)
        measured = bool(numbers) and self._measures(others)
        if not numbers:
            row = self.levels.first(*others)
            here = f"the text {self._cell_text(row)} is no number"
        elif numbers < texts and not measured:
            row = self.levels.first(*_NUMBERS, *_OTHERWISE)
            here = f"the number {self._cell_text(row)} stands among text"
        else:
            row = self.levels.first(*others)
            here = f"the text {self._cell_text(row)} stands among numbers"
        are = "is" if texts == 1 else "are"
        counted = f"{here} ({numbers:,} of the column's cells are numbers, {texts:,} {are} text)"
        if texts == 1 and self.table.place(row, self.name)[:2] == ("line", 1):
            said = f"{here}; the first line looks like names: if it is, leave header=false out"
            return self._problem(row, said, "mixed_column", "", {})
        plain = text = None
        if self.levels.codes[row] >= 0:
            text = self.levels.texts[self.levels.codes[row]]
            plain = self._instead(text)
            if not self.table.in_csv and (variable := unexpanded(text, in_place=True)):
                return self._problem(row, f"{counted}; {variable}", "mixed_column", "", {})
        mend = plain or "mend the cell"
        at_end = row == self.table.n_rows - 1 >= BELOW
        alone = self.table.in_csv and texts == 1 < numbers and text not in TRUTHS
        if alone and (row == 0 or at_end):
            what = "units" if row == 0 else "a total or a note"
            said = f"{counted}; {mend}, or leave the line out, if it holds {what}"
            return self._problem(row, said, NO_ROW, "", {})
        if self.regressor is not None:
            said = f"{counted}, and {self.regressor} learns numbers; {mend}, or leave its "
            return self._problem(row, f"{said}row out", "mixed_column", "", {})
        if measured and text is not None:
            said = f"{counted}; {mend}, or leave its row out"
            found = measure(text)
            if found is not None and found.bound and not self.target:
                said += ", or have it count as missing (na_values)"
            code = ", or say that the column is a category (kinds), if it holds codes"
            said += code if found is None and " " not in text else ""
            return self._problem(row, said, "mixed_column", "", {})
        if texts < _MUCH * (numbers + texts) and not self.target:
            code = "" if plain else ", or say that it is a category (kinds), if it holds codes"
            said = f"{counted}; {mend}, or leave its row out{code}"
            return self._problem(row, said, "mixed_column", "", {})
        out = "" if self.target else "leave the column out (drop), "
        said = f"{counted}. Mend the cell, leave its row out, {out}or say that it is a category "
        said += "(kinds)"
        return self._problem(row, said, "mixed_column", *self._as_category())

    def _measures(self, forms: Sequence[Form]) -> bool:
        """Whether all that is text holds a number; letters that differ behind it are of codes."""
        if set(forms) != {Form.TEXT}:
            return False
        texts = [self.levels.texts[j] for j in self._of(Form.TEXT)[:_LOOKED_AT]]
        units = {unit(text) for text in texts if measure(text) is None}
        letters = [one for one in units if one is not None and len(one) == 1]
        return None not in units and len(letters) < 2

    def _all_different(self) -> Fault | None:
        rows = int((self.levels.codes != -1).sum())
        different = len(self.levels.texts)
        if rows < DIFFERENT_FROM or different < rows:
            return None
        row = int((self.levels.codes >= 0).argmax())
        if all(map(measure, self.levels.texts[:_LOOKED_AT])):
            said = f"{self._cell_text(row)} is more than a number; "
            said += self._instead(self.levels.texts[self.levels.codes[row]]) or NUMBER_INSTEAD
            said += "" if self.target else ", or leave the column out (drop)"
            return self._problem(row, said, FORMAT, *self._left_out())
        said = f"this column holds a different text in each of its {rows:,} rows, so that no later "
        if self.target:
            said += "row can be like one of them; choose another column as target"
            return self._problem(row, said, "all_different", "", {})
        said += "row would be known; leave it out (drop), or have its words counted (kind text)"
        return self._problem(row, said, "all_different", *self._words_or_drop())

    # ---------------------------------------------------------------------------------- words

    def _words_or_drop(self) -> tuple[str, dict[str, Any]]:
        some = self.levels.texts[:200]
        if sum(len(text.split()) for text in some) >= _SENTENCE * len(some):
            return f"counts the words of {self.name}", {"kinds": {self.name: "text"}}
        return self._left_out()

    def _as_category(self) -> tuple[str, dict[str, Any]]:
        return f"takes {self.name} as a category", {"kinds": {self.name: "category"}}

    def _left_out(self) -> tuple[str, dict[str, Any]]:
        if self.target:
            return "", {}
        return f"leaves {self.name} out", {"drop": [self.name]}

    def _measured(self) -> bool:
        """Whether every cell is a number and a unit: after a space any, otherwise one of all."""
        pairs = zip(self.levels.texts, self.levels.forms, strict=True)
        units = {unit(text) for text, found in pairs if found is Form.TEXT}
        if not units or None in units:
            return False
        return len(units) == 1 or all(one is not None and one.startswith(" ") for one in units)

    def _cell_text(self, row: int | None = None) -> str:
        if row is None:
            row = int((self.levels.codes >= 0).argmax())
        code = int(self.levels.codes[row])
        called = self.table.called(row, self.name)
        if code >= 0:
            return repr(clip(self.levels.texts[code], 40)) + called
        assert self.cells.values is not None
        number = float(self.cells.values[row])
        return f"{number:.15g}{called}" if np.isfinite(number) else f"beyond 1.8e308{called}"

    def _problem(self, row: int, msg: str, type: str, words: str, set_: dict[str, Any]) -> Fault:
        return Fault(
            self.table.place(row, self.name), msg, type, (Advice(words, set_),) if set_ else ()
        )
