"""Any augmenter or flow of nlpaug as a step: seeded per row, lossless around what it changes.

nlpaug draws from three global generators, returns lists or nothing, drops line breaks and takes
URLs and emoji apart. The bridge seeds the generators from the row's key and puts them back, calls
string by string, and hides whatever must survive behind single characters of the private use area,
which nlpaug's tokeniser keeps whole and its stop words leave alone.
"""

import copy
import importlib
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pydantic import Field, model_validator

from augment.augmenter import Augmenter
from augment.batch import TextBatch, Variants
from augment.component import component
from augment.errors import ModelError, ParameterError, Problem
from augment.methods.nlpaug_catalogue import INSTEAD, problems_in, refuse_broken
from augment.methods.nlpaug_rows import StopWords, rewritten
from augment.models.identity import path_digest


@component("nlpaug")
class NlpaugStep(Augmenter):
    """An augmenter or a flow of nlpaug 1.1.11, written as in its documentation.

    >>> step = NlpaugStep(augmenter="char.KeyboardAug", params={"aug_char_p": 0.1})
    >>> step("The quick brown fox jumps over the lazy dog.")  # doctest: +SKIP
    'The qujck brown fox jumps over the lazy dog.'

    Protected spans, line breaks and emoji are kept. Everything else is nlpaug's doing: its word
    augmenters turn ``don't`` into ``don ' t``. ``SpellingAug``, whose choice depends on the hash
    seed of the process, has its candidates sorted.

    Args:
        augmenter: class name below ``nlpaug.augmenter`` (``char.KeyboardAug``, ``word.SplitAug``,
            ``sentence.RandomSentAug``), or ``flow.Sequential`` or ``flow.Sometimes``.
        params: arguments of its constructor. A flow's own argument ``flow`` is a list of
            ``{augmenter: …, params: …}``.
    """

    augmenter: str
    params: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _check_names(self) -> "NlpaugStep":
        if problems := problems_in(self.augmenter, self.params):
            raise ParameterError(problems)
        refuse_broken(self.augmenter, self.params)
        return self

    @staticmethod
    def of(instance: Any) -> "NlpaugInstance":
        """A step of an nlpaug object that was built in Python.

        >>> NlpaugStep.of(nac.OcrAug())  # doctest: +SKIP
        """
        return NlpaugInstance(instance=_shielded(instance))

    def assets(self) -> Mapping[str, str]:
        """The version of nlpaug, and digests of the files that the parameters name."""
        return {"nlpaug": version("nlpaug"), **dict(_digests(self.params))}

    def rewrite(self, batch: TextBatch) -> Variants:
        """One call of nlpaug per row."""
        _import_nlpaug()
        with _generators_kept():
            built = _built(self.augmenter, json.dumps(self.params, sort_keys=True))
            return rewritten(batch, _call(built), _seed)


@component("nlpaug_instance")
class NlpaugInstance(Augmenter):
    """An nlpaug object as a step, for notebooks; made by :meth:`NlpaugStep.of`.

    It is not registered: an object can't be written into a recipe, so there is no fingerprint,
    and it is as large to pickle as nlpaug makes it.

    Args:
        instance: an augmenter or a flow of nlpaug.
    """

    instance: Any

    @model_validator(mode="after")
    def _check_instance(self) -> "NlpaugInstance":
        if not callable(getattr(self.instance, "augment", None)):
            raise ValueError("is no augmenter or flow of nlpaug")
        return self

    def rewrite(self, batch: TextBatch) -> Variants:
        """One call of nlpaug per row."""
        with _generators_kept():
            return rewritten(batch, _call(self.instance), _seed)


def _digests(params: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key, value in params.items():
        if key.endswith("path") and isinstance(value, str) and Path(value).exists():
            yield value, path_digest(Path(value))
        elif key == "flow":
            for step in value:
                yield from _digests(step.get("params", {}))


def _import_nlpaug() -> None:
    for name in ("augmenter.char", "augmenter.word", "augmenter.sentence", "flow"):
        importlib.import_module(f"nlpaug.{name}")


@lru_cache(maxsize=32)
def _built(name: str, params: str) -> Any:
    with _models_apart():
        return _shielded(_construct(name, json.loads(params)))


def _construct(name: str, params: dict[str, Any]) -> Any:
    group, _, cls = name.partition(".")
    if group == "flow":
        inner = [_construct(step["augmenter"], step.get("params", {})) for step in params["flow"]]
        params = {**params, "flow": inner}
    home = "nlpaug.flow" if group == "flow" else f"nlpaug.augmenter.{group}"
    try:
        return getattr(sys.modules[home], cls)(**params)
    except (TypeError, ValueError) as error:
        if name not in INSTEAD:
            problem = Problem("params", f"nlpaug's {name}: {error}")
            raise ParameterError([problem], "nlpaug") from error
        raise ModelError(_failed(name, error)) from error
    except (LookupError, ImportError, OSError, AttributeError) as error:
        raise ModelError(_failed(name, error)) from error


def _failed(name: str, error: Exception) -> str:
    reason = " ".join(str(error).split())[:300]
    return f"nlpaug's {name} can't be used: {type(error).__name__}: {reason}{INSTEAD.get(name, '')}"


@contextmanager
def _models_apart() -> Iterator[None]:
    """Hide the models that nlpaug shares under keys that say too little, or under none.

    Without this a second SpellingAug reads the dictionary of the first.
    """
    shared = [
        (module, name)
        for path, module in list(sys.modules.items())
        if path.startswith("nlpaug.augmenter.")
        for name in vars(module)
        if name.isupper() and name.endswith(("_MODEL", "_MODELS"))
    ]
    before = [getattr(module, name) for module, name in shared]
    try:
        for module, name in shared:
            setattr(module, name, {})
        yield
    finally:
        for (module, name), value in zip(shared, before, strict=True):
            setattr(module, name, value)


def _shielded(instance: Any) -> Any:
    """A copy that leaves marks alone and whose choices do not depend on the hash seed."""
    copied = copy.copy(instance)
    if isinstance(copied, list):
        copied[:] = [_shielded(inner) for inner in copied]
    elif _name(copied) not in INSTEAD and hasattr(copied, "stopwords"):
        copied.stopwords = StopWords(copied.stopwords or ())
    if type(getattr(copied, "model", None)).__name__ == "Spelling":
        copied.model = copy.copy(copied.model)
        copied.model.dict = {word: sorted(set(to)) for word, to in copied.model.dict.items()}
    return copied


def _name(instance: Any) -> str:
    group = type(instance).__module__.removeprefix("nlpaug.augmenter.").partition(".")[0]
    return f"{group}.{type(instance).__name__}"


def _call(instance: Any) -> Callable[[str], Any]:
    name = _name(instance)

    def call(text: str) -> Any:
        try:
            return instance.augment(text)
        except Exception as error:
            if name in INSTEAD:
                raise ModelError(_failed(name, error)) from error
            raise

    return call


def _seed(key: int) -> None:
    import random

    import numpy as np

    random.seed(key)  # noqa: TID251 - nlpaug draws from the globals; they are put back
    np.random.seed([key & 0xFFFFFFFF, key >> 32])  # noqa: TID251, NPY002
    if torch := sys.modules.get("torch"):
        # Not torch.manual_seed, which also queues a seed for every absent accelerator.
        torch.default_generator.manual_seed(key)
        if torch.cuda.is_initialized():
            torch.cuda.manual_seed_all(key)


@contextmanager
def _generators_kept() -> Iterator[None]:
    """Put the global generators back as they were."""
    import random

    import numpy as np

    torch = sys.modules.get("torch")
    cuda = torch is not None and torch.cuda.is_initialized()
    python, legacy = random.getstate(), np.random.get_state()  # noqa: NPY002
    states = torch.get_rng_state() if torch else None
    on_cuda = torch.cuda.get_rng_state_all() if torch and cuda else None
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(legacy)  # noqa: NPY002
        if torch:
            torch.set_rng_state(states)
        if torch and cuda:
            torch.cuda.set_rng_state_all(on_cuda)
