"""Every setting: name, default, bounds, one line of help. Read from the environment only."""

import errno
import os
import re
import socket
from ipaddress import ip_address
from typing import Any, Self

from flask import Config
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from fitserve.data.as_sent import sent
from fitserve.data.expectations import asked, fits
from fitserve.data.limits import CELLS
from fitserve.data.names import meant

PREFIX = "FITSERVE"
OF_CLIENTS = ("URL", "KEY")
"""What follows the prefix in variables that clients read, to find a server: no settings of one."""
THREADS = 16
"""Requests that a worker answers at a time."""
WAITING = 12
"""Of these, those that may take or wait for what takes long: trainings, and predictions of many
rows. The others always have a thread."""


_AMOUNT = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]+)", re.IGNORECASE).fullmatch
_SIZES = {"b|bytes?": 1, "ki?b?": 2**10, "mi?b?": 2**20, "gi?b?": 2**30, "ti?b?": 2**40}
_TIMES = {"s|secs?|seconds?": 1, "m|mins?|minutes?": 60, "h|hours?": 3600, "d|days?": 86400}
_WORKERS = ("WORKERS", "CONCURRENCY", "PROCESSES")


class SettingError(SystemExit):
    """A setting is wrong: one line that names it, and the start ends there."""

    def __init__(self, name: str, msg: str) -> None:
        super().__init__(f"fitserve: the setting {name} is wrong: {msg}")


class _FromEnvironment(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def _checked(cls, given: dict[str, Any], names: dict[str, str]) -> Self:
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            first = error.errors()[0]
            field = str(first["loc"][0])
            if first["type"] == "extra_forbidden":
                msg = f"there is no such setting; {_instead(field, first['input'])}"
            else:
                schema = cls.model_json_schema()["properties"][field]
                needed = asked(schema).removesuffix(", or null")
                number = _in_units(field, first["input"])
                write = f"write {number}, " if number and fits(schema, number) else ""
                msg = f"{needed} is needed, not {sent(first['input'])}; {write}or leave it unset"
            raise SettingError(names.get(field, field), msg) from None


class Settings(_FromEnvironment):
    """What the application itself is told: `FITSERVE_...` variables."""

    max_content_length: int = Field(
        default=64 * 1024 * 1024,
        ge=1,
        description="Largest request body in bytes, unpacked.",
    )
    store: str = Field(
        default="sqlite:///fitserve.sqlite3",
        description="Where models are kept: an SQLAlchemy URL of SQLite or PostgreSQL, or memory.",
    )
    cache_mb: int = Field(
        default=512, ge=1, description="Memory for loaded models in each worker, in MiB."
    )
    training_seconds: int = Field(
        default=300, ge=1, le=7 * 86400, description="Longest that one training may take."
    )
    training_memory_mb: int = Field(
        default=2048, ge=64, description="Most memory that one training may take, in MiB."
    )
    client_trainings: int = Field(
        default=256, ge=1, description="Trainings that one client may have at a time."
    )
    proxies: int = Field(
        default=0,
        ge=0,
        le=9,
        description="Proxies in front, each of which adds to X-Forwarded-For whom it serves.",
    )
    predict_seconds: int = Field(
        default=30, ge=1, le=3600, description="Longest that one prediction may take."
    )

    read_keys: str | None = Field(
        default=None,
        repr=False,
        description="Keys that may predict, evaluate, list and describe, with commas between.",
    )
    write_keys: str | None = Field(
        default=None,
        repr=False,
        description="Keys that may register and delete as well.",
    )

    requests_per_minute: int | None = Field(
        default=None,
        ge=1,
        description="Requests a minute that one key, or without keys one address, may send.",
    )

    max_cells: int = Field(
        default=CELLS,
        ge=1,
        le=CELLS,
        description="Rows times columns, as they are encoded, that a model may be trained on.",
    )
    max_batch_rows: int | None = Field(
        default=None, ge=1, description="Rows that one request may predict or evaluate."
    )
    max_models: int | None = Field(
        default=None, ge=1, description="Models that the store may hold."
    )

    @property
    def in_memory(self) -> bool:
        return self.store == "memory"

    @classmethod
    def load(cls) -> Self:
        """The settings that the environment gives, by Flask's own reading of it."""
        found = Config("")
        found.from_prefixed_env(PREFIX)
        given = {name.lower(): found[name] for name in found if name not in OF_CLIENTS}
        # As they are: a key of digits alone is no number. And no message may show what they hold.
        given |= {
            name: os.environ.get(f"{PREFIX}_{name.upper()}", "")
            for name in ("read_keys", "write_keys")
            if name in given
        }
        return cls._checked(given, {name: f"{PREFIX}_{name.upper()}" for name in given})


class Server(_FromEnvironment):
    """What the web server is told: the variables that platforms set by convention."""

    host: str = Field(default="127.0.0.1", min_length=1, description="Address to listen on.")
    port: int = Field(default=8000, ge=0, le=65535, description="Port to listen on.")
    web_concurrency: int | None = Field(
        default=None, ge=1, le=256, description="Worker processes; by default one a core."
    )

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine reaches it."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    def refuse_elsewhere(self) -> None:
        """End the start where nothing can listen at this address and port."""
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((self.host, self.port))
            except socket.gaierror:
                said = f"there is no address {self.host!r}; write one of this machine, or 0.0.0.0"
                raise SettingError("HOST", said) from None
            except PermissionError:
                said = f"{self.port} is for administrators; choose one from 1024 on"
                raise SettingError("PORT", said) from None
            except OSError as error:
                if error.errno == errno.EADDRINUSE:
                    said = f"{self.port} is taken; choose another, or stop what listens there"
                    raise SettingError("PORT", said) from None
                said = f"{self.host} is no address of this machine; write one of it, or 0.0.0.0"
                raise SettingError("HOST", said) from None

    def workers(self, settings: Settings) -> int:
        """How many workers there shall be; models in memory belong to one worker alone."""
        if not settings.in_memory:
            return self.web_concurrency or len(os.sched_getaffinity(0))
        if self.web_concurrency not in (None, 1):
            raise SettingError(
                "WEB_CONCURRENCY",
                "with FITSERVE_STORE=memory each worker would have models of its own; "
                "choose a database, or one worker",
            )
        return 1

    def trainers(self, settings: Settings) -> int:
        """How many trainings each worker shall run at a time: altogether one a core."""
        return max(1, len(os.sched_getaffinity(0)) // self.workers(settings))

    def readers(self) -> int:
        """How many large bodies all workers shall read at a time, each of which may take much
        memory: two, or one where two would have all processors."""
        return 2 if len(os.sched_getaffinity(0)) > 2 else 1

    @classmethod
    def load(cls, environ: dict[str, str]) -> Self:
        names = {field: field.upper() for field in cls.model_fields}
        given = {field: environ[name] for field, name in names.items() if name in environ}
        return cls._checked(given, names)


def _instead(field: str, value: object) -> str:
    """Which variable to set in place of one that is none; its value is shown where it is plain."""
    name = "WEB_CONCURRENCY" if field.upper() in _WORKERS else field.upper()
    if name.lower() in Server.model_fields:
        return f"write {name}={value}" if type(value) is int else f"write {name}"
    near = meant(f"{PREFIX}_{name}", setting_names())
    return f"{''.join(f'write {one}, if that is meant; ' for one in near)}there are " + ", ".join(
        setting_names()
    )


def _in_units(field: str, value: object) -> int | None:
    """The number that a setting counts in bytes, MiB or seconds, of an amount with its unit."""
    found = _AMOUNT(value) if isinstance(value, str) else None
    if found is None:
        return None
    units = _TIMES if field.endswith("_seconds") else _SIZES
    if not field.endswith(("_mb", "_length", "_seconds")):
        return None
    of_one = 2**20 if field.endswith("_mb") else 1
    for unit, size in units.items():
        if re.fullmatch(unit, found[2].lower()):
            return round(float(found[1]) * size / of_one)
    return None


def setting_names() -> list[str]:
    """Every variable that is read, as a person would set it."""
    ours = [f"{PREFIX}_{field.upper()}" for field in Settings.model_fields]
    return [field.upper() for field in Server.model_fields] + ours
