"""Every model learns from weighted rows, repeats itself, and predicts as often as it is asked."""

import numpy as np
import pyarrow as pa
import pytest

from augment.errors import ModelError
from pipelines.evaluating.labelled import read_labelled
from pipelines.evaluating.models.choice import model_named
from pipelines.evaluating.models.cnn import CnnModel, Shape
from pipelines.evaluating.models.linear import TfidfModel
from pipelines.evaluating.models.words import Words
from pipelines.evaluating.splitting import split
from pipelines.evaluating.tuning import tuned
from pipelines.evaluating.variants import Bank, Training


@pytest.fixture
def data(corpus, plan_of, reviews):
    return read_labelled(plan_of(corpus(reviews(300))), "label")


def learn(model, data, size, strengths, seed=0):
    drawn = split(data, 0, 100)
    learnt, tested = drawn.training(size), drawn.test(size)
    training = Training.of(data, Bank.empty(), learnt, tested)
    prepared = model.prepare(data.text, len(data.classes), "en")
    found = prepared.predict(training, tested, strengths, seed)
    return [float(np.mean(labels == data.labels[tested])) for labels in found]


def test_tfidf_is_scikit_learns_where_all_weigh_the_same(data):
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    drawn = split(data, 0, 100)
    learnt, tested = drawn.training(80), drawn.test(80)
    training = Training.of(data, Bank.empty(), learnt, tested)
    prepared = TfidfModel().prepare(data.text, 2, "en")
    texts = data.text.to_pylist()
    vectorizer = TfidfVectorizer(token_pattern=r"\w+")
    own, theirs = prepared.features.of(training, tested)
    ours = vectorizer.fit_transform([texts[row] for row in learnt])
    np.testing.assert_allclose(np.sort(own.toarray(), 1), np.sort(ours.toarray(), 1), atol=1e-12)
    unseen = vectorizer.transform([texts[row] for row in tested])
    np.testing.assert_allclose(
        np.sort(theirs.toarray(), 1), np.sort(unseen.toarray(), 1), atol=1e-12
    )
    labels = data.labels
    expected = LogisticRegression(C=10.0).fit(ours, labels[learnt]).predict(unseen)
    (found,) = prepared.predict(training, tested, (10.0,), 0)
    assert np.mean(found == expected) > 0.98


def test_a_word_in_variants_alone_counts_as_its_share_of_a_text(data):
    """Half of one source's weight holds the word: log((1 + 4) / (1 + 0.5)) + 1."""
    text = pa.concat_arrays([data.text, pa.array(["zebra"])])
    training = Training(
        np.array([0, 1, 2, 3, 300]),
        np.array([0, 1, 0, 1, 0]),
        np.array([0.5, 1, 1, 1, 0.5]),
        np.array([0, 1, 2, 3, 0]),
    )
    features = TfidfModel().prepare(text, 2, "en").features
    learnt, _ = features.of(training, np.array([5]))
    row = learnt[[4]].toarray().ravel()
    assert np.count_nonzero(row) == 1
    assert row.max() == 1.0
    mixed = pa.concat_arrays([data.text, pa.array([f"zebra {data.text[0].as_py()}"])])
    learnt, _ = TfidfModel().prepare(mixed, 2, "en").features.of(training, np.array([5]))
    row = learnt[[4]].toarray().ravel()
    zebra, film = np.log(5 / 1.5) + 1, 1.0
    assert row.max() / row[row > 0].min() == pytest.approx(zebra / film)


def test_the_cnn_learns_which_words_tell_and_repeats_itself(data):
    model = CnnModel(Shape(embedding=16, filters=16, widths=(1, 2), dropout=0.2))
    first = learn(model, data, 150, (5.0, 60.0))
    assert first == learn(model, data, 150, (5.0, 60.0))
    assert first != learn(model, data, 150, (5.0, 60.0), seed=1)
    assert len(first) == 2
    assert first[1] > 0.72


def test_the_callers_generator_is_not_touched_by_a_training(data):
    import torch

    before = torch.get_rng_state()
    learn(CnnModel(Shape(embedding=4, filters=2, widths=(1,))), data, 20, (2.0,))
    assert torch.equal(before, torch.get_rng_state())


def test_words_of_a_text_are_numbers_without_letter_case():
    words = Words.of(pa.array(["Good film", "", "good GOOD don't"]), "en")
    assert words.lengths.tolist() == [2, 0, 3]
    assert words.size == 3
    assert words.codes[0] == words.codes[2] == words.codes[3] != words.codes[4]


def test_tuning_takes_the_strongest_of_equally_good_strengths(data):
    model = TfidfModel()
    prepared = model.prepare(data.text, 2, "en")
    rows = split(data, 0, 100).training(60)
    assert tuned(model, prepared, data, Bank.empty(), rows, 0, 0.5) in model.strengths

    class Indifferent:
        def predict(self, training, rows, strengths, seed):
            return [np.zeros(len(rows), np.int64)] * len(strengths)

    assert tuned(model, Indifferent(), data, Bank.empty(), rows, 0, 0.5) == model.strengths[0]


@pytest.mark.slow
def test_the_packaged_encoder_knows_words_that_were_never_learnt(data):
    assert learn(model_named("encoder"), data, 40, (1.0,))[0] > 0.7


@pytest.fixture
def checkpoint(tmp_path, data):
    """A small BERT with random weights, and a tokenizer of the corpus's words."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import BertConfig, BertForMaskedLM, PreTrainedTokenizerFast

    words = sorted({w for t in data.text.to_pylist() for w in t.lower().strip(".").split()})
    table = {word: i for i, word in enumerate(["[PAD]", "[UNK]", *words])}
    plain = Tokenizer(models.WordLevel(table, unk_token="[UNK]"))
    plain.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=plain, pad_token="[PAD]", unk_token="[UNK]"
    )
    small = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = BertConfig(vocab_size=len(table), intermediate_size=16, **small)
    folder = tmp_path / "checkpoint"
    BertForMaskedLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return str(folder)


def test_any_checkpoint_is_fine_tuned_and_repeats_itself(data, checkpoint):
    model = model_named(checkpoint)
    assert model.name == checkpoint
    found = learn(model, data, 30, (1.0, 4.0))
    assert len(found) == 2
    assert found == learn(model, data, 30, (1.0, 4.0))


def test_a_checkpoint_that_is_none_is_named(data, tmp_path):
    with pytest.raises(ModelError, match="can't be loaded"):
        model_named(str(tmp_path)).prepare(data.text, 2, "en")
