"""Masked-LM fill draws from the model's distribution, and asks the model no oftener than needed."""

import dataclasses
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest

from augment.batch import TextBatch, spans_of
from augment.lexicons.forms import load_forms
from augment.methods import filling, masked_lm
from augment.methods.masked_lm import MaskedLMFill
from augment.models.backends import load_fill_mask
from augment.models.fill_mask import FillMask, Network, Top
from augment.models.masking import Slots, mask_slots
from augment.models.spellings import Spellings
from augment.models.windows import windows_of
from augment.randomness import derive
from augment.text.languages import language

Floats = npt.NDArray[np.float64]

TEXT = "the old garden is near"
DRAWS = 10_000


def plain(model: Path, **options: Any) -> MaskedLMFill:
    """One word of each row, of any kind."""
    given = {"min_probability": 0.0, "agreement": False, "show": "mask", "max_edits": 1, **options}
    return MaskedLMFill(model=str(model), backend="torch", dtype="float32", **given)


def distribution(checkpoint: Path) -> dict[str, float]:
    """What the checkpoint believes of the words in the place of ``garden``, by plain torch."""
    import torch
    from transformers import AutoModelForMaskedLM

    loaded = load_fill_mask(str(checkpoint), None, "torch", "float32", "cpu")
    stop = set(language("en").stopwords.to_pylist())
    forms = load_forms("en")
    assert forms is not None
    ids = {}
    for word in forms.words.to_pylist():
        item = loaded.tokenizer.token_to_id(word)
        if item is not None and word not in stop | {"old", "garden", "near", "not", "never", "no"}:
            ids[word] = item
    given = loaded.tokenizer.encode(TEXT).ids
    given[given.index(loaded.tokenizer.token_to_id("garden"))] = loaded.mask_id
    with torch.inference_mode():
        model = AutoModelForMaskedLM.from_pretrained(checkpoint).eval()
        logits = model(torch.tensor([given])).logits[0, given.index(loaded.mask_id)]
    weights = np.exp(logits[list(ids.values())].double().numpy())
    return dict(zip(ids, (weights / weights.sum()).tolist(), strict=True))


def softened(shares: Floats) -> Floats:
    return shares**2 / (shares**2).sum()


def best_eight(shares: Floats) -> Floats:
    kept = np.where(shares >= np.sort(shares)[-8], shares, 0)
    return np.asarray(kept / kept.sum())


def nucleus(shares: Floats) -> Floats:
    order = np.argsort(-shares)
    before = np.cumsum(shares[order]) - shares[order]
    kept = np.zeros_like(shares)
    kept[order[before < 0.3]] = shares[order[before < 0.3]]
    return np.asarray(kept / kept.sum())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"top_k": 0}, lambda shares: shares),
        ({"top_k": 0, "temperature": 0.5}, softened),
        ({"top_k": 8}, best_eight),
        ({"top_k": 0, "top_p": 0.3}, nucleus),
    ],
    ids=["all", "temperature", "top_k", "top_p"],
)
def test_draws_follow_the_model(
    wordpiece_checkpoint: Path,
    options: dict[str, Any],
    expected: Callable[[Floats], Floats],
) -> None:
    believed = distribution(wordpiece_checkpoint)
    shares = dict(zip(believed, expected(np.array(list(believed.values()))), strict=True))
    column = pa.array([TEXT] * DRAWS, pa.string())
    keys = TextBatch.of([str(i) for i in range(DRAWS)]).keys
    rows = dataclasses.replace(TextBatch.of(column, language="en"), keys=keys)
    rows = dataclasses.replace(rows, protected=only_garden())
    out = plain(wordpiece_checkpoint, **options).apply(rows)
    found = Counter(edits[0]["text"] for edits in out.edits.to_pylist())
    assert sum(found.values()) == DRAWS
    assert set(found) <= {word for word, share in shares.items() if share > 0}
    # Words too rare for the test are counted together.
    usual = [word for word, share in shares.items() if share * DRAWS >= 5]
    seen = np.array([found[word] for word in usual], np.float64)
    wanted = np.array([shares[word] * DRAWS for word in usual])
    if DRAWS - wanted.sum() >= 5:
        seen, wanted = (np.append(column, DRAWS - column.sum()) for column in (seen, wanted))
    statistic = ((seen - wanted) ** 2 / wanted).sum()
    assert statistic < chi_square_limit(len(wanted) - 1)


def chi_square_limit(freedom: int) -> float:
    """What a chi-square exceeds once in a thousand times (Wilson & Hilferty 1931)."""
    spread = 2 / (9 * max(freedom, 1))
    return max(freedom, 1) * (1 - spread + 3.09 * spread**0.5) ** 3


def only_garden() -> pa.ListArray:
    return spans_of([[(4, 7), (18, len(TEXT))]] * DRAWS)


@dataclasses.dataclass
class Counting:
    """A network that counts its rows."""

    network: Network
    rows: int = 0

    def top(self, input_ids: Any, *rest: Any) -> Top:
        self.rows += len(input_ids)
        return self.network.top(input_ids, *rest)


@pytest.fixture
def counting(monkeypatch: pytest.MonkeyPatch) -> Counting:
    loaded = load_fill_mask(None, None, "auto", "auto", "auto")
    network = Counting(loaded.network)
    made = dataclasses.replace(loaded, network=network)
    monkeypatch.setattr(masked_lm, "load_fill_mask", lambda *_: made)
    return network


ROWS = [
    "The movie was a big success, and the actor loved his garden.",
    "Children play in the old park while the rain falls on the houses.",
]


def copies(step: MaskedLMFill, count: int) -> list[list[str | None]]:
    base = TextBatch.of(ROWS, language="en")
    made = (
        dataclasses.replace(base, keys=derive(base.keys, k), copy=k, shared=base.keys)
        for k in range(count)
    )
    return [step.apply(batch).text.to_pylist() for batch in made]


class TestCopies:
    def test_shared_masks_cost_one_pass(self, counting: Counting) -> None:
        five = copies(MaskedLMFill(rate=0.3, masks="shared"), 5)
        assert counting.rows == len(ROWS)
        assert len({text for copy in five for text in copy}) > len(ROWS)

    def test_more_candidates_than_memory_holds_are_asked_again(
        self, counting: Counting, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        remembered = copies(MaskedLMFill(rate=0.3, masks="shared"), 3)
        monkeypatch.setattr(filling, "_REMEMBERED", 100)
        assert copies(MaskedLMFill(rate=0.3, masks="shared"), 3) == remembered
        assert counting.rows == (1 + 3) * len(ROWS)

    def test_own_masks_cost_a_pass_each(self, counting: Counting) -> None:
        copies(MaskedLMFill(rate=0.3), 5)
        assert counting.rows == 5 * len(ROWS)

    @pytest.mark.parametrize("masks", ["own", "shared"])
    def test_two_copies_begin_five(self, masks: Any) -> None:
        step = MaskedLMFill(rate=0.3, masks=masks)
        assert copies(step, 2) == copies(step, 5)[:2]

    def test_shared_masks_are_the_same_places(self) -> None:
        step = MaskedLMFill(rate=0.3, masks="shared", min_probability=0.0)
        places = {
            tuple((edit.start, edit.stop) for edit in variant.edits)
            for variant in step.variants(ROWS[1], 6)
        }
        assert len(places) == 1


class TestWindows:
    def cut(self, length: int, masks: list[int], room: int) -> Any:
        opens = np.ones(length, np.bool_)
        places = np.array(masks)
        none = np.zeros(len(masks), np.int64)
        return windows_of(np.array([0, length]), places, none, np.arange(len(masks)), opens, room)

    def test_a_short_row_is_one_window(self) -> None:
        windows, of = self.cut(30, [0, 4, 29], 32)
        assert windows.tolist() == [[0, 30]]
        assert of.tolist() == [0, 0, 0]

    def test_every_mask_has_context_on_both_sides(self) -> None:
        rng = np.random.default_rng(0)
        for _ in range(200):
            length, room = int(rng.integers(40, 800)), int(rng.integers(16, 64))
            count = int(rng.integers(1, 30))
            masks = np.sort(rng.choice(length, min(count, length), replace=False)).tolist()
            windows, of = self.cut(length, masks, room)
            assert set(of.tolist()) == set(range(len(windows)))
            for mask, window in zip(masks, of, strict=True):
                start, stop = windows[window]
                assert stop - start <= room
                assert start <= mask < stop
                assert mask - start >= min(room // 4 - 1, mask)
                assert stop - mask >= min(room // 4 - 1, length - mask)

    def test_a_mask_is_read_where_it_is_most_central(self) -> None:
        windows, of = self.cut(400, [100, 131, 133], 64)
        centres = windows.mean(axis=1)
        for mask, window in zip([100, 131, 133], of, strict=True):
            assert window == np.abs(centres - mask).argmin()

    def test_windows_begin_and_end_at_words(self) -> None:
        opens = np.arange(400) % 3 == 0
        place, none = np.array([200]), np.array([0])
        windows, _ = windows_of(np.array([0, 400]), place, none, none, opens, 64)
        assert (windows % 3 == 0).all()

    def test_no_sequence_is_longer_than_the_model_takes(self, unigram_checkpoint: Path) -> None:
        loaded = load_fill_mask(str(unigram_checkpoint), None, "torch", "float32", "cpu")
        text = "supercalifragilistic gardens and 1234567890 " * 40
        starts = np.arange(0, len(text) - 44, 44)
        slots = Slots(np.zeros_like(starts), starts, starts + 20, np.full(len(starts), 2))
        masked = mask_slots(loaded.tokenizer, [text], slots, loaded.mask_id, loaded.room)
        sequences, masks, order = masked.requests(np.arange(len(masked.places)))
        assert max(map(len, sequences)) <= loaded.room
        assert sorted(order.tolist()) == list(range(2 * len(starts)))
        for sequence, places in zip(sequences, masks, strict=True):
            assert (sequence[places] == loaded.mask_id).all()


class TestSpellings:
    def spelled(self, model: FillMask, words: list[str], pieces: int) -> set[str]:
        column = pa.array(words)
        trie = Spellings.of(model.tokenizer, model.vocabulary, column, (pieces,))
        return {words[i] for i in trie.word if i >= 0}

    @pytest.mark.parametrize("kind", ["wordpiece_checkpoint", "byte_level_checkpoint"])
    def test_fragments_are_no_words(self, kind: str, request: pytest.FixtureRequest) -> None:
        """``Ġth`` is an item, and so is ``the``: only the list can tell which is a word."""
        folder = request.getfixturevalue(kind)
        model = load_fill_mask(str(folder), None, "torch", "float32", "cpu")
        fragments = {w for w in model.vocabulary.words.to_pylist() if w.islower()}
        forms = load_forms("en")
        assert forms is not None
        words = forms.words.to_pylist()
        unlisted = fragments - set(words)
        assert len(unlisted) > 50
        assert not self.spelled(model, words, 1) & unlisted

    def test_words_have_as_many_items_as_asked(self, wordpiece_checkpoint: Path) -> None:
        model = load_fill_mask(str(wordpiece_checkpoint), None, "torch", "float32", "cpu")
        words = ["garden", "gardenless", "people", "xylophones"]
        for pieces in (1, 2, 3):
            for word in self.spelled(model, words, pieces):
                assert len(model.tokenizer.encode(word, add_special_tokens=False).ids) == pieces
        assert {"garden", "people"} <= self.spelled(model, words, 1)
