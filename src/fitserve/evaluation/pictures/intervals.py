"""How sure a share is."""

import math

Z = 1.959963984540054
"""The normal distribution has 95 % within this many deviations."""


def wilson(right: int, of: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927): it stays within 0 and 1, for few rows too."""
    share, z2 = right / of, Z * Z
    middle = share + z2 / (2 * of)
    half = Z * math.sqrt(share * (1.0 - share) / of + z2 / (4 * of * of))
    low, high = (middle - half) / (1.0 + z2 / of), (middle + half) / (1.0 + z2 / of)
    return 0.0 if right == 0 else low, 1.0 if right == of else high
