"""The `fitserve` command: serve, train and ask from a terminal."""

import sys

import click

from fitserve.cli.asking import FAILED, INTERRUPTED
from fitserve.cli.mistakes import mended, refuse_misread
from fitserve.cli.models import delete, list_, show, types
from fitserve.cli.operating import copy, serve
from fitserve.cli.predicting import evaluate, predict
from fitserve.cli.registering import register
from fitserve.version import VERSION


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, prog_name="fitserve")
def command() -> None:
    """fit + serve: train models on tables and get predictions, over HTTP."""


for one in (serve, register, predict, evaluate, list_, show, types, delete, copy):
    command.add_command(one)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; 0 when all went well."""
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        refuse_misread(command, arguments)
        return command.main(arguments, "fitserve", standalone_mode=False) or 0
    except click.UsageError as error:
        wrong = mended(error, command, arguments)
        wrong.show()
        return wrong.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort:
        return INTERRUPTED
    except OSError as error:  # a file that cannot be read, or written to
        name = f"{error.filename}: " if error.filename else ""
        click.echo(f"fitserve: {name}{error.strerror or error}", err=True)
        return FAILED
