"""Fill-mask networks on ONNX Runtime: folders written by ``augment.models.exporting``."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from augment.errors import ModelError
from augment.models.fill_mask import FillMask, Floats, Ints, Top, fitting_cache, prepare
from augment.models.vocabulary import Vocabulary

if TYPE_CHECKING:
    from onnxruntime import InferenceSession


_SLOW = ["SkipLayerNormFusion"]
"""Rewritings of the graph that ONNX Runtime 1.31 makes and that slow it down on a CPU."""


@dataclass(frozen=True, slots=True)
class OnnxNetwork:
    """A session whose graph ends in log-softmax and top-k over the allowed vocabulary.

    Attributes:
        session: takes a bias per item, or, of small models, the numbers of the allowed items.
        narrow: whether it is the latter.
    """

    session: "InferenceSession"
    narrow: bool

    def top(
        self, input_ids: Ints, attention_mask: Ints, positions: Ints, bias: Floats, k: int
    ) -> Top:
        """See :class:`augment.models.fill_mask.Network`."""
        feed: dict[str, npt.NDArray[Any]] = {
            "input_ids": input_ids,
            "attention_mask": attention_mask,
            "positions": positions,
            "k": np.array([k], np.int64),
        }
        if self.narrow:
            feed["allowed"] = np.flatnonzero(np.isfinite(bias))
        else:
            feed["bias"] = bias
        return Top(*self.session.run(["log_probability", "ids"], feed))

    def log_probabilities(
        self, input_ids: Ints, attention_mask: Ints, positions: Ints, targets: Ints, items: int
    ) -> Floats:
        """See :class:`augment.models.fill_mask.Network`.

        The graph gives the likeliest items alone. So the likeliest of all is asked for, and then
        how much less likely the targets are than that, among the few items of both.
        """
        inputs = input_ids, attention_mask, positions
        whole = self.top(*inputs, np.zeros(items, np.float32), 1)
        best = whole.ids[:, 0]
        few = np.unique(np.append(targets, best))
        bias = np.full(items, -np.inf, np.float32)
        bias[few] = 0.0
        among = self.top(*inputs, bias, len(few))
        table = np.empty_like(among.log_probability)
        np.put_along_axis(table, np.searchsorted(few, among.ids), among.log_probability, 1)
        rows = np.arange(len(targets))
        less = table[rows, np.searchsorted(few, targets)] - table[rows, np.searchsorted(few, best)]
        return np.asarray(whole.log_probability[:, 0] + less, np.float32)


def load(folder: Path, threads: int) -> FillMask:
    """Open ``model.onnx``, ``tokenizer.json`` and ``config.json`` of a folder."""
    from onnxruntime import InferenceSession, SessionOptions
    from tokenizers import Tokenizer

    options = SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.use_deterministic_compute = True
    path = str(folder / "model.onnx")
    session = InferenceSession(
        path, options, providers=["CPUExecutionProvider"], disabled_optimizers=_SLOW
    )
    config = json.loads((folder / "config.json").read_text("utf-8"))
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    mask_id = tokenizer.token_to_id(config["mask_token"])
    if mask_id is None:
        raise ModelError(f"{folder}: the tokenizer lacks the mask token {config['mask_token']!r}")
    opening, closing = prepare(tokenizer)
    return FillMask(
        network=OnnxNetwork(session, "allowed" in {given.name for given in session.get_inputs()}),
        tokenizer=tokenizer,
        vocabulary=Vocabulary.of(tokenizer, config["vocab_size"]),
        mask_id=mask_id,
        opening=opening,
        closing=closing,
        pad_id=config.get("pad_id", 0),
        max_tokens=config["max_tokens"],
        most_tokens=fitting_cache(config.get("hidden_size", 128)),
    )
