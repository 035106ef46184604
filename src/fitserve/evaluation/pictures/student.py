"""Student's t distribution."""

import math


def two_sided(t: float, df: int) -> float:
    """The chance that a variable of this distribution, of `df` >= 1 degrees of freedom, is at
    least as far from 0 as `t` (Abramowitz, Stegun, Handbook of Mathematical Functions, 26.7.3
    and 26.7.4)."""
    theta = math.atan(abs(t) / math.sqrt(df))
    sine, square = math.sin(theta), math.cos(theta) ** 2
    odd = df % 2
    term = math.cos(theta) if odd else 1.0
    total = term if df > 1 else 0.0
    for j in range(2 + odd, df - 1, 2):
        term *= square * (j - 1) / j
        total += term
    inside = 2.0 / math.pi * (theta + sine * total) if odd else sine * total
    return max(0.0, 1.0 - inside)
