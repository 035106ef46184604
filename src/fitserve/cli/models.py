"""What there is: `list`, `show`, `types`, and `delete`."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from fitserve.cli import completion, descriptions, shapes
from fitserve.cli.asking import asking, held
from fitserve.cli.members import DATA
from fitserve.cli.options import AS_JSON, ID, NAMES, TYPE
from fitserve.cli.tables import pairs, printable, shown, table

if TYPE_CHECKING:
    from fitserve.client import Client

_ANY_TYPE = click.Argument(
    ["model_type"], metavar="[TYPE]", required=False, shell_complete=completion.types
)
_IDS = click.Argument(
    ["model_ids"],
    metavar="ID...",
    type=ID.type,
    nargs=-1,
    required=True,
    shell_complete=completion.ids,
)


@click.command("list", params=[_ANY_TYPE, AS_JSON])
@asking
def list_(client: "Client", model_type: str | None, as_json: bool) -> None:
    """List the models, or those of TYPE."""
    models = held(list(client.models(model_type, fields=["training"])), [shapes.SUMMARY])
    if as_json:
        click.echo(json.dumps(models))
        return
    heads = ["type", "id", "status", "task", "learned", "rows", "metric"]
    heads += ["trained rows", "unseen rows", "created"]
    rows = [[*_summary(one)] for one in models]
    click.echo(table(heads, rows) if rows else "There are no models.\n", nl=False)


@click.command(params=[TYPE, ID, AS_JSON])
@asking
def show(client: "Client", model_type: str, model_id: int, as_json: bool) -> None:
    """Tell all of a model, or how far its training is."""
    told = held(client.describe(model_type, model_id), shapes.DESCRIPTION)
    click.echo(json.dumps(told) if as_json else descriptions.whole(told), nl=as_json)


@click.command(params=[TYPE, _IDS])
@asking
def delete(client: "Client", model_type: str, model_ids: tuple[int, ...]) -> None:
    """Remove models for good, or cancel their trainings."""
    for model_id in model_ids:
        client.delete(model_type, model_id)
        click.echo(f"{printable(model_type)} {model_id} is deleted")


@click.command(params=[_ANY_TYPE, AS_JSON])
@asking
def types(client: "Client", model_type: str | None, as_json: bool) -> None:
    """List the model types, or the hyperparameters of TYPE."""
    if model_type is not None:
        told = held(client.type(model_type), shapes.TYPE)
        click.echo(json.dumps(told) if as_json else _hyperparameters(told), nl=as_json)
        return
    found = [held(client.type(name), shapes.TYPE) for name in client.types()]
    if as_json:
        click.echo(json.dumps([one["model_type"] for one in found]))
        return
    rows = [[one["model_type"], " or ".join(one["tasks"]), one["summary"]] for one in found]
    click.echo(table(["type", "task", "what it does"], rows), nl=False)


def _summary(model: Mapping[str, Any]) -> list[Any]:
    told = [model[name] for name in ("model_type", "model_id", "status", "task", "target")]
    score = (model["training"] or {}).get("score")
    unseen = (model["validation"] or {}).get("mean")
    return [*told, model["n_samples"], model["metric"], score, unseen, model["created"]]


def _hyperparameters(told: Mapping[str, Any]) -> str:
    known = {
        name: schema
        for name, schema in told["kwargs"]["properties"].items()
        if name not in NAMES and name not in DATA
    }
    rows = [
        [name, shown(schema.get("default")), _values(schema), schema.get("description", "")]
        for name, schema in known.items()
    ]
    facts = [("tasks", ", ".join(told["tasks"])), *told["needs"].items()]
    facts += [("probabilities", "yes" if told["probabilities"] else "no")]
    heads = ["--set", "default", "values", ""]
    name = f"{told['model_type']}: {told['summary']}"
    return f"{printable(name)}\n\n{pairs(facts)}\n{table(heads, rows)}"


def _values(schema: Mapping[str, Any]) -> str:
    """What a hyperparameter may be."""
    if "anyOf" in schema:
        return " or ".join(filter(None, map(_values, schema["anyOf"])))
    if "enum" in schema:
        return ", ".join(map(shown, schema["enum"]))
    if "const" in schema:
        return shown(schema["const"])
    kind = str(schema.get("type", ""))
    if kind == "null":
        return ""
    least = schema.get("minimum", schema.get("exclusiveMinimum"))
    most = schema.get("maximum", schema.get("exclusiveMaximum"))
    if least is not None:
        kind += f" {'over' if 'exclusiveMinimum' in schema else 'from'} {shown(least)}"
    if most is not None and most < 2**31:
        kind += f" {'below' if 'exclusiveMaximum' in schema else 'to'} {shown(most)}"
    return kind
