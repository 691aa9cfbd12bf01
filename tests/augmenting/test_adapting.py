"""Continued training on a corpus: what is masked, what is learnt, and that no work is lost."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from augment import MaskedLMFill
from augment.errors import MissingExtraError, ModelError, ParameterError
from augment.models.adapting import base as bases
from augment.models.adapting.base import load_base
from augment.models.adapting.blocks import (
    IGNORED,
    NO_WORD,
    read_blocks,
    validating,
    write_blocks,
)
from augment.models.adapting.card import FIGURES, Adapted, write_figures
from augment.models.adapting.checkpoints import last_whole
from augment.models.adapting.measuring import Figures
from augment.models.adapting.settings import Settings
from pipelines.adapting import WORK, adapt
from pipelines.errors import DataError, InputMissingError, OutputError, StoppedError
from pipelines.exit_codes import exit_code

SUBJECTS = ["the movie", "the actor", "a good story", "the old river", "our garden", "the rain"]
VERBS = ["begins with", "watches", "falls near", "was about", "loved"]
OBJECTS = ["a big success", "the children", "his car", "a simple question", "the boats", "people"]


def sentences(count):
    """Different sentences of a grammar that a tiny model learns fast."""
    grammar = [f"{s} {v} {o}" for s in SUBJECTS for v in VERBS for o in OBJECTS]
    return [f"{grammar[i * 37 % len(grammar)]} and {grammar[i % 97]}" for i in range(count)]


@pytest.fixture
def corpus(tmp_path):
    path = tmp_path / "corpus.parquet"
    pq.write_table(pa.table({"text": sentences(900), "n": range(900)}), path)
    return path


@pytest.fixture
def settings(corpus, wordpiece_checkpoint):
    return Settings(
        base=str(wordpiece_checkpoint),
        corpus=str(corpus),
        epochs=2,
        batch_size=16,
        learning_rate=5e-3,
        device="cpu",
    )


def weights(folder):
    return (folder / "model.safetensors").read_bytes()


def filled(model, backend):
    """How many of ten texts a model varies."""
    fill = MaskedLMFill(
        model=str(model), backend=backend, rate=0.5, agreement=False, min_probability=0.0
    )
    texts = sentences(10)
    return sum(a != b for a, b in zip(fill(texts), texts, strict=True))


def silent(line):
    """Nobody is told."""


@pytest.fixture(params=["wordpiece_checkpoint", "byte_level_checkpoint"])
def blocks(request, tmp_path):
    base = load_base(str(request.getfixturevalue(request.param)))
    texts = [pa.array(sentences(300)), pa.array(["rivers unbelievably [MASK] <mask>"] * 99)]
    write_blocks(texts, base, 0.2, tmp_path / "blocks")
    return base, read_blocks(tmp_path / "blocks")


def test_whole_words_are_masked_at_the_rate_asked_for(blocks):
    base, corpus = blocks
    rows = np.arange(len(corpus.training))
    mask = base.tokenizer.mask_token_id
    made = corpus.training.masked(rows, rows.astype(np.uint64), 0.3, mask)
    words, masked = corpus.training.words, made.labels != IGNORED
    assert (made.ids[masked] == mask).all()
    np.testing.assert_array_equal(np.where(masked, made.labels, made.ids), corpus.training.ids)
    halves = 0
    for row in rows:
        inside = {int(w) for w in words[row][masked[row]]}
        assert not inside & {int(w) for w in words[row][~masked[row]]}
        assert NO_WORD not in inside
        halves += len({int(w) for w in words[row]} - {NO_WORD}) * 0.3 - len(inside)
    assert abs(halves) < 0.05 * words.size


def test_blocks_hold_every_token_and_take_special_tokens_in_a_text_for_text(blocks):
    base, corpus = blocks
    tokens = corpus.training.ids[:, len(base.opening) : -len(base.closing)].ravel()
    assert base.tokenizer.mask_token_id not in tokens
    assert (corpus.training.ids[:, 0] == base.opening[0]).all()
    texts = pa.array(sentences(300))
    kept = texts.filter(pa.array(~validating(texts, 0.2))).to_pylist()
    encoded = base.literal.encode_batch(kept, add_special_tokens=False)
    wanted = np.concatenate([[*each.ids, base.closing[0]] for each in encoded])
    np.testing.assert_array_equal(tokens[: len(wanted)], wanted[: len(tokens)])


def test_a_text_is_held_out_wherever_it_stands():
    texts = pa.array(sentences(2000))
    held_out = validating(texts, 0.1)
    order = np.random.Generator(np.random.PCG64(1)).permutation(len(texts))
    np.testing.assert_array_equal(validating(texts.take(pa.array(order)), 0.1), held_out[order])
    assert 0.07 < held_out.mean() < 0.13
    assert validating(texts, 0.2)[held_out].all()


def test_an_adapted_model_knows_the_corpus_and_fills_masks(settings, tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    told = []
    made = adapt(settings, tmp_path / "made", tell=told.append)
    assert made.lowered > 0.5
    assert any("held-out perplexity" in line for line in told)
    figures = json.loads((tmp_path / "made" / "figures.json").read_text())
    assert figures["after"]["perplexity"] == made.after.perplexity
    card = (tmp_path / "made" / "README.md").read_text()
    assert made.table() in card
    assert not (tmp_path / "made" / WORK).exists()
    assert filled(tmp_path / "made", "torch")
    log = EventAccumulator(str(tmp_path / "made" / "tensorboard")).Reload()
    for name in ("train/loss", "train/perplexity", "eval/loss", "eval/perplexity"):
        assert log.Scalars(name), name
    shown = [event.value for event in log.Scalars("eval/perplexity")]
    assert shown[-1] < shown[0]
    assert min(shown) == pytest.approx(made.after.perplexity, rel=1e-4)


def test_the_same_seed_gives_the_same_model_and_what_is_stopped_goes_on_alike(settings, tmp_path):
    adapt(settings, tmp_path / "whole", tell=silent)

    def stop(line):
        if line.startswith("step"):
            os.kill(os.getpid(), signal.SIGTERM)

    handler = signal.getsignal(signal.SIGTERM)
    with pytest.raises(StoppedError, match="--resume") as stopped:
        adapt(settings, tmp_path / "parts", tell=stop)
    assert exit_code(stopped.value) == 130
    assert signal.getsignal(signal.SIGTERM) == handler
    begun = last_whole(tmp_path / "parts" / WORK)
    assert begun is not None
    # What a kill leaves of a checkpoint that was being written.
    (tmp_path / "parts" / WORK / "checkpoint-999").mkdir()
    adapt(settings, tmp_path / "parts", resume=True, tell=silent)
    assert weights(tmp_path / "parts") == weights(tmp_path / "whole")
    again = adapt(settings, tmp_path / "parts", resume=True, tell=silent)
    assert again.after.masked > 0
    with pytest.raises(OutputError, match="is not empty"):
        adapt(settings, tmp_path / "parts", tell=silent)


@pytest.mark.slow
def test_a_killed_training_goes_on(settings, tmp_path):
    options = {
        "base": settings.base, "corpus": settings.corpus, "epochs": 2, "batch-size": 16,
        "learning-rate": 5e-3, "device": "cpu",
    }  # fmt: skip
    command = [sys.executable, "-m", "pipelines", "models", "adapt"]
    for name, value in options.items():
        command += [f"--{name}", str(value)]
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    begun = subprocess.Popen([*command, "--output", str(killed)], stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and not [*killed.glob(f"{WORK}/checkpoint-*/trainer_state*")]:
        assert begun.poll() is None
        time.sleep(0.02)
    begun.kill()
    assert begun.wait() == -signal.SIGKILL
    assert not (killed / "figures.json").exists()
    resumed = subprocess.run(
        [*command, "--output", str(killed), "--resume"], check=True, capture_output=True, text=True
    )
    assert "| perplexity " in resumed.stdout
    adapt(settings, whole, tell=silent)
    assert weights(killed) == weights(whole)


def test_it_stops_early_and_keeps_the_best(settings, tmp_path):
    from dataclasses import replace

    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    wild = replace(settings, learning_rate=1.0, epochs=20, patience=1)
    told = []
    made = adapt(wild, tmp_path / "made", tell=told.append)
    log = EventAccumulator(str(tmp_path / "made" / "tensorboard")).Reload()
    losses = [event.value for event in log.Scalars("eval/loss")]
    assert len(losses) < 10
    assert losses[-1] > min(losses)
    assert made.after.loss == pytest.approx(min(losses), rel=1e-4)


def test_time_is_a_bound(settings, tmp_path):
    from dataclasses import replace

    brief = replace(settings, epochs=None, minutes=0.05)
    made = adapt(brief, tmp_path / "made", tell=silent)
    assert made.seconds < 30
    assert made.steps > 0


def test_mistakes_are_told_before_anything_is_trained(settings, corpus, tmp_path):
    from dataclasses import replace

    out = tmp_path / "out"
    with pytest.raises(DataError, match="no column 'texts', did you mean 'text'") as error:
        adapt(replace(settings, text="texts"), out)
    assert exit_code(error.value) == 65
    with pytest.raises(ModelError, match=r"dtype 'int88'.*did you mean 'int8'"):
        adapt(settings, out, export="int88")
    with pytest.raises(ParameterError, match="device: torch sees no CUDA device"):
        adapt(replace(settings, device="cuda"), out)
    with pytest.raises(ParameterError, match="device: is auto, cpu or cuda, not 'gpu'"):
        replace(settings, device="gpu")
    assert not out.exists()
    with pytest.raises(DataError, match="holds int64, not text"):
        adapt(replace(settings, text="n"), out)
    with pytest.raises(InputMissingError, match="nowhere"):
        adapt(replace(settings, corpus="nowhere.parquet"), out)
    with pytest.raises(DataError, match="too little text") as error:
        adapt(replace(settings, limit=20), out, tell=silent)
    assert exit_code(error.value) == 65
    with pytest.raises(ParameterError, match=r"batch_size.*\n.*mask_rate"):
        replace(settings, batch_size=0, mask_rate=1.5)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.tex").touch()
    with pytest.raises(OutputError, match="not empty"):
        adapt(settings, tmp_path / "other")
    with pytest.raises(OutputError, match="nothing to resume"):
        adapt(settings, tmp_path / "other", resume=True)


def test_a_training_goes_on_only_as_it_began(settings, tmp_path):
    from dataclasses import replace

    work = tmp_path / "out" / WORK
    work.mkdir(parents=True)
    digest = load_base(settings.base).digest
    replace(settings, digest=digest).save(work / "settings.json")
    with pytest.raises(ParameterError, match="seed: was 0 when the training began, not 1"):
        adapt(replace(settings, seed=1), tmp_path / "out", resume=True, tell=silent)


def test_a_training_that_is_done_is_told_and_exported(settings, tmp_path, monkeypatch):
    from dataclasses import replace

    figures = Figures(loss=2.0, top1=0.1, top5=0.2, top10=0.3, masked=9)
    ways = {"parameters": 1, "texts": (9, 1), "blocks": (8, 1), "block": 128, "steps": 5}
    done = Adapted(settings=settings, seconds=1.0, before=figures, after=figures, **ways)
    write_figures(done, tmp_path / FIGURES)
    asked = []

    def export(folder, made, dtype):
        asked.append((folder, dtype))
        made.mkdir()

    monkeypatch.setattr("augment.models.exporting.export", export)
    assert adapt(settings, tmp_path, resume=True) == done
    assert asked == []
    for _ in range(2):
        assert adapt(settings, tmp_path, resume=True, export="int8") == done
        assert asked == [(tmp_path, "int8")]
        assert (tmp_path / "onnx-int8").is_dir()
    with pytest.raises(ParameterError, match="epochs: was 2 when the training began, not 3"):
        adapt(replace(settings, epochs=3), tmp_path, resume=True)


def test_bases_that_cant_be_trained_are_named(wordpiece_checkpoint, tmp_path, monkeypatch):
    from transformers import AutoModel

    with pytest.raises(ModelError, match="no masked language model at 'nowhere'"):
        load_base("nowhere")
    encoder = tmp_path / "encoder"
    AutoModel.from_pretrained(wordpiece_checkpoint).save_pretrained(encoder)
    for path in wordpiece_checkpoint.glob("*tok*"):
        (encoder / path.name).write_bytes(path.read_bytes())
    with pytest.raises(ModelError, match="no whole masked language model: it lacks cls"):
        load_base(str(encoder))
    with pytest.raises(ModelError, match="no whole masked language model: it lacks cls"):
        MaskedLMFill(model=str(encoder), backend="torch")("we watch the garden")
    monkeypatch.setattr(bases, "find_spec", lambda name: None if name == "accelerate" else name)
    with pytest.raises(MissingExtraError, match=r'accelerate.*pip install "augmill\[adapt\]"'):
        bases.check_installed()


@pytest.mark.slow
def test_an_exported_model_is_a_base_and_an_adapted_one_is_exported(settings, tmp_path):
    from dataclasses import replace

    import torch

    from augment.models.exporting import export

    export(settings.base, tmp_path / "onnx", "float32")
    restored, original = load_base(str(tmp_path / "onnx")), load_base(settings.base)
    for name, values in original.model.state_dict().items():
        assert torch.equal(values, restored.model.state_dict()[name]), name
    assert restored.literal.to_str() == original.literal.to_str()
    exported = replace(settings, base=str(tmp_path / "onnx"), epochs=1)
    made = adapt(exported, tmp_path / "made", export="int8", tell=silent)
    assert made.lowered > 0.1
    assert filled(tmp_path / "made" / "onnx-int8", "onnx")


def test_the_command_tells_a_mistake_in_one_line(settings, tmp_path, monkeypatch, capsys):
    from pipelines.cli import main

    handler = signal.getsignal(signal.SIGTERM)
    arguments = ["--base", settings.base, "--corpus", settings.corpus, "--text", "body"]
    command = ["augmill", "models", "adapt", *arguments, "--output", str(tmp_path / "out")]
    monkeypatch.setattr(sys, "argv", command)
    try:
        with pytest.raises(SystemExit) as stopped:
            main()
    finally:
        signal.signal(signal.SIGTERM, handler)
    assert stopped.value.code == 65
    assert capsys.readouterr().err.startswith(f"augmill: {settings.corpus} has no column 'body'")
