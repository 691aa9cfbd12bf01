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
