"""Engines of fill-mask models: every architecture, every dtype, and the rule that picks."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from augment.errors import ModelError
from augment.models.backends import BUNDLED, choice, load_fill_mask, resolve
from augment.models.backends.choice import Machine, choose, processor_features
from augment.models.fidelity import SAMPLE, drift, masked
from augment.models.fill_mask import FillMask, Floats, Ints
from pipelines.errors import DataError

TINY = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 64,
    "max_position_embeddings": 64,
}
DISTIL = {"dim": 32, "n_layers": 2, "n_heads": 2, "hidden_dim": 64, "max_position_embeddings": 64}
ARCHITECTURES: dict[str, tuple[dict[str, Any], int]] = {
    "Bert": (TINY, 64),
    "DistilBert": (DISTIL, 64),
    "Electra": ({**TINY, "embedding_size": 16}, 64),
    "Roberta": ({**TINY, "pad_token_id": 0}, 63),
    "XLMRoberta": ({**TINY, "pad_token_id": 0}, 63),
    "Camembert": ({**TINY, "pad_token_id": 0}, 63),
    "ModernBert": ({**TINY, "pad_token_id": 0, "cls_token_id": 2, "sep_token_id": 3}, 64),
    "Albert": ({**TINY, "embedding_size": 16}, 64),
    "MPNet": ({**TINY, "pad_token_id": 1}, 62),
}
SEQUENCES = [np.array([7, 9, 4, 12, 30, 31]), np.array([8, 4, 10]), np.arange(20, 50)]
MASKS = [np.array([2, 4]), np.array([1]), np.array([0, 29])]


def checkpoint(kind: str, tokenizer: Path, folder: Path) -> Path:
    import torch
    import transformers

    fast = transformers.AutoTokenizer.from_pretrained(tokenizer)
    fast.save_pretrained(folder)
    torch.manual_seed(0)
    options = {**ARCHITECTURES[kind][0], "vocab_size": len(fast)}
    model = getattr(transformers, f"{kind}ForMaskedLM")(
        getattr(transformers, f"{kind}Config")(**options)
    )
    for parameter in model.parameters():
        if parameter.ndim > 1:
            parameter.data.mul_(5)  # random weights as drawn make all items equally likely
    model.save_pretrained(folder)
    return folder


def answers(model: FillMask, budget: int = 40, k: int = 3) -> tuple[Floats, Ints]:
    bias = np.zeros(len(model.vocabulary.bias), np.float32)
    parts = list(model.tops(SEQUENCES, MASKS, bias, k, budget))
    order = np.argsort(np.concatenate([numbers for numbers, _ in parts]))
    values = np.concatenate([top.log_probability for _, top in parts])[order]
    return values, np.concatenate([top.ids for _, top in parts])[order]


def whole_forward(folder: Path, model: FillMask) -> Floats:
    """What transformers gives for each sequence alone, its head everywhere."""
    import torch
    from transformers import AutoModelForMaskedLM

    theirs = AutoModelForMaskedLM.from_pretrained(folder).eval()
    found = []
    for sequence, places in zip(SEQUENCES, MASKS, strict=True):
        ids = torch.tensor([[*model.opening, *sequence, *model.closing]])
        with torch.inference_mode():
            logits = theirs(ids, attention_mask=torch.ones_like(ids)).logits[0]
        found.append(logits[places + len(model.opening)].log_softmax(-1).topk(3).values.numpy())
    return np.concatenate(found)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def _own_cache(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))


@pytest.mark.parametrize("kind", ARCHITECTURES)
def test_head_at_the_masks_equals_the_whole_forward(
    kind: str, wordpiece_checkpoint: Path, tmp_path: Path
) -> None:
    folder = checkpoint(kind, wordpiece_checkpoint, tmp_path)
    model = load_fill_mask(str(folder), None, "torch", "float32", "cpu")
    assert model.max_tokens == ARCHITECTURES[kind][1]
    assert model.network.head.narrowed  # type: ignore[attr-defined]
    np.testing.assert_allclose(answers(model)[0], whole_forward(folder, model), atol=1e-4)


@pytest.mark.parametrize("kind", ["Bert", "DistilBert", "Electra", "Roberta", "ModernBert"])
def test_integers_on_torch_come_close(
    kind: str, wordpiece_checkpoint: Path, tmp_path: Path
) -> None:
    folder = checkpoint(kind, wordpiece_checkpoint, tmp_path)
    model = load_fill_mask(str(folder), None, "torch", "int8", "cpu")
    np.testing.assert_allclose(answers(model)[0], whole_forward(folder, model), atol=0.1)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["Bert", "Electra", "Roberta", "ModernBert"])
def test_onnx_gives_what_torch_gives(kind: str, wordpiece_checkpoint: Path, tmp_path: Path) -> None:
    from augment.models.exporting import export, restore

    folder = checkpoint(kind, wordpiece_checkpoint, tmp_path / "checkpoint")
    model = load_fill_mask(str(folder), None, "onnx", "float32", "cpu")
    np.testing.assert_allclose(answers(model)[0], whole_forward(folder, model), atol=1e-4)
    export(folder, tmp_path / "small", "int8")
    small = load_fill_mask(str(tmp_path / "small"), None, "auto", "auto", "cpu")
    np.testing.assert_allclose(answers(small)[0], whole_forward(folder, small), atol=0.1)
    again, tokenizer = restore(tmp_path / "small")
    original, _ = restore(_exported(folder))
    for name, values in original.state_dict().items():
        step = float(values.abs().max()) / 127 if values.ndim > 1 else 0.0
        assert (again.state_dict()[name] - values).abs().max() <= step, name
    assert tokenizer.mask_token_id == small.mask_id


@pytest.mark.slow
def test_logits_of_the_allowed_items_alone_are_the_same(
    wordpiece_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from augment.models import exporting
    from augment.models.backends import onnx_fill_mask

    exporting.export(wordpiece_checkpoint, tmp_path / "narrow")
    monkeypatch.setattr(exporting, "_SMALL", 0)
    exporting.export(wordpiece_checkpoint, tmp_path / "whole")
    models = [onnx_fill_mask.load(tmp_path / name, 1) for name in ("narrow", "whole")]
    assert [model.network.narrow for model in models] == [True, False]  # type: ignore[attr-defined]
    bias = np.where(np.arange(len(models[0].vocabulary.bias)) % 3 == 1, 0, -np.inf)
    tops = [
        next(model.tops(SEQUENCES[:1], MASKS[:1], bias.astype(np.float32), 4, 99))[1]
        for model in models
    ]
    assert tops[0].ids.tolist() == tops[1].ids.tolist()
    assert (tops[0].ids % 3 == 1).all()
    np.testing.assert_allclose(tops[0].log_probability, tops[1].log_probability, atol=1e-5)


def _exported(folder: Path) -> Path:
    from augment.models.backends.converted import converted

    return converted(str(folder), None, "float32")


class TestBatches:
    def test_same_bytes_for_any_budget(self) -> None:
        model = load_fill_mask(None, None, "auto", "auto", "cpu")
        sequences, masks = masked(model, SAMPLE.read_text("utf-8").splitlines()[:60])
        assert drift(model, sequences, masks) == choice.DRIFT["onnx float32"]

    def test_order_of_rows_does_not_matter(self, wordpiece_checkpoint: Path) -> None:
        model = load_fill_mask(str(wordpiece_checkpoint), None, "torch", "float32", "cpu")
        rng = np.random.Generator(np.random.PCG64(0))
        rows = [rng.integers(5, 90, 8) for _ in range(9)]
        places, bias = [np.array([2])] * 9, np.zeros(len(model.vocabulary.bias), np.float32)
        turned = [*range(9)][::-1]
        one = list(model.tops(rows, places, bias, 3, 40))
        two = list(model.tops([rows[i] for i in turned], places, bias, 3, 40))
        assert [sorted(turned[i] for i in n) for n, _ in two] == [sorted(n) for n, _ in one]
        for (_, a), (_, b) in zip(one, two, strict=True):
            assert a.log_probability.tobytes() == b.log_probability.tobytes()


NOTHING = Machine(False, False, False, False, False)
TORCH = Machine(True, False, False, False, True)
PLAIN = Machine(True, True, False, False, False)
FAST = Machine(True, True, False, False, True)
GPU = Machine(True, True, True, True, True)
OLD_GPU = Machine(True, True, True, False, True)


class TestChoice:
    @pytest.mark.parametrize(
        ("machine", "expected"),
        [
            (NOTHING, ("torch", "float32", "cpu")),
            (TORCH, ("torch", "float32", "cpu")),
            (PLAIN, ("torch", "float32", "cpu")),
            (FAST, ("onnx", "int8", "cpu")),
            (GPU, ("torch", "bfloat16", "cuda")),
            (OLD_GPU, ("torch", "float16", "cuda")),
        ],
    )
    def test_of_everything(self, machine: Machine, expected: tuple[str, str, str]) -> None:
        assert choose("hub/model", "auto", "auto", "auto", machine) == expected

    @pytest.mark.parametrize("machine", [NOTHING, FAST, GPU])
    def test_an_exported_folder_runs_as_it_is(self, machine: Machine) -> None:
        stored = choice.exported_dtype(str(BUNDLED))
        assert choose(str(BUNDLED), "auto", "auto", "auto", machine) == ("onnx", stored, "cpu")

    def test_what_is_given_stays(self) -> None:
        assert choose("m", "torch", "auto", "auto", FAST) == ("torch", "float32", "cpu")
        assert choose("m", "auto", "float32", "auto", FAST) == ("torch", "float32", "cpu")
        assert choose("m", "auto", "bfloat16", "cpu", GPU) == ("torch", "bfloat16", "cpu")
        assert choose("m", "onnx", "auto", "auto", GPU) == ("onnx", "int8", "cpu")
        assert choose("m", "auto", "int8", "auto", TORCH) == ("torch", "int8", "cpu")

    @pytest.mark.parametrize(
        ("given", "message"),
        [
            (("onnx", "bfloat16", "cpu"), "computes in float32 or int8, not in bfloat16"),
            (("onnx", "float32", "cuda"), "runs on the cpu, not on 'cuda'"),
            (("auto", "int8", "cuda"), "runs on the cpu, not on 'cuda'"),
            (("torhc", "auto", "auto"), "did you mean 'torch'"),
            (("auto", "float23", "auto"), "did you mean 'float32'"),
        ],
    )
    def test_what_does_not_go_together(self, given: tuple[str, str, str], message: str) -> None:
        with pytest.raises(ModelError, match=message):
            choose("m", *given, PLAIN)

    def test_resolving_twice_changes_nothing(self) -> None:
        found = resolve(None, None, "auto", "auto", "auto")
        assert "auto" not in found
        assert resolve(None, None, *found) == found

    def test_processor_is_read_from_what_linux_lists(self, tmp_path: Path) -> None:
        listing = tmp_path / "cpuinfo"
        listing.write_text("processor\t: 0\nflags\t\t: fpu avx2 avx512_vnni\n\nflags\t: other\n")
        assert processor_features(listing) == {"fpu", "avx2", "avx512_vnni"}
        listing.write_text("processor\t: 0\nFeatures\t: fp asimddp\n")
        assert "asimddp" in processor_features(listing)

    def test_needs_no_torch(self) -> None:
        code = (
            "import sys; from augment.models.backends import resolve;"
            "resolve(None, None, 'auto', 'auto', 'auto'); assert 'torch' not in sys.modules"
        )
        subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.slow
def test_texts_without_a_word_to_mask_are_told_before_anything_is_written(
    wordpiece_checkpoint: Path, tmp_path: Path
) -> None:
    from pipelines.exporting import export

    table = pa.table({"text": ["\u200b", " "], "n": [1, 2]})
    pq.write_table(table, tmp_path / "empty.parquet")
    out, corpus = tmp_path / "out", str(tmp_path / "empty.parquet")
    given: dict[str, Any] = {"revision": None, "language": "en", "texts": corpus, "limit": 9}
    with pytest.raises(DataError, match="holds no word to mask"):
        export(str(wordpiece_checkpoint), out, "int8", column="text", **given)
    with pytest.raises(DataError, match="holds int64, not text"):
        export(str(wordpiece_checkpoint), out, "int8", column="n", **given)
    assert not out.exists()


def test_command_reports_what_it_measured(wordpiece_checkpoint: Path, tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from pipelines.cli import app

    output = tmp_path / "exported"
    call = ["models", "export", str(wordpiece_checkpoint), "--output", str(output), "--limit", "20"]
    made = CliRunner().invoke(app, call)
    assert made.exit_code == 0, made.output
    report = json.loads((output / "fidelity.json").read_text("utf-8"))
    assert 0 < report["texts"] <= 20
    assert report["top1"] > 0.8
    assert report["bytes"] == (output / "model.onnx").stat().st_size
    assert "same best candidate" in made.output
    assert json.loads((output / "config.json").read_text("utf-8"))["dtype"] == "int8"
