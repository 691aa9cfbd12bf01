"""Counter-based random numbers: every number is a pure function of (row key, stream, counter).

No generator carries state, so a row's numbers are the same whatever its place in a batch, the
number of workers, or what was drawn for other rows before it. The mixer is the finaliser of
SplitMix64 (Steele, Lea & Flood 2014, "Fast splittable pseudorandom number generators", fig. 17),
applied to the key after the stream and the counter were folded into it.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import xxhash

Keys = npt.NDArray[np.uint64]
Counters = npt.NDArray[np.integer]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)
_UNIT = 2.0**-53


def mix(values: npt.ArrayLike) -> Keys:
    """SplitMix64's finaliser: a bijection of 64-bit integers whose output bits look random."""
    with np.errstate(over="ignore"):
        z = np.asarray(values, dtype=np.uint64) + _GOLDEN
        z = (z ^ (z >> np.uint64(30))) * _FIRST
        z = (z ^ (z >> np.uint64(27))) * _SECOND
        return np.asarray(z ^ (z >> np.uint64(31)))


def derive(keys: npt.ArrayLike, label: str | int) -> Keys:
    """Keys of a sub-stream: independent of ``keys`` and of every other label's.

    Args:
        keys: ``(n,)`` uint64.
        label: the name or number of the stream, such as a view, a copy or a step's place.
    """
    salt = (
        label & (2**64 - 1) if isinstance(label, int) else xxhash.xxh3_64_intdigest(label.encode())
    )
    # Numbers and names live in different halves of the salt space, so 0 is never "0".
    tag = np.uint64(0x5851F42D4C957F2D) if isinstance(label, int) else np.uint64(0)
    return mix(np.asarray(keys, dtype=np.uint64) ^ mix(np.uint64(salt) ^ tag))


def uniform(
    keys: npt.ArrayLike, stream: str, counter: npt.ArrayLike = 0
) -> npt.NDArray[np.float64]:
    """Uniform numbers in [0, 1) with 53 random bits; ``keys`` and ``counter`` broadcast.

    >>> uniform(np.array([1, 2], dtype=np.uint64), "choice").round(4)
    array([0.0315, 0.6275])
    """
    counters = np.asarray(counter).astype(np.uint64)
    bits = mix(derive(keys, stream) ^ mix(counters))
    return np.asarray((bits >> np.uint64(11)) * _UNIT)


def bits_at(keys: Keys, rows: npt.NDArray[np.integer], stream: str, counter: Counters) -> Keys:
    """Random 64-bit integers for places in rows: those that :func:`uniform` makes numbers of.

    Args:
        keys: ``(n,)`` the rows' keys.
        rows: ``(m,)`` the row of each place.
        stream: names the numbers.
        counter: ``(m,)`` small integers, not negative: the number of each place within its row.
    """
    counters = mix(np.arange(int(counter.max(initial=0)) + 1))
    return mix(derive(keys, stream)[rows] ^ counters[counter])


def uniform_at(
    keys: Keys, rows: npt.NDArray[np.integer], stream: str, counter: Counters
) -> npt.NDArray[np.float64]:
    """``uniform(keys[rows], stream, counter)``, sooner: what recurs is mixed once."""
    return np.asarray((bits_at(keys, rows, stream, counter) >> np.uint64(11)) * _UNIT)


def gumbel(keys: npt.ArrayLike, stream: str, counter: npt.ArrayLike = 0) -> npt.NDArray[np.float64]:
    """Standard Gumbel numbers, for sampling by ``argmax(logits + gumbel)``."""
    return np.asarray(-np.log(-np.log(uniform(keys, stream, counter) + _UNIT / 2)))


def hash_strings(values: pa.Array | Sequence[str]) -> Keys:
    """``(n,)`` uint64 hashes (XXH3) of strings: the part of a row's key that names the row."""
    column = values if isinstance(values, pa.Array) else pa.array(values, pa.string())
    texts = column.cast(pa.binary()).to_pylist()
    digest = xxhash.xxh3_64_intdigest
    return np.fromiter(map(digest, texts), dtype=np.uint64, count=len(texts))


def row_keys(seed: int, rows: npt.ArrayLike, *path: str | int) -> Keys:
    """Keys of rows: of the seed, the row's own hash, and a path such as (view, copy).

    Args:
        seed: the run's seed.
        rows: ``(n,)`` uint64, one hash per row (see :func:`hash_strings`).
        path: what the rows are made for.
    """
    keys = derive(rows, seed)
    for part in path:
        keys = derive(keys, part)
    return keys


def generator(key: int) -> np.random.Generator:
    """A NumPy generator for code that wants one, seeded by a row's key alone."""
    return np.random.Generator(np.random.Philox(key=int(key)))
