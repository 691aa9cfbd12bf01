"""Fluency: what a language model makes of the words at the edits, in the variant and the source."""

import math

import numpy as np
import pyarrow as pa
import pytest

from augment.component import fingerprint
from augment.errors import ModelError, ParameterError
from augment.filters.fluency import Fluency
from augment.models.backends import load_fill_mask
from augment.models.perplexity import STRIDE, masked_surprise

SOURCE = "It is a very funny film with a good story and a great cast."
BETTER = "It is a very funny movie with a good story and a great cast."
WORSE = "It is a very funny carburettor with a good story and a great cast."

ARPA = """\\data\\
ngram 1=6
ngram 2=2

\\1-grams:
-2.0\t<unk>
-99\t<s>\t0
-1.0\t</s>
-1.0\thot\t-0.5
-1.0\ttea\t-0.5
-1.0\twater\t-0.5

\\2-grams:
-0.1\thot\ttea
-0.3\ttea\twater

\\end\\
"""


@pytest.fixture(scope="module")
def model():
    return load_fill_mask(None, None, "auto", "auto", "auto")


@pytest.fixture
def arpa(tmp_path):
    pytest.importorskip("kenlm", reason="KenLM is compiled when it is installed")
    path = tmp_path / "tiny.arpa"
    path.write_text(ARPA, "utf-8")
    return str(path)


def log_probability(model, ids, hidden, place):
    """By the model's own candidates, all of them."""
    masked = np.array(ids)
    masked[hidden] = model.mask_id
    everything = np.zeros(len(model.vocabulary.bias), np.float32)
    ((_, top),) = model.tops([masked], [np.array([place])], everything, 10**6, 4096)
    return float(top.log_probability[0][top.ids[0] == ids[place]][0])


def test_a_word_that_does_not_fit_is_rejected_and_one_that_does_is_kept(score, reason):
    assert score("fluency", SOURCE, BETTER) < 2 < 20 < score("fluency", SOURCE, WORSE)
    assert reason("fluency", SOURCE, BETTER) is None
    assert reason("fluency", SOURCE, WORSE) == "not_fluent"


def test_both_bounds(reason):
    assert reason({"use": "fluency", "max": None, "min": 0.5}, WORSE, SOURCE) == "too_fluent"
    assert reason({"use": "fluency", "max": None, "min": 0.5}, SOURCE, WORSE) is None
    with pytest.raises(ParameterError, match=r"min is 3\.0, above max, which is 2\.0"):
        Fluency(min=3.0, max=2.0)


def test_what_is_left_out_or_put_in_shows_in_its_neighbours(score):
    assert score("fluency", SOURCE, SOURCE.replace("is a", "a")) > 1.5
    assert score("fluency", SOURCE, SOURCE.replace("a very", "a a very")) > 1.5


def test_the_surprise_is_the_mean_over_the_words_at_the_place(model):
    """Single tokens side by side, each hidden alone: the pseudo-log-likelihood as published."""
    ids = model.tokenizer.encode(SOURCE, add_special_tokens=False).ids
    start = SOURCE.index("film")
    place = ids.index(model.tokenizer.token_to_id("film"))
    found = masked_surprise(model, [SOURCE], [[(start, start + 4)]], 4096)
    around = [place - 1, place, place + 1]
    by_hand = [log_probability(model, ids, [at], at) for at in around]
    assert found[0] == pytest.approx(-np.mean(by_hand), abs=1e-3)


def test_the_rest_of_a_word_is_hidden_with_a_token(model):
    text = "carburettor"
    ids = model.tokenizer.encode(text, add_special_tokens=False).ids
    assert 1 < len(ids) <= STRIDE
    found = masked_surprise(model, [text], [[(0, len(text))]], 4096)
    by_hand = [log_probability(model, ids, slice(at, None), at) for at in range(len(ids))]
    assert found[0] == pytest.approx(-np.mean(by_hand), abs=1e-3)


def test_long_texts_are_read_around_the_edit(score):
    filler = "The story goes on and on in the old town by the sea. " * 40
    for source in (SOURCE + " " + filler, filler + SOURCE, filler + SOURCE + " " + filler):
        assert score("fluency", source, source.replace("funny film", "funny movie")) < 2
        assert score("fluency", source, source.replace("funny film", "funny carburettor")) > 20


def test_the_cut_into_batches_hardly_matters(judged):
    texts = [SOURCE, WORSE, "A film.", "It was long, and dull", f"{SOURCE} {SOURCE}"] * 3
    variants = [text.replace("film", "movie").replace("dull", "loud") for text in texts]
    whole = judged("fluency", texts, variants).score
    each = [judged("fluency", [t], [v]).score[0] for t, v in zip(texts, variants, strict=True)]
    np.testing.assert_allclose(whole, each, rtol=1e-3)


def test_nothing_to_judge(judged):
    found = judged("fluency", ["a film", "", "good"], [None, "👾", ""])
    assert found.keep.all()
    assert np.isnan(found.score).all()


def test_other_languages_need_a_model(judged):
    with pytest.raises(ModelError, match="model is English, the text is 'de': give a model"):
        judged("fluency", ["ein Film"], ["ein Bild"], "de")
    found = judged("fluency", ["ein Film"], ["ein Bild"], "und")
    assert found.keep.all()
    assert np.isnan(found.score).all()


def test_an_n_gram_model_scores_words_and_two_beside(arpa, score):
    spec = {"use": "fluency", "model": arpa}
    # hot tea water → hot hot water: -1.0 -0.1 -0.3 against -1.0 (-0.5 - 1.0) (-0.5 - 1.0).
    assert score(spec, "hot tea water", "hot hot water") == pytest.approx(
        10 ** ((4.0 - 1.4) / 3), rel=1e-3
    )
    assert score(spec, "Hot TEA water", "hot tea water") == pytest.approx(1.0)
    far = "x x x hot tea water"
    assert score(spec, far, "y x x hot tea water") == pytest.approx(1.0)


def test_an_n_gram_model_gives_the_same_for_any_cut(arpa, judged):
    assert Fluency(model=arpa).batch_invariant
    assert not Fluency().batch_invariant
    texts = ["hot tea", "tea water hot", "water", "tea, hot tea and water"]
    variants = ["hot water", "tea hot", "", "tea, hot water and water"]
    whole = judged({"use": "fluency", "model": arpa}, texts, variants)
    each = [
        judged({"use": "fluency", "model": arpa}, [t], [v]).score[0]
        for t, v in zip(texts, variants, strict=True)
    ]
    assert np.array_equal(whole.score, each, equal_nan=True)


def test_chinese_by_an_n_gram_model_of_its_words(tmp_path, score):
    pytest.importorskip("kenlm")
    pytest.importorskip("rjieba")
    path = tmp_path / "zh.arpa"
    path.write_text(
        ARPA.replace("hot", "喝").replace("tea", "热茶").replace("water", "很"), "utf-8"
    )
    spec = {"use": "fluency", "model": str(path)}
    assert score(spec, "喝热茶", "喝电影", "zh") > 3


def test_the_model_is_part_of_the_identity(arpa, tmp_path):
    other = tmp_path / "other.arpa"
    other.write_text(ARPA.replace("-0.3", "-0.4"), "utf-8")
    same = tmp_path / "same.arpa"
    same.write_text(ARPA, "utf-8")
    found = [Fluency(model=str(path)).assets() for path in (arpa, same, other)]
    assert found[0] == found[1] != found[2]
    resolved = Fluency().resolved()
    assert resolved.backend == "onnx"
    assert fingerprint(resolved) != fingerprint(Fluency(model=arpa).resolved())


@pytest.mark.slow
def test_torch_and_onnx_tell_the_same():
    pytest.importorskip("torch")
    texts = pa.array([SOURCE, WORSE]).to_pylist()
    places = [[(15, 20)], [(15, 24)]]
    found = [
        masked_surprise(load_fill_mask(None, None, backend, "float32", "cpu"), texts, places, 4096)
        for backend in ("onnx", "torch")
    ]
    assert all(math.isfinite(value) for value in found[0])
    np.testing.assert_allclose(found[0], found[1], atol=0.02)
