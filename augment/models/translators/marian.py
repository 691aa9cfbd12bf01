"""Marian and other sequence-to-sequence checkpoints through ``transformers``.

Junczys-Dowmunt et al. 2018, "Marian: fast neural machine translation in C++"; the hub's
``Helsinki-NLP/opus-mt-*`` are Tiedemann & Thottingal 2020, "OPUS-MT".
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from augment.errors import MissingExtraError, ModelError
from augment.models.identity import model_digest
from augment.models.runtime import threads
from augment.models.translate import Decoding, Direction
from augment.models.translators.apertium import ISO_639_3
from augment.randomness import Keys
from augment.text.languages import primary
from augment.text.sentences import cut_point

DEFAULT = "Helsinki-NLP/opus-mt-{source}-{target}"
_LIMIT = 512
"""Longest input in tokens where the checkpoint does not say."""


@dataclass(frozen=True)
class _Loaded:
    model: Any
    tokenizer: Any
    prefix: str
    """What some many-target checkpoints want before the text, such as ``>>por<< ``."""
    limit: int


@dataclass(frozen=True)
class MarianTranslator:
    """One direction of a checkpoint."""

    loaded: _Loaded
    num_beams: int
    batch_tokens: int

    def translate(self, texts: Sequence[str], keys: Keys | None = None) -> list[list[str]]:  # noqa: ARG002
        """See :class:`Translator`; batches hold texts of about equal length.

        A text over the model's length is translated in parts. What the model does not bring to an
        end within twice the source's length has no translation.
        """
        parts: list[str] = []
        joints: list[tuple[int, str]] = []
        for row, text in enumerate(texts):
            for piece, joint in self._fitting(text):
                parts.append(piece)
                joints.append((row, joint))
        out, failed = [""] * len(texts), set[int]()
        for (row, joint), made in zip(joints, self._translate_all(parts), strict=True):
            out[row] += made + joint
            if not made:
                failed.add(row)
        return [[] if row in failed else [text] for row, text in enumerate(out)]

    def _fitting(self, text: str) -> Iterator[tuple[str, str]]:
        """Parts of a text that fit the model, each with what joins it to the next."""
        if len(text) < 2 or len(self._ids([text])[0]) <= self.loaded.limit:
            yield text, ""
            return
        cut = cut_point(text, -(-len(text) // 2))
        first, rest = text[:cut].rstrip(), text[cut:].lstrip()
        *front, (last, _) = self._fitting(first)
        joint = " " if len(first) + len(rest) < len(text) else ""
        yield from (*front, (last, joint))
        yield from self._fitting(rest)

    def _ids(self, texts: Sequence[str]) -> list[list[int]]:
        prefixed = [self.loaded.prefix + text for text in texts]
        ids: list[list[int]] = self.loaded.tokenizer(prefixed, verbose=False)["input_ids"]
        return ids

    def _translate_all(self, texts: list[str]) -> list[str]:
        if not texts:
            return []
        ids = self._ids(texts)
        # Ties in the order of the texts themselves, so that batches do not depend on row order.
        order = sorted(range(len(texts)), key=lambda i: (-len(ids[i]), texts[i]))
        out = [""] * len(texts)
        for batch in self._batches(order, ids):
            made = self._generate([ids[i] for i in batch])
            for i, text in zip(batch, made, strict=True):
                out[i] = text
        return out

    def _batches(self, order: list[int], ids: list[list[int]]) -> Iterator[list[int]]:
        start = 0
        while start < len(order):
            width = len(ids[order[start]]) * self.num_beams
            count = max(1, self.batch_tokens // max(1, width))
            yield order[start : start + count]
            start += count

    def _generate(self, ids: list[list[int]]) -> list[str]:
        import torch

        model, tokenizer = self.loaded.model, self.loaded.tokenizer
        batch = tokenizer.pad({"input_ids": ids}, return_tensors="pt").to(model.device)
        allowed = min(2 * len(ids[0]) + 32, self.loaded.limit - 1)
        torch.set_num_threads(threads())
        with torch.inference_mode():
            made = model.generate(
                **batch, num_beams=self.num_beams, do_sample=False, max_new_tokens=allowed
            )
        # Some checkpoints force the end sign at the last place: a full output was cut off.
        lengths = (made[:, 1:] != tokenizer.pad_token_id).sum(1).tolist()
        texts: list[str] = tokenizer.batch_decode(made, skip_special_tokens=True)
        own = [min(2 * len(source) + 32, allowed) for source in ids]
        return [t if n < most else "" for t, n, most in zip(texts, lengths, own, strict=True)]


def load(direction: Direction, *, decoding: Decoding, batch_tokens: int) -> MarianTranslator:
    """The translator of a direction.

    Raises:
        ModelError: the checkpoint can't be found or loaded.
        MissingExtraError: PyTorch is not installed.
    """
    place = direction.place(DEFAULT)
    target = primary(direction.target)
    loaded = _load(place, direction.revision, direction.dtype, direction.device, target)
    return MarianTranslator(loaded, decoding.num_beams, batch_tokens)


@cache
def _load(place: str, revision: str | None, dtype: str, device: str, target: str) -> _Loaded:
    try:
        import torch
    except ImportError:
        raise MissingExtraError("backend 'marian'", "torch", "torch") from None
    from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    weights = getattr(torch, dtype)
    try:
        tokenizer = AutoTokenizer.from_pretrained(place, revision=revision)
        model = AutoModelForSeq2SeqLM.from_pretrained(place, revision=revision, dtype=weights)
    except (OSError, ValueError) as error:
        raise ModelError(_not_loaded(place, revision, error)) from error
    return _Loaded(
        model.to(device).eval(), tokenizer, _prefix(tokenizer, target), _limit(model, tokenizer)
    )


def _not_loaded(place: str, revision: str | None, error: Exception) -> str:
    at = f" at revision {revision!r}" if revision else ""
    first = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return (
        f"no translation model could be loaded from {place!r}{at}: no such folder, and no such "
        f"model on the hub or in its local cache (the hub may be out of reach). {first}"
    )


def _prefix(tokenizer: Any, target: str) -> str:
    codes = set(getattr(tokenizer, "supported_language_codes", None) or ())
    wanted = [f">>{code}<<" for code in (target, ISO_639_3.get(target, target))]
    return next((f"{code} " for code in wanted if code in codes), "")


def _limit(model: Any, tokenizer: Any) -> int:
    known = getattr(model.config, "max_position_embeddings", None) or _LIMIT
    return int(min(known, tokenizer.model_max_length))


def assets(pivot: str, model: str | None, revision: str | None) -> Mapping[str, str]:
    """Of local folders a digest of their files; of a hub model its name and revision."""
    template = model or DEFAULT
    folders = [str(folder) for folder in _folders(template, primary(pivot)) if folder.is_dir()]
    return {place: model_digest(place, revision) for place in folders or [template]}


def _folders(template: str, pivot: str) -> set[Path]:
    """The folders that a template means for the pivot and any other language."""
    path = Path(template).expanduser()
    if "{" not in template:
        return {path}
    anchor = Path(path.anchor or ".")
    inner = str(path)[len(path.anchor) :]
    patterns = (
        inner.replace("{source}", source).replace("{target}", target)
        for source, target in (("*", pivot), (pivot, "*"))
    )
    return {folder for pattern in patterns for folder in anchor.glob(pattern)}
