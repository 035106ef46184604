"""What a form of a new model comes to: a model that is trained, or the form again, with what was
understood of the table, or what is wrong with it."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from werkzeug.datastructures import MultiDict

from fitserve.api import queries
from fitserve.api.registrations import CsvRegistration
from fitserve.data.csv import CsvFile
from fitserve.data.foreign import refuse_foreign
from fitserve.directory import ModelDirectory
from fitserve.errors import Fault, FitserveError, InvalidRequest, ModelExists, within
from fitserve.pages.registering import suiting
from fitserve.pages.registering.columns import part_of
from fitserve.pages.registering.excerpt import excerpt
from fitserve.pages.registering.form import Form
from fitserve.pages.registering.scale import scale_advice
from fitserve.pages.registering.settings import Settings, settings_of
from fitserve.pages.registering.tables import Sent
from fitserve.storage.store import Key, Record
from fitserve.training.training import Training

PROBE = "pca"
"""The type by which a table is read while nobody knows what for: it asks for least."""


@dataclass(frozen=True)
class Looked:
    """Which of the columns one wants to see."""

    page: int = 1
    find: str = ""


def understood(
    directory: ModelDirectory, settings: Settings, table: Sent, looked: Looked | None = None
) -> Form:
    """What the table is, and what would be learned from it: nothing is trained, nothing kept."""
    form = Form(settings, table)
    try:
        form = _headed(form)
        form = _read(directory, form)
        form = _numbered(directory, form)
    except FitserveError as error:
        form = replace(form, problem=error)
    return _shown(directory, form, looked or Looked())


def trained(
    directory: ModelDirectory, settings: Settings, table: Sent, checked: str, client: str
) -> Record | Form:
    """The model whose training begins; the form again, where something else was looked at before
    than is sent now, or something is wrong."""
    form = understood(directory, settings, table)
    if form.training is None or form.problem is not None or form.notes or not settings.decided:
        return form
    if form.checked != checked or settings.standardize is None:
        return replace(form, notes=(_OTHERWISE,))
    try:
        return directory.enqueue(form.training, client)
    except ModelExists:  # just now
        return understood(directory, settings, table)
    except FitserveError as error:
        return replace(form, problem=error)


_OTHERWISE = (
    "Something else was sent than was looked at before. This is how it is understood; nothing has "
    "been trained yet."
)


# ------------------------------------------------------------------------------ step by step


def _headed(form: Form) -> Form:
    assert form.table is not None
    refuse_foreign(form.table.body)
    with within("query"):
        dialect = queries.dialect(form.settings.written)
    file = CsvFile(form.table.body, dialect)
    return replace(form, file=file, settings=form.settings.of_table(file.names))


def _read(directory: ModelDirectory, form: Form) -> Form:
    """The form with the training that it asks for, of a type that suits the answer."""
    settings, catalog = form.settings, directory.catalog
    if not settings.decided:
        probe = replace(settings, model_type=PROBE, model_id="0", standardize=False, more={})
        return replace(form, training=_training(directory, form, probe))
    supervised = settings.column is not None
    chosen = catalog.get(settings.model_type)
    if chosen is None or chosen.supervised() != supervised:
        settings = settings.of_type(suiting.ANY if supervised else suiting.ALONE)
    training = _fitting(directory, form, settings)
    tasks = suiting.tasks_of(training.y)
    suit = suiting.suiting(catalog, tasks)
    if settings.model_type not in suit:
        settings = settings.of_type(suiting.first(tasks))
        training = _training(directory, form, settings)
    form = replace(form, training=training, types=_named(catalog, suit))
    return _scaled(_switched(form, settings))


def _fitting(directory: ModelDirectory, form: Form, settings: Settings) -> Training:
    """The training that is asked for, or where its type cannot learn such an answer, of one that
    learns any."""
    try:
        return _training(directory, form, settings)
    except InvalidRequest:
        if settings.column is None or settings.model_type == suiting.ANY:
            raise
        with suppress(InvalidRequest):
            training = _training(directory, form, settings.of_type(suiting.ANY))
            tasks = suiting.tasks_of(training.y)
            if settings.model_type not in suiting.suiting(directory.catalog, tasks):
                return training
        raise


def _training(directory: ModelDirectory, form: Form, settings: Settings) -> Training:
    assert form.table is not None
    cls = directory.type(settings.model_type)
    query = settings.query(cls) | {"model_id": settings.model_id or "0"}
    return CsvRegistration(MultiDict(query), form.table.body).training(cls)


def _switched(form: Form, settings: Settings) -> Form:
    """The form for another type than it was sent for, which it says if one was chosen."""
    before = form.settings
    if not before.model_type or before.model_type == settings.model_type:
        return replace(form, settings=settings)
    what = "no column to predict" if settings.column is None else "such an answer"
    said = f"{before.model_type} does not suit {what}; {settings.model_type} was taken instead."
    return replace(form, settings=settings, notes=(*form.notes, said))


def _scaled(form: Form) -> Form:
    """The form with what is advised of scale, which is done unless somebody said otherwise."""
    assert form.training is not None
    why = scale_advice(form.training)
    settings = form.settings
    if settings.standardize is None:
        settings = replace(settings, standardize=why is not None)
    return replace(form, scale=why, settings=settings)


def _numbered(directory: ModelDirectory, form: Form) -> Form:
    """The form with a number that is free, which it says if another was wanted."""
    settings, training = form.settings, form.training
    assert training is not None
    if not settings.decided:
        return form
    key = training.key
    if settings.model_id:
        try:
            directory.rehearse(training)
        except ModelExists:
            free = directory.free_id(key.model_type)
            said = f"{key.model_type}/{key.model_id} is taken; the next free number is {free}."
            form = replace(form, notes=(*form.notes, said))
        else:
            return form
    free = directory.free_id(key.model_type)
    training = replace(training, key=Key(key.model_type, free))
    directory.rehearse(training)
    return replace(form, training=training, settings=replace(settings, model_id=str(free)))


def _shown(directory: ModelDirectory, form: Form, looked: Looked) -> Form:
    """The form with all that a page shows beside, also where something is wrong."""
    catalog, settings = directory.catalog, form.settings
    supervised = settings.column is not None
    types = form.types
    if not types:
        names = (n for n, cls in sorted(catalog.items()) if cls.supervised() == supervised)
        types = _named(catalog, list(names))
    if settings.decided and settings.model_type not in dict(types):
        settings = settings.of_type(suiting.ANY if supervised else suiting.ALONE)
    if settings.decided and not settings.model_id:
        settings = replace(settings, model_id=_free_id(directory, settings.model_type))
    shown = replace(form, settings=settings, types=types, seconds=directory.training_seconds)
    if settings.decided:
        cls = directory.type(settings.model_type)
        shown = replace(shown, fields=settings_of(cls), cls=cls)
    assert form.table is not None
    if form.file is not None:
        wrong = _by_column(form.faults)
        part = part_of(form.file, settings, form.training, wrong, looked.page, looked.find)
        shown = replace(shown, part=part)
    return replace(shown, excerpt=excerpt(form.table.body, form.file, form.faults))


def _free_id(directory: ModelDirectory, model_type: str) -> str:
    with suppress(FitserveError):  # the store may be what is wrong
        return str(directory.free_id(model_type))
    return ""


def _named(catalog: suiting.Catalog, names: Sequence[str]) -> list[tuple[str, str]]:
    return [(name, suiting.summary(catalog[name])) for name in names]


def _by_column(faults: Sequence[Fault]) -> dict[str, list[str]]:
    """What is wrong with each column that a fault names."""
    found: dict[str, list[str]] = {}
    for fault in faults:
        if len(fault.loc) > 2 and (fault.loc[0] == "line" or fault.loc[1] in ("kinds", "drop")):
            found.setdefault(str(fault.loc[2]), []).append(fault.msg)
    return found
