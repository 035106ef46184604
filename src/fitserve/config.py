"""Every setting: name, default, bounds, one line of help. Read from the environment only."""

from typing import Any, Self

from flask import Config
from pydantic import BaseModel, ConfigDict, Field, ValidationError

PREFIX = "FITSERVE"


class SettingError(SystemExit):
    """A setting is wrong: one line that names it, and the start ends there."""

    def __init__(self, name: str, msg: str, value: object) -> None:
        super().__init__(f"fitserve: the setting {name} is wrong: {msg} (it is {value!r})")


class _FromEnvironment(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def _checked(cls, given: dict[str, Any], names: dict[str, str]) -> Self:
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            first = error.errors()[0]
            field = str(first["loc"][0])
            msg = first["msg"]
            if first["type"] == "extra_forbidden":
                msg = f"there is no such setting; there are {', '.join(setting_names())}"
            raise SettingError(names.get(field, field), msg, first["input"]) from None


class Settings(_FromEnvironment):
    """What the application itself is told: `FITSERVE_...` variables."""

    max_content_length: int = Field(
        default=64 * 1024 * 1024,
        ge=1,
        description="Largest request body in bytes, unpacked.",
    )

    @classmethod
    def load(cls) -> Self:
        """The settings that the environment gives, by Flask's own reading of it."""
        found = Config("")
        found.from_prefixed_env(PREFIX)
        given = {name.lower(): value for name, value in found.items()}
        return cls._checked(given, {name: f"{PREFIX}_{name.upper()}" for name in given})


class Server(_FromEnvironment):
    """What the web server is told: the variables that platforms set by convention."""

    host: str = Field(default="127.0.0.1", min_length=1, description="Address to listen on.")
    port: int = Field(default=8000, ge=0, le=65535, description="Port to listen on.")
    web_concurrency: int = Field(default=1, ge=1, le=256, description="Worker processes.")

    @classmethod
    def load(cls, environ: dict[str, str]) -> Self:
        names = {field: field.upper() for field in cls.model_fields}
        given = {field: environ[name] for field, name in names.items() if name in environ}
        return cls._checked(given, names)


def setting_names() -> list[str]:
    """Every variable that is read, as a person would set it."""
    ours = [f"{PREFIX}_{field.upper()}" for field in Settings.model_fields]
    return [field.upper() for field in Server.model_fields] + ours
