"""`fitserve register`: train a model, and wait for it with a line that says how it goes."""

import json
import sys
from typing import TYPE_CHECKING, Any

import click

from fitserve.cli import descriptions, shapes
from fitserve.cli.asking import INTERRUPTED, asking, held, raw, sent, told
from fitserve.cli.bodies import LEARNED, Key, opened
from fitserve.cli.members import members, settings
from fitserve.cli.options import AS_JSON, FILE, ID, REGISTERING, TYPE
from fitserve.cli.progress import Line

if TYPE_CHECKING:
    from fitserve.client import Client

_DRY_RUN = click.Option(
    ["--dry-run"], is_flag=True, help="Check all, show the columns as they are understood, no more."
)
_NO_WAIT = click.Option(["--no-wait"], is_flag=True, help="End as soon as the training is queued.")


class _Beginning(click.Choice[str]):
    """A choice of which the first letter will do."""

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        typed = value.strip().lower()
        found = [one for one in self.choices if typed and one.startswith(typed)]
        if not found:
            each = ", ".join(f"{one[0]} or {one}" for one in self.choices)
            self.fail(f"{value!r} is none of these: type {each}", param, ctx)
        return found[0]


@click.command(
    short_help="Train a model on a file.",
    params=[TYPE, ID, FILE, *REGISTERING, _DRY_RUN, _NO_WAIT, AS_JSON],
)
@asking
def register(
    client: "Client",
    model_type: str,
    model_id: int,
    file: str,
    assigned: tuple[str, ...],
    dry_run: bool,
    no_wait: bool,
    as_json: bool,
    **given: Any,
) -> int:
    """Train a model of TYPE on FILE and keep it under ID, a number.

    FILE is a CSV with a header, of which --target names the column to learn, or JSON as POST
    /register takes it: a body, its kwargs, or rows alone. - is standard input.

    Ctrl-C while it is trained asks whether to cancel the training or to leave it to the server.
    """
    key = Key(model_type, model_id)
    options = members(given) | ({"dry_run": True} if dry_run else {})
    request = opened(file, LEARNED).registering(key, options, settings(assigned))
    with Line() as line:
        answer = sent(client, "/register", request, line, repeatable=False, Prefer="respond-async")
        wanted = shapes.REHEARSAL if dry_run else shapes.DESCRIPTION
        found = told(answer, wanted)
        if dry_run or no_wait:
            line.clear()
            words = descriptions.rehearsed if dry_run else descriptions.in_short
            raw(answer.content) if as_json else click.echo(words(found), nl=False)
            return 0
        return _waited(client, key, line, as_json)


def _waited(client: "Client", key: Key, line: Line, as_json: bool) -> int:
    while True:
        try:
            found = held(client.wait(*key, progress=line.training), shapes.DESCRIPTION)
        except KeyboardInterrupt:
            line.clear()
            if not _asked_whether_to_wait(client, key):
                return INTERRUPTED
            continue
        line.clear()
        click.echo(json.dumps(found) if as_json else descriptions.in_short(found), nl=as_json)
        return 0


def _asked_whether_to_wait(client: "Client", key: Key) -> bool:
    """Whether to go on waiting; else what becomes of the training is done and said."""
    choice = "leave"
    if sys.stdin.isatty() and sys.stderr.isatty():
        choices = _Beginning(["cancel", "leave", "wait"])
        try:
            choice = click.prompt(
                "\nCancel the training, leave it to the server, or wait on?",
                type=choices,
                default="leave",
                err=True,
            )
        except click.Abort:  # Ctrl-C once more
            click.echo(err=True)
    name = f"{key.model_type} {key.model_id}"
    if choice == "cancel":
        if client.describe(*key)["status"] != "training":
            return True  # it has come to an end while it was asked, and there it is
        client.cancel(*key)
        click.echo(f"The training of {name} is cancelled; the id is free again.", err=True)
    elif choice == "leave":
        click.echo(
            f"{name} is trained on the server: `fitserve show {name}` tells how far it is, "
            f"`fitserve delete {name}` cancels it.",
            err=True,
        )
    return choice == "wait"
