"""BERT checkpoints that both sides load, whatever their version of transformers."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from augment.models.backends import BUNDLED

_SPECIALS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


@dataclass(frozen=True, slots=True)
class BertSize:
    """Shape of a BERT encoder; as it comes that of BERT-base."""

    layers: int = 12
    width: int = 768
    heads: int = 12
    positions: int = 512


def bert_checkpoint(folder: Path, size: BertSize) -> Path:
    """Random weights with the tokenizer of the bundled model; made once.

    Args:
        folder: to be written, unless it is there. Its name holds ``bert``, by which nlpaug knows
            what it is.
        size: shape of the encoder.
    """
    if not (folder / "vocab.txt").exists():
        import torch
        from transformers import BertConfig, BertForMaskedLM

        words = _vocabulary(BUNDLED)
        with torch.random.fork_rng():
            torch.manual_seed(0)
            model = BertForMaskedLM(
                BertConfig(
                    vocab_size=len(words),
                    hidden_size=size.width,
                    num_hidden_layers=size.layers,
                    num_attention_heads=size.heads,
                    intermediate_size=4 * size.width,
                    max_position_embeddings=size.positions,
                )
            )
        model.save_pretrained(folder)
        _write_tokenizer(folder, words, size.positions)
    return folder


def bundled_checkpoint(folder: Path) -> Path:
    """The bundled model as a folder of transformers, its weights as they are computed with."""
    from augment.models.exporting import restore

    model, tokenizer = restore(BUNDLED)
    model.save_pretrained(folder)
    _write_tokenizer(folder, _vocabulary(BUNDLED), tokenizer.model_max_length)
    return folder


def _vocabulary(folder: Path) -> list[str]:
    """The words of a tokenizer of WordPiece, by number.

    Raises:
        ValueError: it is of another kind, which ``vocab.txt`` can't describe.
    """
    described: dict[str, Any] = json.loads((folder / "tokenizer.json").read_text("utf-8"))
    if described["model"]["type"] != "WordPiece":
        raise ValueError(f"{folder}: the tokenizer is {described['model']['type']}, not WordPiece")
    numbers: dict[str, int] = described["model"]["vocab"]
    words = sorted(numbers, key=numbers.__getitem__)
    if [numbers[word] for word in words] != list(range(len(words))):
        raise ValueError(f"{folder}: the vocabulary's numbers have gaps")
    return words


def _write_tokenizer(folder: Path, words: Sequence[str], longest: int) -> None:
    """What every version of transformers makes BERT's tokenizer of."""
    missing = [special for special in _SPECIALS if special not in words]
    if missing:
        raise ValueError(f"the vocabulary lacks {', '.join(missing)}")
    config = {
        "tokenizer_class": "BertTokenizer",
        "do_lower_case": True,
        "model_max_length": longest,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config), "utf-8")
    # Last: that it is there says that the folder is whole.
    (folder / "vocab.txt").write_text("\n".join(words) + "\n", "utf-8")
