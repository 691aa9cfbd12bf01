"""Tiny checkpoints with real tokenizers and random weights, built once per test run.

Every tokenizer is trained on the project's own English texts, so that its vocabulary holds words,
fragments and letters as a large one does.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

SENTENCES = [
    "the movie was a big success and the actor loved his car",
    "we buy a house near the old river and watch the boats",
    "a good story begins with a simple question about people",
    "children play in the garden while the rain falls softly",
]
CHINESE = [
    "今天天气很好，我们一起去公园散步，看到了许多美丽的花。",
    "这部电影的故事非常感人，演员的表演也很出色。",
    "他们在学校学习历史和音乐，老师认真回答问题。",
    "城市的交通越来越方便，人们的生活水平不断提高。",
    "这家饭店的服务态度不错，味道可以，价格便宜。",
]
_DATA = Path(__file__).parents[2] / "data" / "english.parquet"
_BERT = {"unk": "[UNK]", "cls": "[CLS]", "sep": "[SEP]", "pad": "[PAD]", "mask": "[MASK]"}
_ROBERTA = {"unk": "<unk>", "cls": "<s>", "sep": "</s>", "pad": "<pad>", "mask": "<mask>"}
_SMALL = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
_POSITIONS = 64


def english() -> Iterator[str]:
    """A few hundred texts."""
    import pyarrow.parquet as pq

    yield from pq.read_table(_DATA, columns=["text"]).column(0).slice(0, 400).to_pylist()
    yield from SENTENCES * 5


def _save(folder: Path, tokenizer: Any, names: Mapping[str, str], model: Any) -> Path:
    """Write a checkpoint as a user has it; the model's class is made of its config."""
    import torch
    from tokenizers.processors import TemplateProcessing
    from transformers import AutoModelForMaskedLM, PreTrainedTokenizerFast

    ids = {name: tokenizer.token_to_id(name) for name in names.values()}
    ends = [(names[end], ids[names[end]]) for end in ("cls", "sep")]
    tokenizer.post_processor = TemplateProcessing(
        single=f"{names['cls']} $A {names['sep']}", special_tokens=ends
    )
    tokens = {f"{kind}_token": name for kind, name in names.items()}
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, model_max_length=_POSITIONS, **tokens
    )
    fast.save_pretrained(folder)
    torch.manual_seed(0)
    config = model(vocab_size=tokenizer.get_vocab_size(), pad_token_id=ids[names["pad"]])
    AutoModelForMaskedLM.from_config(config).save_pretrained(folder)
    return folder


def _wordpiece(texts: list[str], lowercase: bool, size: int) -> Any:
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lowercase)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    specials = list(_BERT.values())
    trainer = trainers.WordPieceTrainer(
        vocab_size=size, special_tokens=specials, show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def _byte_level(prefix: bool, names: Mapping[str, str]) -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=prefix)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=2500,
        special_tokens=list(names.values()),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(english(), trainer)
    return tokenizer


def _metaspace(model: Any, trainer: Any) -> Any:
    from tokenizers import Tokenizer, decoders, normalizers, pre_tokenizers

    tokenizer = Tokenizer(model)
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFKC(), normalizers.Replace("\n", " ")]
    )
    split = [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()]
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(split)
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.train_from_iterator(english(), trainer)
    return tokenizer


def _bert(**sizes: int) -> Any:
    from transformers import BertConfig

    return BertConfig(**_SMALL, intermediate_size=64, max_position_embeddings=_POSITIONS, **sizes)


def _distilbert(**sizes: int) -> Any:
    from transformers import DistilBertConfig

    return DistilBertConfig(
        dim=32, n_layers=2, n_heads=2, hidden_dim=64, max_position_embeddings=_POSITIONS, **sizes
    )


def _electra(**sizes: int) -> Any:
    from transformers import ElectraConfig

    return ElectraConfig(
        **_SMALL,
        embedding_size=16,
        intermediate_size=64,
        max_position_embeddings=_POSITIONS,
        **sizes,
    )


def _roberta(**sizes: int) -> Any:
    from transformers import RobertaConfig

    return RobertaConfig(
        **_SMALL, intermediate_size=64, max_position_embeddings=_POSITIONS, **sizes
    )


def _xlm_roberta(**sizes: int) -> Any:
    from transformers import XLMRobertaConfig

    return XLMRobertaConfig(
        **_SMALL, intermediate_size=64, max_position_embeddings=_POSITIONS, **sizes
    )


def _modernbert(**sizes: int) -> Any:
    from transformers import ModernBertConfig

    ends = {"bos_token_id": 1, "eos_token_id": 2, "cls_token_id": 1, "sep_token_id": 2}
    return ModernBertConfig(
        **_SMALL,
        intermediate_size=48,
        max_position_embeddings=_POSITIONS,
        local_attention=16,
        **ends,
        **sizes,
    )


@pytest.fixture(scope="session")
def wordpiece_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """BERT, uncased WordPiece, 64 positions."""
    tokenizer = _wordpiece(list(english()), True, 2500)
    return _save(tmp_path_factory.mktemp("wordpiece"), tokenizer, _BERT, _bert)


@pytest.fixture(scope="session")
def cased_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """DistilBERT, cased WordPiece."""
    tokenizer = _wordpiece(list(english()), False, 2500)
    return _save(tmp_path_factory.mktemp("cased"), tokenizer, _BERT, _distilbert)


@pytest.fixture(scope="session")
def generator_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The generator of ELECTRA, uncased WordPiece."""
    tokenizer = _wordpiece(list(english()), True, 2500)
    return _save(tmp_path_factory.mktemp("generator"), tokenizer, _BERT, _electra)


@pytest.fixture(scope="session")
def byte_level_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """RoBERTa, cased byte-level BPE, 62 usable positions."""
    names = {kind: _ROBERTA[kind] for kind in ("cls", "pad", "sep", "unk", "mask")}
    return _save(tmp_path_factory.mktemp("bytes"), _byte_level(False, names), names, _roberta)


@pytest.fixture(scope="session")
def prefixed_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """ModernBERT, byte-level BPE that puts a space before the text."""
    return _save(tmp_path_factory.mktemp("prefixed"), _byte_level(True, _BERT), _BERT, _modernbert)


@pytest.fixture(scope="session")
def unigram_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """XLM-R, SentencePiece Unigram."""
    from tokenizers import models, trainers

    names = {kind: _ROBERTA[kind] for kind in ("cls", "pad", "sep", "unk", "mask")}
    trainer = trainers.UnigramTrainer(
        vocab_size=2500, special_tokens=list(names.values()), unk_token="<unk>", show_progress=False
    )
    tokenizer = _metaspace(models.Unigram(), trainer)
    return _save(tmp_path_factory.mktemp("unigram"), tokenizer, names, _xlm_roberta)


@pytest.fixture(scope="session")
def metaspace_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """XLM-R's architecture with SentencePiece BPE."""
    from tokenizers import models, trainers

    names = {kind: _ROBERTA[kind] for kind in ("cls", "pad", "sep", "unk", "mask")}
    trainer = trainers.BpeTrainer(
        vocab_size=2500, special_tokens=list(names.values()), show_progress=False
    )
    tokenizer = _metaspace(models.BPE(unk_token="<unk>"), trainer)
    return _save(tmp_path_factory.mktemp("metaspace"), tokenizer, names, _xlm_roberta)


@pytest.fixture(scope="session")
def chinese_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """BERT with a vocabulary of characters, as bert-base-chinese."""
    tokenizer = _wordpiece(CHINESE * 5, True, 1000)
    return _save(tmp_path_factory.mktemp("chinese"), tokenizer, _BERT, _bert)
