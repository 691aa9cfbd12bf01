"""Tiny translation checkpoints with real SentencePiece tokenizers, one of each family.

Each is trained for a moment to copy its input, so that outputs end and differ.
"""

import json
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from augment.models import runtime
from augment.models.translate import release

WORDS = ["the", "a", "film", "movie", "was", "is", "great", "bad", "very", "not", "good", "plot"]
LIMIT = 48


def sentences() -> list[str]:
    rng = random.Random(0)
    return [" ".join(rng.choices(WORDS, k=rng.randint(1, 9))) + "." for _ in range(300)]


@pytest.fixture(scope="session")
def corpus() -> list[str]:
    """300 short sentences of a dozen words."""
    return sentences()


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    runtime.set_threads(1)
    yield
    runtime.set_threads(None)
    release()


@pytest.fixture(scope="session")
def marian(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders ``en-xx`` and ``xx-en`` with one Marian model, laid out as opus-mt's are."""
    root = tmp_path_factory.mktemp("marian")
    _marian(root)
    shutil.copytree(root / "en-xx", root / "xx-en")
    return root


@pytest.fixture(scope="session")
def m2m(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An M2M-100 model, with the language tokens behind its vocabulary."""
    from transformers import M2M100Tokenizer

    folder = tmp_path_factory.mktemp("m2m")
    names = ["<s>", "<pad>", "</s>", "<unk>", *_pieces(folder, "source", "bpe")]
    (folder / "vocab.json").write_text(json.dumps({n: i for i, n in enumerate(names)}))
    tokenizer = M2M100Tokenizer(
        str(folder / "vocab.json"), str(folder / "source.model"), model_max_length=LIMIT
    )
    vocabulary = len(names) + len(tokenizer.lang_code_to_id) + tokenizer.num_madeup_words
    return _saved(folder / "model", tokenizer, vocabulary, tokenizer.get_lang_id("pt"))


@pytest.fixture(scope="session")
def nllb(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An NLLB model, whose languages are tokens of its tokenizer such as ``por_Latn``."""
    from transformers import NllbTokenizer
    from transformers.models.nllb.tokenization_nllb import FAIRSEQ_LANGUAGE_CODES

    folder = tmp_path_factory.mktemp("nllb")
    names = ["<s>", "<pad>", "</s>", "<unk>", *_pieces(folder, "source", "bpe")]
    vocabulary = {name: i for i, name in enumerate(names)}
    merges = [
        (name[:cut], name[cut:])
        for name in names[4:]
        for cut in range(1, len(name))
        if name[:cut] in vocabulary and name[cut:] in vocabulary
    ]
    tokenizer = NllbTokenizer(
        vocab=vocabulary, merges=merges, model_max_length=LIMIT,
        extra_special_tokens=list(FAIRSEQ_LANGUAGE_CODES),
    )  # fmt: skip
    code = tokenizer.convert_tokens_to_ids("por_Latn")
    return _saved(folder / "model", tokenizer, len(tokenizer), code)


def _pieces(folder: Path, name: str, kind: str) -> list[str]:
    """Train SentencePiece; its pieces behind the specials."""
    import sentencepiece

    text = folder / "corpus.txt"
    text.write_text("\n".join(sentences()))
    sentencepiece.SentencePieceTrainer.train(
        input=str(text), model_prefix=str(folder / name), minloglevel=2, vocab_size=300,
        model_type=kind, hard_vocab_limit=False,
    )  # fmt: skip
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(folder / f"{name}.model"))
    return [pieces.id_to_piece(i) for i in range(3, pieces.get_piece_size())]


def _marian(root: Path) -> None:
    from transformers import MarianConfig, MarianMTModel, MarianTokenizer

    names = ["</s>", "<unk>", *_pieces(root, "source", "word"), "<pad>"]
    shutil.copy(root / "source.model", root / "target.model")
    (root / "vocab.json").write_text(json.dumps({name: i for i, name in enumerate(names)}))
    tokenizer = MarianTokenizer(
        vocab=str(root / "vocab.json"), source_spm=str(root / "source.model"),
        target_spm=str(root / "target.model"), model_max_length=LIMIT,
    )  # fmt: skip
    size, pad = len(names), len(names) - 1
    config = MarianConfig(
        vocab_size=size, decoder_vocab_size=size, d_model=32, encoder_layers=2, decoder_layers=2,
        encoder_attention_heads=2, decoder_attention_heads=2, encoder_ffn_dim=64,
        decoder_ffn_dim=64, max_position_embeddings=LIMIT, pad_token_id=pad, eos_token_id=0,
        decoder_start_token_id=pad, forced_eos_token_id=0, bad_words_ids=[[pad]],
        scale_embedding=True, activation_function="swish", dropout=0.0,
    )  # fmt: skip
    model = _trained(lambda: MarianMTModel(config), tokenizer, None)
    model.save_pretrained(root / "en-xx")
    tokenizer.save_pretrained(root / "en-xx")


def _saved(folder: Path, tokenizer, vocabulary: int, code: int) -> Path:
    from transformers import M2M100Config, M2M100ForConditionalGeneration

    config = M2M100Config(
        vocab_size=vocabulary, d_model=32, encoder_layers=2, decoder_layers=2,
        encoder_attention_heads=2, decoder_attention_heads=2, encoder_ffn_dim=64,
        decoder_ffn_dim=64, max_position_embeddings=LIMIT, scale_embedding=True,
        encoder_layerdrop=0.0, decoder_layerdrop=0.0, dropout=0.0, attention_dropout=0.0,
    )  # fmt: skip
    model = _trained(lambda: M2M100ForConditionalGeneration(config), tokenizer, code)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def _trained(build: Callable, tokenizer, code: int | None, steps: int = 100):
    """A model that copies its input, behind the target language's token if there is one."""
    import torch

    torch.set_num_threads(1)
    torch.manual_seed(0)
    model, rng = build(), random.Random(0)
    pad, eos = tokenizer.pad_token_id, tokenizer.eos_token_id
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for _ in range(steps):
        batch = tokenizer(rng.choices(sentences(), k=16), padding=True, return_tensors="pt")
        labels = batch["input_ids"].masked_fill(batch["input_ids"] == pad, -100)
        if code is not None:  # [source language, text, end] becomes [target language, text, end]
            assert (labels[:, 0] > eos).all()
            labels[:, 0] = code
        model(**batch, labels=labels).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    return model.eval()
