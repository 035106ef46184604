"""The words of a text."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable

_between = re.compile(r"(?<=[^\W_])[\s_-]+(?=[^\W_])").sub
_found = re.compile(r"(?u)\b\w\w+\b").findall


def find_words(text: str) -> list[str]:
    """The words of a text as scikit-learn's CountVectorizer finds them: two or more word
    characters, in lower case."""
    words: list[str] = _found(text.lower())
    return words


def alike(text: str, known: Iterable[str]) -> list[str]:
    """The known texts that differ from this one in capital letters, accents, or in what parts
    words alone."""
    folded = _folded(text)
    return [one for one in known if _folded(one) == folded]


def _folded(text: str) -> str:
    apart = unicodedata.normalize("NFKD", text)
    plain = "".join(sign for sign in apart if not unicodedata.combining(sign)).casefold()
    return _between(" ", plain.strip())


def word_totals(texts: Iterable[tuple[str, int]]) -> Counter[str]:
    """How often each word stands in the texts, each of which counts as often as is said."""
    total: Counter[str] = Counter()
    for text, times in texts:
        for word in find_words(text):
            total[word] += times
    return total


def most_frequent(total: Counter[str], most: int) -> list[str]:
    """The `most` words of the highest totals, the highest first; of words that are as frequent,
    the one that sorts first."""
    return sorted(total, key=lambda word: (-total[word], word))[:most]
