"""Similarity by any encoder of transformers, pooled as its own settings say."""

import json

import numpy as np
import pyarrow as pa
import pytest

from augment.errors import ModelError
from augment.models.backends import BUNDLED
from augment.models.encode import load_encoder

TEXTS = ["a dog ran", "the weather was fine all day long", "", "so " * 40]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A BERT with random weights and 16 positions, that reads BERT's uncased vocabulary."""
    import torch
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    place = tmp_path_factory.mktemp("encoder")
    small = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    torch.manual_seed(0)
    config = BertConfig(**small, intermediate_size=64, max_position_embeddings=16)
    BertModel(config).save_pretrained(place)
    names = {"cls_token": "[CLS]", "sep_token": "[SEP]", "pad_token": "[PAD]"}
    file = str(BUNDLED / "tokenizer.json")
    PreTrainedTokenizerFast(tokenizer_file=file, model_max_length=16, **names).save_pretrained(
        place
    )
    return place


def pooled_by(folder, *modes):
    settings = {f"pooling_mode_{m}": m in modes for m in ("cls_token", "mean_tokens", "max_tokens")}
    (folder / "1_Pooling").mkdir(exist_ok=True)
    settings["word_embedding_dimension"] = 32
    (folder / "1_Pooling" / "config.json").write_text(json.dumps(settings))
    return load_encoder(str(folder))


def states(folder, text):
    """Last hidden states of a text alone, by transformers itself."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    tokens = AutoTokenizer.from_pretrained(folder)(text, return_tensors="pt")
    with torch.inference_mode():
        return AutoModel.from_pretrained(folder).eval()(**tokens).last_hidden_state[0].numpy()


def test_vectors_are_what_the_settings_say(folder):
    for mode, pool in (("mean_tokens", lambda h: h.mean(axis=0)), ("cls_token", lambda h: h[0])):
        made = pooled_by(folder, mode).encode(pa.array(TEXTS))
        assert np.linalg.norm(made, axis=1) == pytest.approx(1.0, abs=1e-5)
        for text, vector in zip(TEXTS[:3], made, strict=False):
            wanted = pool(states(folder, text))
            assert vector == pytest.approx(wanted / np.linalg.norm(wanted), abs=1e-5)


def test_other_poolings_are_refused_by_name(folder):
    with pytest.raises(ModelError, match="pools by max_tokens; known here: mean_tokens, cls_token"):
        pooled_by(folder, "max_tokens")


def test_the_filter_takes_the_folder(folder, judged):
    pooled_by(folder, "mean_tokens")
    spec = {"use": "similarity", "model": str(folder), "min": -1.0, "max": 0.999}
    found = judged(spec, ["a dog ran"] * 3, ["A dog ran", "rain fell", None], "de")
    assert found.reason.to_pylist() == ["too_similar", None, None]


def test_an_encoder_that_is_not_there_is_named(judged, tmp_path):
    with pytest.raises(ModelError, match="no sentence encoder at"):
        judged({"use": "similarity", "model": str(tmp_path)}, ["a b"], ["a c"])
