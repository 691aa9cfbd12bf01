"""The script that makes the bundled model, on a corpus small enough for a test."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from augment import MaskedLMFill
from augment.models.backends import load_fill_mask
from augment.models.bert_tiny.exporting import export
from augment.models.bert_tiny.texts import write_corpus
from augment.models.bert_tiny.training import BLOCK, IGNORED, base_model, blocks, mask_words, train

WORDS = ["garden", "river", "children", "quiet", "evening", "walked", "under", "unbelievably"]


def test_blocks_and_masks_hold_whole_words() -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(base_model())
    tokens, word_ids = blocks([" ".join(WORDS * 40)], tokenizer)
    assert tokens.shape == word_ids.shape == (len(tokens), BLOCK)
    rng = np.random.Generator(np.random.PCG64(0))
    inputs, labels = mask_words(tokens, word_ids, tokenizer.mask_token_id, rng)
    masked = inputs == tokenizer.mask_token_id
    assert 0.05 < masked.mean() < 0.3
    assert (labels[masked] == tokens[masked]).all()
    assert (labels[~masked] == IGNORED).all()
    for row in range(len(tokens)):
        halves = set(word_ids[row][masked[row]]) & set(word_ids[row][~masked[row]])
        assert not halves


@pytest.mark.slow
def test_train_export_and_fill(tmp_path: Path) -> None:
    rng = np.random.Generator(np.random.PCG64(0))
    texts = [" ".join(rng.permutation(WORDS * 8)) for _ in range(120)]
    source = ["conversation", "definition", "novel", "manual"] * 30
    held_out = [i % 10 < 4 for i in range(120)]
    corpus = tmp_path / "corpus.parquet"
    pq.write_table(pa.table({"text": texts, "source": source, "held_out": held_out}), corpus)
    train(corpus, minutes=0.2, batch_size=8, learning_rate=1e-3, output=tmp_path / "checkpoint")
    figures = json.loads((tmp_path / "checkpoint" / "figures.json").read_text())
    assert figures["after"]["all"]["perplexity"] < figures["before"]["all"]["perplexity"]
    export(tmp_path / "checkpoint", tmp_path / "onnx")
    theirs = load_fill_mask(str(tmp_path / "checkpoint"), None, "torch", "float32", "cpu")
    ours = load_fill_mask(str(tmp_path / "onnx"), None, "auto", "float32", "cpu")
    sequence, mask = [np.array([2013, 103, 2314, 2013, 1996])], [np.array([1])]
    bias = ours.vocabulary.bias
    tops = [next(m.tops(sequence, mask, bias, 5, 512))[1] for m in (theirs, ours)]
    assert tops[0].ids.tolist() == tops[1].ids.tolist()
    # Half-precision weights: three decimal digits.
    np.testing.assert_allclose(tops[0].log_probability, tops[1].log_probability, atol=2e-2)
    assert MaskedLMFill(model=str(tmp_path / "onnx"))("the quiet garden") != "the quiet garden"


def test_export_names_no_file_of_the_machine(tmp_path: Path) -> None:
    from augment.models.backends import BUNDLED

    weights = (BUNDLED / "model.onnx").read_bytes()
    assert b".py" not in weights
    assert b"/home/" not in weights


def test_corpus_is_read_from_unpacked_packages(tmp_path: Path) -> None:
    chat = tmp_path / "p" / "chitchat_dataset"
    chat.mkdir(parents=True)
    turns = [[{"text": "How are you  today?"}], [{"text": "I am fine, thanks."}]]
    (chat / "dataset.json").write_text(
        json.dumps({"a": {"messages": turns}, "b": {"messages": []}})
    )
    net = tmp_path / "p" / "usr" / "share" / "wordnet"
    net.mkdir(parents=True)
    (net / "data.noun").write_text(
        "  1 licence\n00000010 03 n 01 x 0 000 | a tall plant with leaves  \n"
    )
    page = tmp_path / "p" / "postgresql-doc-15" / "html"
    page.mkdir(parents=True)
    (page / "a.html").write_text("<p>A table holds rows\n and columns.</p><p>Short</p>")
    books = tmp_path / "p" / "janeaustenr" / "data"
    books.mkdir(parents=True)
    import augment.models.bert_tiny.texts as texts

    without_novels = {k: v for k, v in texts.SOURCES.items() if k != "novel"}
    output = tmp_path / "corpus.parquet"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(texts, "SOURCES", without_novels)
        write_corpus(tmp_path / "p", output)
    table = pq.read_table(output)
    assert table["text"].to_pylist() == [
        "How are you today?\nI am fine, thanks.",
        "a tall plant with leaves",
        "A table holds rows and columns.",
    ]
