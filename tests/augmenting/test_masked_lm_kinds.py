"""Masked-LM fill is correct with every kind of tokenizer and architecture.

The weights are random: whatever such a model proposes, only whole words that are words may reach
the text, and nothing but the edited words may change.
"""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from augment.augmenter import Augmenter
from augment.batch import TextBatch
from augment.errors import ModelError
from augment.lexicons.forms import load_forms
from augment.lexicons.sources import load_lexicon
from augment.methods.masked_lm import MaskedLMFill
from augment.models.backends import load_fill_mask
from augment.models.masking import Slots, mask_slots
from augment.testing import SHORT_TEXTS
from augment.text.edits import overlaps, replay
from augment.text.protect import Protection

KINDS = (
    "wordpiece_checkpoint",
    "cased_checkpoint",
    "generator_checkpoint",
    "byte_level_checkpoint",
    "prefixed_checkpoint",
    "unigram_checkpoint",
    "metaspace_checkpoint",
)
LITERALS = (
    "The house [MASK] is <mask> old </s> and <pad> the [SEP] garden [CLS] <s> is [UNK] <unk> big.",
    "##house Ġgarden ▁river the##garden",
)
SENTENCE = 'The movie was a big success, and the ACTOR said: "Houses (old gardens) have people."'


@pytest.fixture(params=KINDS, scope="module")
def checkpoint(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(request.param))


def batch(texts: list[str], language: str = "en", seed: int = 0) -> TextBatch:
    column = pa.array(texts, pa.string())
    spans = Protection().find(column)
    return TextBatch.of(column, language=language, protected=spans, seed=seed)


def open_step(model: str, **options: Any) -> MaskedLMFill:
    """As many edits as can be."""
    given = {"rate": 0.6, "min_probability": 0.0, "show": "mask", **options}
    return MaskedLMFill(model=model, backend="torch", dtype="float32", **given)


@cache
def english() -> frozenset[str]:
    table = load_forms("en")
    assert table is not None
    return frozenset(table.words.to_pylist())


def check(step: Augmenter, rows: TextBatch, words: frozenset[str]) -> list[tuple[str, str]]:
    """The edits, old and new, after asserting what always holds."""
    out = step.apply(rows)
    assert replay(rows.text, out.edits).equals(out.text)
    assert not overlaps(out.edits, rows.protected).any()
    found = []
    for source, edits, chances in zip(
        rows.text.to_pylist(),
        out.edits.to_pylist(),
        out.notes["probabilities"].to_pylist(),
        strict=True,
    ):
        for edit, chance in zip(edits or [], chances or [], strict=True):
            old, new = source[edit["start"] : edit["stop"]], edit["text"]
            if chance is None:
                assert {old.lower(), new.lower()} == {"a", "an"}
                continue
            assert new.strip().lower() in words, (old, new)
            assert old.lower() != new.lower()
            found.append((old, new))
    return found


def test_new_words_are_words_in_the_case_of_the_old(checkpoint: str) -> None:
    rows = batch([SENTENCE, *SHORT_TEXTS.values(), *LITERALS])
    edits = check(open_step(checkpoint), rows, english())
    assert len(edits) >= 20
    for old, new in edits:
        assert old.isalpha()
        assert (new.islower(), new.isupper()) == (old.islower(), old.isupper())


def test_literal_specials_are_text(checkpoint: str) -> None:
    loaded = load_fill_mask(checkpoint, None, "torch", "float32", "cpu")
    house = (np.array([n]) for n in (0, 4, 9, 1))
    masked = mask_slots(loaded.tokenizer, [LITERALS[0]], Slots(*house), loaded.mask_id, 60)
    assert (masked.ids == loaded.mask_id).sum() == 1
    out = open_step(checkpoint, rate=1.0).apply(batch(list(LITERALS)))
    made = out.text[0].as_py()
    for kept in (" [MASK] ", " <mask> ", " </s> ", " <pad> ", " [SEP] ", " [CLS] ", " <s> "):
        assert kept in made


def test_long_documents_are_edited_throughout(checkpoint: str) -> None:
    texts = [t for t in SHORT_TEXTS.values() if t.isascii() and " " in t and len(t) < 200]
    source = "\r\n".join(texts * 12)
    (edits,) = open_step(checkpoint, rate=0.3).apply(batch([source])).edits.to_pylist()
    tenths = {10 * edit["start"] // len(source) for edit in edits}
    assert tenths == set(range(10))


def test_inserted_words_stand_between_words(checkpoint: str) -> None:
    rows = batch([SENTENCE, *SHORT_TEXTS.values(), *LITERALS])
    step = open_step(checkpoint, action="insert")
    edits = check(step, rows, english())
    assert len(edits) >= 8
    assert all(old == "" and new.endswith(" ") for old, new in edits)
    for source, made in zip(rows.text.to_pylist(), step.apply(rows).edits.to_pylist(), strict=True):
        for edit in made or []:
            if edit["start"] == edit["stop"]:
                assert source[edit["start"] - 1] in " \t\u00a0\u2003\u3000"
                assert source[edit["start"]].isalpha()


def test_one_after_the_other_each_sees_the_last(checkpoint: str) -> None:
    rows = batch([SENTENCE, *SHORT_TEXTS.values(), *LITERALS])
    assert len(check(open_step(checkpoint, strategy="sequential"), rows, english())) >= 20


@pytest.mark.parametrize("kind", ["wordpiece_checkpoint", "byte_level_checkpoint"])
@pytest.mark.parametrize("action", ["substitute", "insert"])
def test_words_of_two_items(kind: str, action: str, request: pytest.FixtureRequest) -> None:
    folder = str(request.getfixturevalue(kind))
    tokenizer = load_fill_mask(folder, None, "torch", "float32", "cpu").tokenizer
    rows = batch([SENTENCE] * 12 + ["we watch the gardens and the river"] * 12)
    edits = check(open_step(folder, pieces=2, top_k=0, action=action), rows, english())
    assert len(edits) >= 5
    for old, new in edits:
        if old == old.lower() and new.islower():
            spelled = tokenizer.encode(f"a {new.strip()}", add_special_tokens=False).ids
            bare = tokenizer.encode(f"({new.strip()}", add_special_tokens=False).ids
            assert 3 in (len(spelled), len(bare))  # the word's two and one before it


def test_places_without_a_candidate_are_counted(checkpoint: str) -> None:
    rows = batch([SENTENCE, "", "!"])
    out = open_step(checkpoint, rate=1.0, min_probability=0.999).apply(rows)
    assert out.text.null_count == 3
    assert out.notes["unfilled"].to_pylist() == [8, None, None]


def test_same_for_any_cut_and_order(checkpoint: str) -> None:
    rows = batch([SENTENCE[i:] for i in range(0, 60, 4)])
    step = open_step(checkpoint, rate=0.4)
    whole = step.apply(rows)
    order = np.random.default_rng(0).permutation(len(rows))
    again = step.apply(rows.take(order)).take(np.argsort(order))
    alone = [step.apply(rows.slice(i, i + 1)).text for i in range(len(rows))]
    assert again.text.equals(whole.text)
    assert pa.concat_arrays(alone).equals(whole.text)


CHUNKS = st.sampled_from(
    [
        *("the old house", "Garden", "PEOPLE", "don't", "river,", "good", "a", "an", "not"),
        *("\r\n", "\n\n", "\t", "  ", "\u00a0", "\u202b", "\u200b", "\ufeff", "\x00", "…"),
        *("👩‍👩‍👧", "🇫🇷", "é", "e\u0301", "ﬁne", "İ", "שלום", "你好", "ñ", "ß"),
        *("[MASK]", "<mask>", "</s>", "##ing", "Ġth", "▁", "'", '"', "(", ")"),
        *("3rd", "@anna", "{name}", "http://x.org/good", "big-house", "a good day"),
    ]
)


@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(texts=st.lists(st.lists(CHUNKS, max_size=12).map(" ".join), min_size=1, max_size=4))
@pytest.mark.parametrize("action", ["substitute", "insert"])
def test_whatever_the_text(checkpoint: str, action: str, texts: list[str]) -> None:
    check(open_step(checkpoint, action=action), _told(texts), english())


def _told(texts: list[str]) -> TextBatch:
    """With one text more that always has edits, so that there are notes."""
    return batch([*texts, SENTENCE])


class TestChinese:
    texts = (
        "今天天气很好，我们一起去公园散步，看到了许多美丽的花。",
        "这部电影的故事非常感人，演员的表演也很出色。[MASK] 我昨天bought了一台电脑👍🏽。",
        "没有人不喜欢这家饭店的服务态度。",
        "城市的交通越来越方便，人们的生活水平不断提高。" * 12,
    )

    @pytest.mark.parametrize("action", ["substitute", "insert"])
    @pytest.mark.parametrize("strategy", ["parallel", "sequential"])
    def test_words_of_characters(
        self, chinese_checkpoint: Path, action: str, strategy: str
    ) -> None:
        table = load_lexicon("cilin")
        words = frozenset(pc.unique(pa.concat_arrays([table.words, table.candidates])).to_pylist())
        step = open_step(str(chinese_checkpoint), action=action, strategy=strategy, top_k=0)
        rows = batch(list(self.texts), "zh")
        edits = check(step, rows, words)
        assert len(edits) >= 10
        for old, new in edits:
            assert all("\u4e00" <= character <= "\u9fff" for character in old + new)
            assert len(new) == len(old) or not old
        assert all("不" not in old and "没" not in old for old, _ in edits)

    def test_other_languages_without_spaces_are_declined(self, chinese_checkpoint: Path) -> None:
        assert open_step(str(chinese_checkpoint))("วันนี้อากาศดีมาก", language="th") == "วันนี้อากาศดีมาก"


def test_languages_without_a_list_use_whole_items(byte_level_checkpoint: Path) -> None:
    step = open_step(str(byte_level_checkpoint))
    out = step.apply(batch(["la maison est grande et belle"], "fr"))
    items = load_fill_mask(str(byte_level_checkpoint), None, "torch", "float32", "cpu").vocabulary
    for edit in out.edits[0].as_py():
        assert edit["text"] in items.words.to_pylist()
    with pytest.raises(ModelError, match=r"pieces: 2 needs a list of words.*'fr'"):
        open_step(str(byte_level_checkpoint), pieces=2)("la maison", language="fr")
