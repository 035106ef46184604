"""Bodies that were packed for the way, and come in pieces."""

import gzip
import zlib
from collections.abc import Callable

import numpy as np
import pytest

from fitserve.data.packing import IN_PIECE, OUT_PIECE, unpacked
from fitserve.errors import MalformedJson, TooLarge

LENGTHS = [0, 1, IN_PIECE, OUT_PIECE - 1, OUT_PIECE, OUT_PIECE + 1, 3 * OUT_PIECE]


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


def in_members(data: bytes) -> bytes:
    third = len(data) // 3
    return b"".join(map(gzip.compress, (data[:third], data[third:])))


PACKED: list[tuple[str, Callable[[bytes], bytes]]] = [
    ("gzip", gzip.compress),
    ("gzip", in_members),
    ("deflate", zlib.compress),
    ("deflate", raw_deflate),
]


@pytest.mark.parametrize("dense", [False, True], ids=["thin", "dense"])
@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize(("encoding", "pack"), PACKED)
def test_all_of_it_comes_out_and_never_more_than_the_limit(
    encoding: str, pack: Callable[[bytes], bytes], length: int, dense: bool
) -> None:
    body = np.random.default_rng(length).bytes(length) if dense else b" " * length
    packed = pack(body)
    assert unpacked(packed, encoding, length) == body
    with pytest.raises(MalformedJson):
        unpacked(packed[:-1], encoding, length)
    if length:
        with pytest.raises(TooLarge):
            unpacked(packed, encoding, length - 1)
