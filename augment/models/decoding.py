"""How translations are chosen, and which engines can do it so."""

from collections.abc import Mapping
from dataclasses import dataclass

from augment.errors import ModelError

_SEARCHES = frozenset({"beam", "n_best"})
_CAPABILITIES: Mapping[str, frozenset[str]] = {
    "bergamot": frozenset(),
    "apertium": frozenset(),
    "ctranslate2": _SEARCHES,
    "marian": _SEARCHES | {"sampling"},
    "m2m": _SEARCHES | {"sampling"},
    "nllb": _SEARCHES | {"sampling"},
}


@dataclass(frozen=True, slots=True)
class Decoding:
    """How translations are chosen.

    Attributes:
        num_beams: width of the beam; 1 is greedy.
        n_best: how many distinct translations per text, best first; at most ``num_beams``.
        temperature: None takes the best; a number samples instead, by numbers keyed per text.
        top_k: of sampling: how many of the likeliest tokens take part; 0 for all.
    """

    num_beams: int = 1
    n_best: int = 1
    temperature: float | None = None
    top_k: int = 0

    @property
    def needs(self) -> frozenset[str]:
        """What a backend must be capable of."""
        wanted = {
            "beam": self.num_beams > 1,
            "n_best": self.n_best > 1,
            "sampling": self.temperature is not None,
        }
        return frozenset(name for name, is_wanted in wanted.items() if is_wanted)


GREEDY = Decoding()


def capabilities(backend: str) -> frozenset[str]:
    """Which of ``beam``, ``n_best`` and ``sampling`` a backend has."""
    return _CAPABILITIES[backend]


def check_decoding(backend: str, decoding: Decoding) -> None:
    """Make sure that a backend can decode so.

    Raises:
        ModelError: it can't; says what it can, and which backends could.
    """
    if decoding.n_best > decoding.num_beams:
        raise ModelError(f"n_best={decoding.n_best} needs num_beams of at least as many")
    if decoding.needs >= {"beam", "sampling"}:
        raise ModelError(f"sampling does not go with num_beams={decoding.num_beams}; use 1")
    missing = decoding.needs - capabilities(backend)
    if missing:
        able = [name for name, has in _CAPABILITIES.items() if has >= decoding.needs]
        has = ", ".join(sorted(capabilities(backend))) or "greedy decoding alone"
        raise ModelError(
            f"backend {backend!r} has no {', '.join(sorted(missing))}, it has {has}; "
            f"use backend {' or '.join(able)}, or noise in the source"
        )
