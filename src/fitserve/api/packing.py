"""Answers packed by gzip or deflate, for clients that ask for it."""

import zlib
from collections.abc import Iterable, Iterator

from flask import Response, request

_PACKINGS = {"gzip": 31, "deflate": 15}  # zlib's window bits
_LEVEL = 1  # numbers shrink little by any, and this one is fast


def packed(answer: Response) -> Response:
    """The answer, packed as the header Accept-Encoding likes best."""
    answer.vary.add("Accept-Encoding")
    wanted = request.accept_encodings.best_match([*_PACKINGS, "identity"], "identity")
    if wanted not in _PACKINGS or not answer.response or "Content-Encoding" in answer.headers:
        return answer
    answer.set_data(b"".join(_pieces(answer.iter_encoded(), _PACKINGS[wanted])))
    answer.content_encoding = wanted
    return answer


def _pieces(pieces: Iterable[bytes], wbits: int) -> Iterator[bytes]:
    packer = zlib.compressobj(_LEVEL, wbits=wbits)
    yield from map(packer.compress, pieces)
    yield packer.flush()
