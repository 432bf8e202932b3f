"""The loop in which onnxruntime's threads wait for work: awake at first, then asleep.

onnxruntime looks for work a million times before a thread sleeps, 11 ms. In a page, whose calls come one by one
with Python and drawing between them, its threads never slept: of two cores they took one from Python, from the page and
from what draws. Ours look 20,000 times, a fraction of a millisecond. That is longer than they wait within calls that
follow each other; after a rest they sleep within a call too (`docs/decisions/0042-kernels.md`).
"""

from __future__ import annotations

ROUNDS = 20_000

#: `i32.load offset=48`: of the pool of threads, how often one looks. It is compared with what was done already.
_READ = b"\x28\x02\x30"
_LOCAL_GET, _I32_CONST = 0x20, 0x41


def shortened(body: bytes) -> bytes:
    """The loop's function with `ROUNDS` in the place where it last reads how often to look, in as many bytes."""
    at = body.rindex(_READ)
    start, end = at - 2, at + len(_READ)
    if body[start] != _LOCAL_GET:
        raise ValueError("the pool is no local")
    # LEB128 in four bytes, more than it needs.
    number = bytes([*(ROUNDS >> shift & 0x7F | 0x80 for shift in (0, 7, 14)), ROUNDS >> 21])
    return body[:start] + bytes([_I32_CONST]) + number + body[end:]
