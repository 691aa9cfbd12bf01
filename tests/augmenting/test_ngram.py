"""Ranking by an n-gram model: scores are the model's, and candidates follow their context."""

import math
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from augment.errors import MissingExtraError, ModelError
from augment.lexicons.lexicon import Lexicon
from augment.methods.ranking import draw_in_context
from augment.models import ngram
from augment.models.ngram import load_ngram, ngram_digest
from augment.text.columns import Utf8
from augment.text.segments import Segments, segment

pytest.importorskip("kenlm", reason="KenLM is compiled when it is installed, and may be missing")

ARPA = """\\data\\
ngram 1=7
ngram 2=3
ngram 3=1

\\1-grams:
-1.0\t<unk>
-99\t<s>\t0
-1.0\t</s>
-1.0\thot\t-0.5
-1.0\ttea\t-0.5
-1.0\twater\t-0.5
-1.0\tsoup\t-0.5

\\2-grams:
-0.1\thot\ttea\t-0.2
-0.6\thot\tsoup\t-0.2
-0.3\ttea\twater

\\3-grams:
-0.05\thot\ttea\twater

\\end\\
"""


@pytest.fixture
def path(tmp_path: Path) -> str:
    file = tmp_path / "tiny.arpa"
    file.write_text(ARPA, "utf-8")
    return str(file)


def pieces_of(text: list[str]) -> Segments:
    return segment(Utf8.of(pa.array(text)))


TABLE = Lexicon.of({"coffee": [("tea", 0, 1.0), ("soup", 0, 1.0)], "ice": [("water", 0, 2.0)]})


def places(segments: Segments, word: str) -> np.ndarray:
    return np.flatnonzero([piece == word for piece in segments.pieces.to_pylist()])


def test_scores_are_the_natural_logarithms_of_the_model(path: str) -> None:
    model = load_ngram(path)
    found = model.score(["hot tea water", "hot soup", "tea"])
    # p(hot) p(tea | hot) p(water | hot tea); p(hot) p(soup | hot); p(tea).
    expected = np.array([-1.0 - 0.1 - 0.05, -1.0 - 0.6, -1.0]) * math.log(10)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_only_two_words_on_either_side_count(path: str) -> None:
    model, uniform = load_ngram(path), np.linspace(0, 1, 500, endpoint=False)
    chosen = []
    for text in ("hot hot coffee water soup", "soup tea hot hot coffee water soup hot"):
        segments = pieces_of([text])
        at = np.repeat(places(segments, "coffee"), len(uniform))
        entries = TABLE.find(pa.array(["coffee"])).repeat(len(at))
        chosen.append(draw_in_context(model, segments, at, entries, TABLE, uniform).tolist())
    assert chosen[0] == chosen[1]
    assert set(chosen[0]) == {0, 1}


def test_a_draw_at_the_very_border_does_not_depend_on_the_batch(path: str) -> None:
    segments = pieces_of(["hot coffee"])
    at = np.repeat(places(segments, "coffee"), 5_000)
    entries = TABLE.find(pa.array(["coffee"])).repeat(len(at))
    border = 1 / (1 + 10**-0.5)
    for step in range(-8, 9):
        uniform = np.full(len(at), border + step * 2**-53)
        chosen = draw_in_context(load_ngram(path), segments, at, entries, TABLE, uniform)
        assert len(set(chosen.tolist())) == 1


def test_candidates_are_drawn_in_proportion_to_weight_and_context(path: str) -> None:
    segments = pieces_of(["hot coffee"])
    at = np.repeat(places(segments, "coffee"), 10_000)
    entries = TABLE.find(pa.array(["coffee"])).repeat(len(at))
    uniform = (np.arange(len(at)) + 0.5) / len(at)
    chosen = draw_in_context(load_ngram(path), segments, at, entries, TABLE, uniform)
    tea, soup = 10**-0.1, 10**-0.6
    assert np.mean(chosen == 0) == pytest.approx(tea / (tea + soup), abs=2e-4)


def test_context_ends_at_punctuation_and_at_the_row(path: str) -> None:
    uniform = np.array([0.6])  # soup without context, which is as likely as tea; tea after "hot"
    entries = TABLE.find(pa.array(["coffee"]))
    for text, expected in [
        (["hot coffee"], "tea"),
        (["hot. coffee"], "soup"),
        (["hot", "coffee"], "soup"),
        (["hot  coffee water"], "tea"),
    ]:
        segments = pieces_of(text)
        at = places(segments, "coffee")
        (chosen,) = draw_in_context(load_ngram(path), segments, at, entries, TABLE, uniform)
        assert TABLE.candidates[chosen].as_py() == expected


def test_places_are_independent_of_each_other(path: str) -> None:
    texts = ["hot coffee", "ice", "coffee", "hot ice coffee, ice", "hot coffee ice"]
    segments, uniform = pieces_of(texts), np.array([0.9, 0.1, 0.6, 0.99, 0.7, 0.3, 0.8, 0.0])
    entry = TABLE.find(segments.pieces)
    at = np.flatnonzero(entry >= 0)
    model = load_ngram(path)
    whole = draw_in_context(model, segments, at, entry[at], TABLE, uniform)
    single = [
        draw_in_context(model, segments, at[i : i + 1], entry[at[i : i + 1]], TABLE, uniform[[i]])
        for i in range(len(at))
    ]
    assert whole.tolist() == np.concatenate(single).tolist()
    owner = np.searchsorted(TABLE.offsets, whole, side="right") - 1
    assert owner.tolist() == entry[at].tolist()


def test_nothing_chosen_is_nothing_drawn(path: str) -> None:
    none, segments = np.zeros(0, np.int64), pieces_of(["hot"])
    assert len(draw_in_context(load_ngram(path), segments, none, none, TABLE, np.zeros(0))) == 0


def test_a_model_is_opened_once_until_its_file_changes(path: str) -> None:
    assert load_ngram(path) is load_ngram(path)
    before, digest = load_ngram(path), ngram_digest(path)
    Path(path).write_text(ARPA.replace("-0.1\thot", "-0.9\thot"), "utf-8")
    assert load_ngram(path).score(["hot tea"]) < before.score(["hot tea"])
    assert ngram_digest(path) != digest


def test_errors_say_what_is_wrong(
    tmp_path: Path, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ModelError, match=r"'nowhere\.arpa': no such file.*libime-zh"):
        load_ngram("nowhere.arpa")
    broken = tmp_path / "broken.arpa"
    broken.write_text("no model", "utf-8")
    with pytest.raises(ModelError, match=r"broken\.arpa is no n-gram model"):
        load_ngram(str(broken))
    fresh = tmp_path / "fresh.arpa"
    fresh.write_text(ARPA, "utf-8")
    monkeypatch.setattr(ngram, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r'pip install "augmill\[ngram\]"'):
        load_ngram(str(fresh))


def test_debian_s_chinese_model_prefers_what_is_said() -> None:
    try:
        model = load_ngram("libime-zh")
    except ModelError:
        pytest.skip("Debian's libime-data-language-model is not installed")
    said, odd = model.score([f"引起 了 {word} 和 讨论" for word in ("关注", "留心")])
    assert said > odd + 1
