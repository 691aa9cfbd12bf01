"""Tiny checkpoints with real tokenizers and random weights, built once per test run."""

from pathlib import Path

import pytest

SENTENCES = [
    "the movie was a big success and the actor loved his car",
    "we buy a house near the old river and watch the boats",
    "a good story begins with a simple question about people",
    "children play in the garden while the rain falls softly",
]


@pytest.fixture(scope="session")
def wordpiece_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """BERT, uncased WordPiece, 64 positions."""
    import torch
    from tokenizers import BertWordPieceTokenizer
    from transformers import BertConfig, BertForMaskedLM, BertTokenizerFast

    folder = tmp_path_factory.mktemp("wordpiece")
    tokenizer = BertWordPieceTokenizer(lowercase=True)
    tokenizer.train_from_iterator(SENTENCES * 5, vocab_size=400, min_frequency=1)
    tokenizer.save_model(str(folder))
    fast = BertTokenizerFast(str(folder / "vocab.txt"))
    fast.save_pretrained(folder)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(fast),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
    )
    BertForMaskedLM(config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def byte_level_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """RoBERTa, cased byte-level BPE, 62 usable positions."""
    import torch
    from tokenizers import ByteLevelBPETokenizer
    from transformers import RobertaConfig, RobertaForMaskedLM, RobertaTokenizerFast

    folder = tmp_path_factory.mktemp("bytelevel")
    tokenizer = ByteLevelBPETokenizer()
    specials = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    tokenizer.train_from_iterator(
        SENTENCES * 5, vocab_size=500, min_frequency=1, special_tokens=specials
    )
    tokenizer.save_model(str(folder))
    fast = RobertaTokenizerFast(str(folder / "vocab.json"), str(folder / "merges.txt"))
    fast.save_pretrained(folder)
    torch.manual_seed(0)
    config = RobertaConfig(
        vocab_size=len(fast),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
        pad_token_id=1,
        bos_token_id=0,
        eos_token_id=2,
    )
    RobertaForMaskedLM(config).save_pretrained(folder)
    return folder
