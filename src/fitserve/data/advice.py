"""What a model's description advises."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Advice:
    """One thing that a caller may want to know, and what to send to have it otherwise."""

    words: str
    set: Mapping[str, Any] | None = None
    """Members of the request, by name, and what they would be instead; None: nothing to send."""

    def told(self) -> dict[str, Any]:
        return {"words": self.words, "set": None if self.set is None else dict(self.set)}
