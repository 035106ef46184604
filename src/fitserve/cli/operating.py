"""What an operator does: serve, and copy a store. Each loads what it needs when it is asked for:
that takes ten times as long as the rest of the command."""

import logging
import os
import shlex
import sys
from contextlib import closing
from urllib.parse import urlsplit

import click


@click.command(
    context_settings={"ignore_unknown_options": True},
    options_metavar="[OPTIONS] [GUNICORN'S OPTIONS]",
    short_help="Serve, on http://127.0.0.1:8000.",
)
@click.option("--host", help="Address to listen on, as HOST says; 0.0.0.0 is all.")
@click.option("--port", help="Port to listen on, as PORT says.")
@click.option("--workers", help="Worker processes, as WEB_CONCURRENCY says.")
@click.argument("options", nargs=-1, type=click.UNPROCESSED, metavar="")
def serve(options: tuple[str, ...], workers: str | None, **given: str | None) -> None:
    """Serve, on http://127.0.0.1:8000 unless told otherwise.

    Other settings are environment variables, such as FITSERVE_STORE. Models are kept in
    fitserve.sqlite3, in the folder that it is started in, unless FITSERVE_STORE says where.
    """
    from fitserve.config import Server

    _refuse_settings(options)
    named = {"WEB_CONCURRENCY": workers} | {name.upper(): value for name, value in given.items()}
    said = {name: value for name, value in named.items() if value is not None}
    environment = {**os.environ, **said}
    # gunicorn reads WEB_CONCURRENCY by itself, as soon as it is loaded, and of what is no number it
    # makes a traceback: `gunicorn_conf.py` would come too late to say what is wrong.
    Server.load(environment).refuse_elsewhere()
    # -P: no modules from the folder that it is started in, which is where somebody's data are.
    gunicorn = [sys.executable, "-P", "-m", "gunicorn", "-c", "python:fitserve.gunicorn_conf"]
    os.execve(sys.executable, [*gunicorn, *options], environment)  # noqa: S606


_WHERE = ("--url", "--base-url", "--server", "--address", "--listen", "--endpoint")
"""What others call where it listens."""


def _listening(url: str) -> str:
    """How it is said to listen there."""
    if url.removeprefix(":").isdigit():
        return f"fitserve serve --port {url.removeprefix(':')}"
    try:
        found = urlsplit(url if "://" in url else f"//{url}")
        host, port = found.hostname, found.port
    except ValueError:
        host, port = None, None
    said = f"--host {shlex.quote(host or 'HOST')} --port {port or 'PORT'}"
    return f"fitserve serve {said}"


def _refuse_settings(options: tuple[str, ...]) -> None:
    """What gunicorn would not know, and is a setting."""
    from fitserve.config import setting_names

    settings = {name.removeprefix("FITSERVE_"): name for name in setting_names()}
    for at, typed in enumerate(options):
        option, sign, value = typed.partition("=")
        if not typed.startswith("-") and not (at and options[at - 1].startswith("-")):
            raise click.UsageError(f"serve takes no {typed!r}; write {_listening(typed)}")
        if option.lower() in _WHERE:
            value = value if sign else "".join(options[at + 1 : at + 2])
            raise click.UsageError(f"There is no option {option}; write {_listening(value)}")
        pid_file = option[2:] or "".join(options[at + 1 : at + 2])  # which -p is to gunicorn
        if option.startswith("-p") and pid_file.isdigit():
            raise click.UsageError(f"-p is no port; write {_listening(pid_file)}")
        name = option.lstrip("-").replace("-", "_").upper().removeprefix("FITSERVE_")
        if option.startswith("--") and name in settings:
            value = value if sign else "".join(options[at + 1 : at + 2])
            shown = "VALUE" if name.endswith("KEYS") or not value else shlex.quote(value)
            wrong = _no_store(value) if name == "STORE" and value != "memory" else ""
            shown = "URL" if wrong else shown
            raise click.UsageError(
                f"There is no option {option}: a variable says it; write {settings[name]}={shown} "
                f"fitserve serve{wrong}"
            )


def _no_store(url: str) -> str:
    """What is wrong with the URL of a store, or ''."""
    from fitserve.storage.address import parse_url

    try:
        parse_url(url)
    except ValueError as error:
        return f"; {error}" if url else ""
    return ""


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
        there, here = copying.opened(source, destination)
        with closing(there), closing(here):
            return copying.copy(there, here)
    except FitserveError as error:
        sys.stderr.write(f"fitserve: {error.detail}\n")
        return 1
