"""What the API tells, for templates."""

from typing import Any


class Told(dict[str, Any]):
    """Members that are not told are None."""

    def __missing__(self, _: str) -> None:
        return None
