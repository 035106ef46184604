"""What answers hold: said once, for the document at /openapi.json and for the tests, which hold
every answer to it."""

from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import SkipJsonSchema

from fitserve.api.schemas import ModelId

Label = int | float | str | bool
Status = Literal["training", "ready", "failed"]
Task = Literal["classification", "regression", "clustering", "projection"]


def _now_and_then(description: str) -> Any:
    """A member that is left out where there is nothing to tell; it is never null then."""
    return Field(default=None, description=description, json_schema_extra=_without("default"))


def _without(name: str) -> Callable[[dict[str, Any]], None]:
    """Take a member out of a schema."""

    def take(schema: dict[str, Any]) -> None:
        schema.pop(name, None)

    return take


class Answer(BaseModel):
    """Tests refuse a member that is not declared; clients are to ignore those of later versions."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra=_without("additionalProperties"),
    )


# ------------------------------------------------------------------------------- problems


class FaultTold(Answer):
    """One thing that is wrong with a request."""

    loc: list[str | int] = Field(
        description="Where: members and indices of the body; `query` and a parameter; or `line`, "
        "its number in the CSV, and the column's name."
    )
    msg: str = Field(description="What was sent; what to write instead.")
    type: str = Field(description="The kind of fault.")


class RemedyTold(Answer):
    """Something that a program could set to mend the request."""

    words: str
    set: dict[str, Any] = Field(
        description="A merge patch (RFC 7396) of `kwargs`, or at /predict of the body."
    )


class Problem(Answer):
    """An error (RFC 9457). `detail` says what to do next."""

    type: str = Field(description="`/problems/NAME`: docs/routes.md has them all.")
    title: str
    status: int = Field(ge=400, le=599)
    detail: str
    errors: list[FaultTold] | SkipJsonSchema[None] = _now_and_then(
        "Of invalid-request: what is wrong, and where; the first 20."
    )
    more_errors: int | SkipJsonSchema[None] = _now_and_then("How many more there are.")
    remedies: list[RemedyTold] | SkipJsonSchema[None] = _now_and_then("What would mend it.")
    request_id: str | SkipJsonSchema[None] = _now_and_then(
        "By what the server's log knows the request: `X-Request-ID`, too."
    )


# --------------------------------------------------------------------------- descriptions


class AdviceTold(Answer):
    """Something to know of a model."""

    words: str
    set: dict[str, Any] | None = Field(description="What to send instead, to have it otherwise.")


class Validation(Answer):
    """How the model does on rows that it was not trained on."""

    method: Literal["cv", "holdout"]
    folds: int
    metric: str
    scores: list[float | None] = Field(description="Of each fold.")
    mean: float | None
    std: float | None
    baseline: float | None = Field(
        description="What always answering the most frequent class, or the mean, would score."
    )


class ColumnImportance(Answer):
    """By how much the score falls when a column is shuffled."""

    column: str
    mean: float
    std: float


class TrainingTold(Answer):
    """How the training went."""

    seconds: float
    score: float | None = Field(description="On the training rows; null where it is undefined.")
    metric: str
    n_iter: int | None
    converged: bool
    loss_curve: list[float] | None
    validation: Validation | SkipJsonSchema[None] = _now_and_then("Where `cv` or `holdout` asked.")
    importance: list[ColumnImportance] | None = Field(
        default=None, description="Where it was asked for; null if there was no time for it."
    )


class NumberSummary(Answer):
    """A column of numbers: counts of rows in equal stretches between the least and greatest."""

    min: float
    median: float
    max: float
    counts: list[int]


class FrequencySummary(Answer):
    """A column of text: its most frequent values, or words."""

    values: list[str]
    counts: list[int]


class Column(Answer):
    """What was made of a column of the table."""

    name: str
    kind: Literal["number", "category", "text"]
    missing: int = Field(description="Empty cells.")
    fill: float | str | None = Field(description="What fills them.")
    categories: list[str] | None
    summary: NumberSummary | FrequencySummary


class Described(Answer):
    """What is known of a model before it is trained."""

    task: Task
    n_samples: int
    n_features: int = Field(description="Columns of X, or of the table without the target.")
    feature_names: list[str] | None
    classes: list[Label] | SkipJsonSchema[None] = _now_and_then("A classifier's labels.")
    target: str | None = Field(default=None, description="The column of a table that is learned.")
    columns: list[Column] | SkipJsonSchema[None] = _now_and_then("Of a table.")
    n_encoded: int | SkipJsonSchema[None] = _now_and_then("Columns that a table became.")
    hyperparameters: dict[str, Any]
    advice: list[AdviceTold]
    shortened: dict[str, int] | SkipJsonSchema[None] = _now_and_then(
        "Of lists that are not told whole, how long they are."
    )


class Estimate(Answer):
    memory_mb: int = Field(description="MiB that training takes at most.")
    rows: int
    cells: int


class Rehearsal(Described):
    """What a dry run tells: the description as far as it is known."""

    model_type: str
    model_id: ModelId
    estimate: Estimate


class Description(Described):
    """All that is told of a model. `training` once it is `ready`, `problem` if it `failed`."""

    model_type: str
    model_id: ModelId
    status: Status
    created: str = Field(description="RFC 3339, UTC.", json_schema_extra={"format": "date-time"})
    training: TrainingTold | SkipJsonSchema[None] = _now_and_then("Once it is ready.")
    started: str | None = Field(default=None, description="While it trains; null while it waits.")
    progress: float | SkipJsonSchema[None] = _now_and_then("0 to 1, where the type iterates.")
    loss: float | None = Field(default=None, description="While it trains.")
    losses: list[tuple[float, float]] | SkipJsonSchema[None] = _now_and_then(
        "While it trains: some of the losses before, each after the progress it had then."
    )
    place: int | SkipJsonSchema[None] = _now_and_then("In the queue, from 1.")
    problem: Problem | SkipJsonSchema[None] = _now_and_then("Why it failed.")


class Worth(Answer):
    mean: float | None
    baseline: float | None


class Summary(Answer):
    """A model in a list; `fields` adds members of its description."""

    model_config = ConfigDict(extra="allow")

    model_type: str
    model_id: ModelId
    status: Status
    created: str = Field(json_schema_extra={"format": "date-time"})
    task: Task | None
    target: str | None
    n_samples: int | None
    metric: str | None
    validation: Worth | None


class Page(Answer):
    models: list[Summary]
    next: str | None = Field(description="What `after` is to be for the next page; null: the end.")


class Classes(Answer):
    """A part of the labels that a classifier tells apart, ascending."""

    model_type: str
    model_id: ModelId
    n_classes: int
    classes: list[Label]
    next: int | None = Field(description="What `start` is to be for the next part.")


class Pictures(Answer):
    """What the pictures of a model are drawn of."""

    model_type: str
    model_id: ModelId
    n_rows: int = Field(description="Rows that were kept with it (`sample`).")
    rows: list[int] = Field(
        description="Which ones: lines of a CSV, else counted from 0; the points of each picture "
        "are in this order."
    )
    held_out: bool = Field(description="Whether they were held out; else it has seen them.")
    reason: str | None = Field(description="Why there are none of rows; null where there are.")
    pictures: dict[str, dict[str, Any]] = Field(
        description="The numbers of each, by its name; what does not apply is left out. Names and "
        "members may change from version to version."
    )
    left_out: dict[str, str] = Field(description="By its name why one is not there.")


class Ids(Answer):
    model_type: str
    model_ids: list[int] = Field(description="Ascending.")


class Types(Answer):
    model_types: list[str]


class TypeTold(Answer):
    """A model type."""

    model_type: str
    summary: str
    tasks: list[Task]
    needs: dict[str, str]
    probabilities: bool = Field(description="Whether it can give them.")
    limits: dict[str, int] = Field(description="What a model may be made of at most.")
    kwargs: dict[str, Any] = Field(description="JSON Schema of its kwargs.")


# ----------------------------------------------------------------------------- predictions

Predicted = Annotated[
    Label | list[float],
    Field(description="A label; a number; the index of a cluster; or coordinates (pca)."),
]
Probabilities = dict[str, float]


class Prediction(Answer):
    """Of one row `prediction`, of a list of rows `predictions` in the same order."""

    model_type: str
    model_id: ModelId
    prediction: Predicted | SkipJsonSchema[None] = _now_and_then("Of one row.")
    predictions: list[Predicted] | SkipJsonSchema[None] = _now_and_then("Of a list of rows.")
    probabilities: Probabilities | list[Probabilities] | SkipJsonSchema[None] = _now_and_then(
        "By label, where they were asked for; of a list of rows a list."
    )


class ClassFigures(Answer):
    precision: float | None
    recall: float | None
    f1: float | None
    support: int


class Evaluation(Answer):
    """How well a model does on the rows that were sent."""

    model_type: str
    model_id: ModelId
    n_samples: int
    metrics: dict[str, float | None] = Field(description="null where one is undefined.")
    classes: dict[str, ClassFigures] | SkipJsonSchema[None] = _now_and_then("Of a classifier.")
    confusion_matrix: list[list[int]] | None = Field(
        default=None, description="Rows: what is true; null for more than 1,000 classes."
    )
    importance: list[ColumnImportance] | SkipJsonSchema[None] = _now_and_then("Where asked for.")
    advice: list[AdviceTold] | SkipJsonSchema[None] = _now_and_then("Where there is some.")


# ---------------------------------------------------------------------------------- health


class Health(Answer):
    status: Literal["ok"]
    store: Literal["ok", "full", "unwritable", "unreachable"]


class Live(Answer):
    live: bool


class Ready(Answer):
    ready: bool


class ProtocolError(Answer):
    """An error as the Open Inference Protocol has it."""

    error: str


class ServerTold(Answer):
    name: str
    version: str
    extensions: list[str]


class TensorTold(Answer):
    """A tensor that a model takes or gives."""

    name: str
    datatype: str
    shape: list[int] = Field(description="-1: any number of rows.")


class ModelMetadata(Answer):
    """What a model takes and gives."""

    name: str
    versions: list[str]
    platform: str
    inputs: list[TensorTold]
    outputs: list[TensorTold]
    parameters: dict[str, Any] = Field(
        description="The task; `classes`, in the order of the probabilities; `feature_names`."
    )


class ModelIsReady(Answer):
    name: str
    ready: bool


class TensorAnswer(Answer):
    """A tensor of an answer, row by row: here, or in as many bytes behind the JSON."""

    name: str
    datatype: str
    shape: list[int]
    data: list[Label] = _now_and_then("Left out where its bytes follow.")
    parameters: dict[str, int] = _now_and_then("`binary_data_size`, where its bytes follow.")


class InferenceAnswer(Answer):
    model_name: str
    model_version: str
    id: str = _now_and_then("As it was sent.")
    outputs: list[TensorAnswer]


class IndexEntry(Answer):
    """A model, or what shall become one."""

    name: str
    version: str
    state: Literal["READY", "LOADING", "UNAVAILABLE"]
    reason: str


class Duration(Answer):
    """How often, and how long in all."""

    count: int
    ns: int


class InferenceTimes(Answer):
    success: Duration
    fail: Duration
    queue: Duration
    compute_input: Duration
    compute_infer: Duration
    compute_output: Duration
    cache_hit: Duration
    cache_miss: Duration


class ModelStatistics(Answer):
    """What a model was asked by this protocol since the server started."""

    name: str
    version: str
    last_inference: int = Field(description="Milliseconds since 1970.")
    inference_count: int = Field(description="Rows that were predicted.")
    execution_count: int = Field(description="Requests that were answered.")
    inference_stats: InferenceTimes
    batch_stats: list[Any] = Field(description="Empty: requests are not put together.")


class Statistics(Answer):
    model_stats: list[ModelStatistics]


class Directions(Answer):
    """Where to read on."""

    name: str
    docs: str
    openapi: str
    health: str
