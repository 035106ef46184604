"""Bodies that were packed for the way: gzip and deflate."""

import zlib

from fitserve.errors import MalformedJson, TooLarge

PACKINGS = {"gzip": 31, "x-gzip": 31, "deflate": 47}
"""By the name in Content-Encoding zlib's window bits; 47: zlib or gzip."""
IN_PIECE, OUT_PIECE = 2**14, 2**18


def unpacked(packed: bytes, encoding: str, limit: int) -> bytes:
    """The body without its Content-Encoding, which may be none.

    Never more than `limit` bytes, however small a bomb is. Raises `TooLarge`, or `MalformedJson`
    where the body is not packed so.
    """
    if encoding not in PACKINGS:
        return packed
    try:
        return _inflated(packed, encoding, limit)
    except zlib.error:
        raise MalformedJson(
            f"The body is not {encoding}, or not all of it, as the header Content-Encoding says. "
            "Send it packed so, or leave that header out."
        ) from None


def _inflated(packed: bytes, encoding: str, limit: int) -> bytes:
    wbits = PACKINGS[encoding]
    if encoding == "deflate" and int.from_bytes(packed[:2]) % 31:
        wbits = -15  # without zlib's header, as some clients understand "deflate"
    parts: list[bytes] = []
    room = limit
    at = 0
    while at < len(packed):  # gzip may hold several members
        unpacker = zlib.decompressobj(wbits)
        while not unpacker.eof:
            # In pieces: what a member leaves over is copied, and a body may be all members. And
            # what comes out is copied at a stretch, for which all other threads wait.
            piece = packed[at : at + IN_PIECE]
            part = unpacker.decompress(piece, min(room + 1, OUT_PIECE))
            if not piece and not part and not unpacker.eof:
                raise zlib.error("it ends in the middle")
            if len(part) > room:
                raise TooLarge(limit)
            parts.append(part)
            room -= len(part)
            at += len(piece) - len(unpacker.unconsumed_tail) - len(unpacker.unused_data)
    return b"".join(parts)
