"""The minimum of svm's objective in rational arithmetic, for a few rows."""

from fractions import Fraction

Row = list[Fraction]


def least_objective(rows: list[Row], C: Fraction, *, squared: bool) -> Fraction:
    """The least `|w|^2 / 2 + C sum(max(0, 1 - rows w))`, each term squared if so.

    By its dual, `sum(a) - a G a / 2` where G is `rows rows'` (`+ I / (2 C)` if squared), a >= 0
    (and a <= C if not): an active set method, which ends where the conditions of the maximum hold
    exactly.
    """
    n = len(rows)
    gram = [[_dot(one, other) for other in rows] for one in rows]
    top = None if squared else C
    if squared:
        for i in range(n):
            gram[i][i] += 1 / (2 * C)
    a = [Fraction(0)] * n
    free: list[int] = []
    while True:
        rise = [1 - _dot(gram[i], a) for i in range(n)]
        if any(rise[i] != 0 for i in free):
            _climb(gram, a, rise, free, top)
            continue
        held = [i for i in range(n) if i not in free]
        wrong = [i for i in held if (rise[i] > 0 if a[i] == 0 else rise[i] < 0)]
        if not wrong:
            return sum(a, Fraction(0)) - _dot(a, [_dot(line, a) for line in gram]) / 2
        free.append(max(wrong, key=lambda i: abs(rise[i])))


def _climb(gram: list[Row], a: Row, rise: Row, free: list[int], top: Fraction | None) -> None:
    """Move what is free to the maximum, or to the first bound on the way, where it is held."""
    whole, step = _solution([[gram[i][j] for j in free] for i in free], [rise[i] for i in free])
    t, hit = Fraction(1) if whole else None, None
    for i, d in zip(free, step, strict=True):
        room = -a[i] / d if d < 0 else (top - a[i]) / d if d > 0 and top is not None else None
        if room is not None and (t is None or room < t):
            t, hit = room, (i, Fraction(0) if d < 0 else top)
    assert t is not None
    for i, d in zip(free, step, strict=True):
        a[i] += t * d
    if hit is not None:
        i, bound = hit
        assert bound is not None
        a[i] = bound
        free.remove(i)


def _solution(A: list[Row], b: Row) -> tuple[bool, Row]:
    """x with A x = b; or False, and x with A x = 0 and b x > 0."""
    n = len(A)
    lines = [[*line, right] for line, right in zip(A, b, strict=True)]
    pivots: list[int] = []
    for j in range(n):
        r = len(pivots)
        found = next((k for k in range(r, n) if lines[k][j] != 0), None)
        if found is None:
            continue
        lines[r], lines[found] = lines[found], lines[r]
        lines[r] = [x / lines[r][j] for x in lines[r]]
        for k in range(n):
            if k != r and lines[k][j] != 0:
                share = lines[k][j]
                lines[k] = [x - share * y for x, y in zip(lines[k], lines[r], strict=True)]
        pivots.append(j)
    if all(line[n] == 0 for line in lines[len(pivots) :]):
        x = [Fraction(0)] * n
        for line, j in zip(lines, pivots, strict=False):
            x[j] = line[n]
        return True, x
    for j in set(range(n)) - set(pivots):
        x = [Fraction(0)] * n
        x[j] = Fraction(1)
        for line, pivot in zip(lines, pivots, strict=False):
            x[pivot] = -line[j]
        ahead = _dot(x, b)
        if ahead != 0:
            return False, [-v if ahead < 0 else v for v in x]
    raise AssertionError("b lies in the span of A, or leaves it along one of these")


def _dot(one: Row, other: Row) -> Fraction:
    return sum((x * y for x, y in zip(one, other, strict=True)), Fraction(0))
