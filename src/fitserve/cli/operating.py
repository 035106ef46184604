"""What an operator does: serve, and copy a store. Each loads what it needs when it is asked for:
that takes ten times as long as the rest of the command."""

import logging
import os
import sys
from contextlib import closing

import click


@click.command(
    context_settings={"ignore_unknown_options": True},
    options_metavar="[GUNICORN'S OPTIONS]",
    short_help="Serve, on http://127.0.0.1:8000.",
)
@click.argument("options", nargs=-1, type=click.UNPROCESSED, metavar="")
def serve(options: tuple[str, ...]) -> None:
    """Serve, on http://127.0.0.1:8000 unless told otherwise.

    Settings are environment variables, such as HOST, PORT and FITSERVE_STORE. Models are kept in
    fitserve.sqlite3, in the folder that it is started in, unless FITSERVE_STORE says where.
    """
    from fitserve.config import Server

    # gunicorn reads WEB_CONCURRENCY by itself, as soon as it is loaded, and of what is no number it
    # makes a traceback: `gunicorn_conf.py` would come too late to say what is wrong.
    Server.load(dict(os.environ)).refuse_elsewhere()
    # -P: no modules from the folder that it is started in, which is where somebody's data are.
    gunicorn = [sys.executable, "-P", "-m", "gunicorn", "-c", "python:fitserve.gunicorn_conf"]
    os.execv(sys.executable, [*gunicorn, *options])  # noqa: S606


@click.command(short_help="Copy all models from one store into another.")
@click.argument("source")
@click.argument("destination")
def copy(source: str, destination: str) -> int:
    """Copy every ready model from one store into another, SQLite or PostgreSQL.

    SOURCE and DESTINATION are URLs, such as sqlite:///fitserve.sqlite3. What is there already
    stays, and the command may be run again.
    """
    from fitserve.cli import copying
    from fitserve.errors import FitserveError

    logging.basicConfig(level=logging.WARNING, format="fitserve: %(message)s")
    try:
        with (
            closing(copying.opened(source, "SOURCE")) as there,
            closing(copying.opened(destination, "DESTINATION")) as here,
        ):
            return copying.copy(there, here)
    except FitserveError as error:
        sys.stderr.write(f"fitserve: {error.detail}\n")
        return 1
