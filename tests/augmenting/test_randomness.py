"""Random numbers are uniform, independent, and functions of (key, stream, counter) alone."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.randomness import derive, generator, gumbel, hash_strings, mix, row_keys, uniform

COUNT = 100_000
BINS = 100
FAR = BINS - 1 + 6 * np.sqrt(2 * (BINS - 1))
"""Six standard deviations of the chi-square statistic above its mean."""

KEYS = row_keys(0, hash_strings([f"row {i}" for i in range(COUNT)]))
SEQUENCES = {
    "keys of hashed rows": uniform(KEYS, "a"),
    "consecutive keys": uniform(np.arange(COUNT, dtype=np.uint64), "a"),
    "counters of one key": uniform(KEYS[0], "a", np.arange(COUNT)),
    "seeds of one row": uniform(
        np.array([row_keys(seed, 7) for seed in range(COUNT // 20)], np.uint64), "a", 0
    ),
    "high bits only": uniform(np.arange(COUNT, dtype=np.uint64) << np.uint64(40), "a"),
}


@pytest.mark.parametrize("name", SEQUENCES)
def test_numbers_are_uniform(name: str) -> None:
    values = SEQUENCES[name]
    assert values.min() >= 0.0
    assert values.max() < 1.0
    counts, _ = np.histogram(values, BINS, (0, 1))
    expected = len(values) / BINS
    assert ((counts - expected) ** 2 / expected).sum() < FAR


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (uniform(KEYS, "a"), uniform(KEYS, "b")),
        (uniform(KEYS, "a", 0), uniform(KEYS, "a", 1)),
        (uniform(KEYS[:-1], "a"), uniform(KEYS[1:], "a")),
        (uniform(KEYS, "a"), uniform(derive(KEYS, 0), "a")),
        (uniform(derive(KEYS, 0), "a"), uniform(derive(KEYS, 1), "a")),
        (uniform(derive(KEYS, 0), "a"), uniform(derive(KEYS, "0"), "a")),
        (uniform(KEYS, "a", 1), uniform(derive(KEYS, 1), "a")),
    ],
    ids=["streams", "counters", "rows", "derived", "copies", "number and name", "counter and copy"],
)
def test_numbers_are_independent(a: np.ndarray, b: np.ndarray) -> None:  # type: ignore[type-arg]
    counts, _, _ = np.histogram2d(a, b, 10, [[0, 1], [0, 1]])
    expected = len(a) / BINS
    assert ((counts - expected) ** 2 / expected).sum() < FAR
    assert abs(np.corrcoef(a, b)[0, 1]) < 6 / np.sqrt(len(a))


def test_every_bit_of_a_key_flips_half_of_the_bits() -> None:
    keys = KEYS[:2000]
    for bit in range(64):
        changed = mix(keys) ^ mix(keys ^ np.uint64(1 << bit))
        flipped = np.unpackbits(changed.view(np.uint8)).mean()
        assert abs(flipped - 0.5) < 0.01


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**32), st.text(max_size=5))
def test_one_number_is_the_same_as_one_of_many(key: int, counter: int, stream: str) -> None:
    many = uniform(np.array([1, key, 2], np.uint64)[:, None], stream, np.array([counter, 3])[None])
    assert uniform(key, stream, counter) == many[1, 0]
    assert derive(key, stream) == derive(np.array([key], np.uint64), stream)[0]


def test_known_values_never_change() -> None:
    """A change here changes every user's output: raise the major version."""
    assert mix(np.uint64(0)) == 0xE220A8397B1DCDAF
    assert hash_strings(["", "a", "é"]).tolist() == [
        3244421341483603138,
        16629034431890738719,
        17839895020865391795,
    ]
    assert row_keys(13, 42, "strong", 1) == 4914346410935928627
    assert uniform(np.uint64(1), "choice").round(4) == 0.0315


def test_seeds_labels_and_paths_give_other_keys() -> None:
    rows = hash_strings(["x"])
    made = [
        row_keys(0, rows),
        row_keys(1, rows),
        row_keys(-1, rows),
        row_keys(2**63, rows),
        row_keys(0, rows, 0),
        row_keys(0, rows, "0"),
        row_keys(0, rows, "a", "b"),
        row_keys(0, rows, "b", "a"),
        row_keys(0, rows, "ab"),
    ]
    assert len({int(key[0]) for key in made}) == len(made)


def test_hashes_do_not_depend_on_the_slice() -> None:
    texts = pa.array(["x", "é", "", "y"])
    assert hash_strings(texts.slice(1, 2)).tolist() == hash_strings(["é", ""]).tolist()


def test_gumbel_numbers_sample_by_weight() -> None:
    logits = np.log([0.2, 0.5, 0.3])
    drawn = (logits + gumbel(KEYS[:, None], "g", np.arange(3))).argmax(axis=1)
    assert np.allclose(np.bincount(drawn) / COUNT, [0.2, 0.5, 0.3], atol=0.01)
    assert np.isfinite(gumbel(KEYS, "g")).all()


def test_a_generator_is_its_key() -> None:
    assert generator(5).random() == generator(5).random() != generator(6).random()
