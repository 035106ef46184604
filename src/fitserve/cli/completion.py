"""What a shell proposes: types, models and hyperparameters where the server answers quickly, and
the columns of the file that stands before."""

import csv
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from fitserve.cli.members import DATA
from fitserve.cli.tables import shown

if TYPE_CHECKING:
    from fitserve.client import Client

SECONDS = 0.5

Complete = Callable[[click.Context, click.Parameter, str], list[str]]


def _asking(found: Callable[["Client", click.Context], list[str]]) -> Complete:
    """A completion that asks the server, which proposes nothing where that does not answer."""

    def complete(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
        from fitserve.client import Client, Problem

        try:
            with Client(timeout=SECONDS, patience=0.0) as client:
                return [one for one in found(client, ctx) if one.startswith(incomplete)]
        except (Problem, ValueError):
            return []

    return complete


def _before(ctx: click.Context, name: str) -> str:
    """The argument of this name, where it stands before; where an option lacks its value yet,
    click has not told which argument is which."""
    names = [one.name for one in ctx.command.params if isinstance(one, click.Argument)]
    rest = dict(zip(names, ctx.args, strict=False))
    return str(ctx.params.get(name) or rest.get(name, ""))


def _hyperparameters(client: "Client", ctx: click.Context) -> list[str]:
    known = client.type(_before(ctx, "model_type"))["kwargs"]["properties"]
    others = {*DATA, *(parameter.name for parameter in ctx.command.params)}
    defaults = {name: schema.get("default") for name, schema in known.items()}
    return [
        f"{name}={'' if default is None else shown(default)}"
        for name, default in defaults.items()
        if name not in others
    ]


types = _asking(lambda client, _: client.types())
ids = _asking(lambda client, ctx: [str(i) for i in client.ids(_before(ctx, "model_type"))])
hyperparameters = _asking(_hyperparameters)


def columns(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """Of the CSV that is given already."""
    try:
        with open(_before(ctx, "file"), newline="", encoding="utf-8-sig") as file:
            header = file.readline()
        signs = (",", ";", "\t")
        names = max((next(csv.reader([header], delimiter=sign), []) for sign in signs), key=len)
    except (OSError, UnicodeDecodeError, csv.Error):
        return []
    return [name.strip() for name in names if name.strip().startswith(incomplete)]
