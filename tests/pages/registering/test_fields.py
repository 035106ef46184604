"""Settings of every type as fields, and from fields to a query."""

import pytest
from werkzeug.datastructures import MultiDict

from fitserve.api import queries
from fitserve.data.options import NAMES
from fitserve.evaluation.plan import OPTIONS
from fitserve.models import catalog
from fitserve.models.base import Model
from fitserve.pages.registering.fields import as_text, fields_of
from fitserve.pages.registering.settings import OWN, Settings, settings_of

TYPES = [pytest.param(cls, id=name) for name, cls in sorted(catalog().items())]


@pytest.mark.parametrize("cls", TYPES)
def test_a_default_written_in_its_field_is_the_default(cls: type[Model]) -> None:
    defaults = cls().hyperparameters()
    fields = fields_of(cls.schema())
    assert {one.name for one in fields} == defaults.keys()
    for field in fields:
        assert field.default == as_text(defaults[field.name])
        assert field.hint
        if field.default:
            read = queries.hyperparameters(cls, {field.name: field.default})
            assert read[field.name] == defaults[field.name], field
        if field.choices:
            assert field.default in dict(field.choices)


@pytest.mark.parametrize("cls", TYPES)
def test_every_choice_is_one_that_the_type_takes(cls: type[Model]) -> None:
    for field in fields_of(cls.schema()):
        for value, _ in field.choices:
            settings = Settings(model_type=cls.model_type(), model_id="1", more={field.name: value})
            query = settings.query(cls)
            asked = {name: text for name, text in query.items() if name == field.name}
            assert bool(asked) == (value != field.default)
            cls.from_kwargs(queries.hyperparameters(cls, asked))


@pytest.mark.parametrize("cls", TYPES)
def test_no_setting_has_the_name_of_another_field(cls: type[Model]) -> None:
    names = [one.name for one in settings_of(cls)]
    assert len(names) == len(set(names))
    assert not OWN & set(names)


def test_every_option_has_a_place_in_the_form() -> None:
    there = OWN | {one.name for one in settings_of(catalog()["knn"])}
    assert {*NAMES, "sample"} - there == {"categories"}, "text is always taken on a page"
    assert set(OPTIONS) - there == {"cv", "holdout", "importance"}, "which `check` says"


FILLED = Settings(
    target="column:a, b",
    model_type="knn",
    model_id="7",
    kinds={"a:b": "text", "c,d": "number"},
    drop=("[x", "y, z"),
    missing="drop",
    standardize=True,
    check="holdout",
    written={"decimal": ",", "na_values": "-, ?"},
    only=("p", 'q"'),
    more={"n_neighbors": "3", "max_words": "10"},
)


@pytest.mark.parametrize(
    "settings",
    [
        FILLED,
        Settings(),
        Settings(target="none", model_type="kmeans", standardize=False, more={"n_clusters": "2"}),
        Settings(model_type="gmm", written={"na_values": "", "delimiter": "|"}),
    ],
)
def test_what_is_carried_is_read_again(settings: Settings) -> None:
    assert Settings.of_form(MultiDict(list(settings.carried()))) == settings


def test_no_word_counts_as_empty_where_the_field_is_emptied() -> None:
    form = MultiDict({"na_values": " ", "decimal": ".", "header": "true", "delimiter": ""})
    assert Settings.of_form(form).written == {"na_values": ""}


def test_remedies_are_added_to_what_is_there() -> None:
    found = FILLED.with_remedy(
        {
            "kinds": {"e": "category"},
            "drop": ["f", "[x"],
            "na_values": ["?", "!"],
            "missing": "impute",
            "header": False,
            "n_neighbors": 4,
            "standardize": False,
        }
    )
    assert found.kinds == {**FILLED.kinds, "e": "category"}
    assert found.drop == (*FILLED.drop, "f")
    assert found.written == {"decimal": ",", "na_values": "-,?,!", "header": "false"}
    assert (found.missing, found.standardize, found.more["n_neighbors"]) == ("impute", False, "4")
    other = FILLED.with_remedy({"model_type": "svm"})
    assert (other.model_type, other.more) == ("svm", {"max_words": "10"})
