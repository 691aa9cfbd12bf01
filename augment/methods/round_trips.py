"""Round trips: texts through pivot languages and back, all of them one hop at a time.

The best translation goes on from every hop but the last; of the last, as many as are asked for.
"""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from augment.models.decoding import GREEDY, Decoding
from augment.models.latest import Latest
from augment.models.translate import Backend, Dtype, Translator, load_translator, release
from augment.randomness import Keys, derive
from augment.text.guards import unsound


@dataclass(frozen=True, slots=True)
class Trip:
    """A text there and back.

    Attributes:
        pivot: the text in the last of the pivot languages.
        made: what came back, best first.
        lost: why nothing did: the name of a guard.
    """

    pivot: str
    made: tuple[str, ...] = ()
    lost: str | None = None


@dataclass(frozen=True, slots=True)
class Route:
    """Which way texts go, and by which engine.

    Attributes:
        languages: BCP 47 tags of all stops, the first and last of them the texts' own.
        backend, model, revision, dtype, device: of :func:`load_translator`.
        decoding: of the last hop; the others want the best translation alone.
        batch_tokens: of :func:`load_translator`.
        keep_models: whether a hop's model stays loaded for the next texts.
    """

    languages: tuple[str, ...]
    backend: Backend = "bergamot"
    model: str | None = None
    revision: str | None = None
    dtype: Dtype = "auto"
    device: str = "auto"
    decoding: Decoding = GREEDY
    batch_tokens: int = 4096
    keep_models: bool = True

    def travel(self, texts: Sequence[str], keys: Keys | None = None) -> list[Trip]:
        """The round trips of texts; equal texts go once, unless they are sampled.

        What was asked last is remembered, so that copies which take one translation each out of a
        list cost one round trip.

        Args:
            texts: m sentences.
            keys: ``(m,)`` uint64 if translations are sampled.
        """
        if keys is not None:
            return self._remembered(list(texts), keys)
        distinct = list(dict.fromkeys(texts))
        trips = dict(zip(distinct, self._remembered(distinct, None), strict=True))
        return [trips[text] for text in texts]

    def _remembered(self, texts: list[str], keys: Keys | None) -> list[Trip]:
        request = [text.encode(errors="surrogatepass") for text in texts]
        if keys is not None:
            request.append(keys.tobytes())
        return latest(self).get(request, lambda: self._travel(texts, keys))

    def _travel(self, texts: list[str], keys: Keys | None) -> list[Trip]:
        trips = [Trip(text) for text in texts]
        last = len(self.languages) - 2
        for hop in range(last + 1):
            going = np.array([i for i, trip in enumerate(trips) if trip.lost is None], np.int64)
            stops = [trips[i].pivot for i in going]
            own = None if keys is None else derive(keys[going], hop)
            for i, made in zip(going, self._hop(hop, stops, own), strict=True):
                if not made:
                    trips[i] = Trip("", lost="empty")
                elif hop < last:
                    trips[i] = Trip(made[0], lost=unsound(texts[i], made[0]))
                else:
                    trips[i] = dataclasses.replace(trips[i], made=tuple(made))
        return trips

    def _hop(self, hop: int, texts: list[str], keys: Keys | None) -> list[list[str]]:
        if not texts:
            return []
        translator = self._translator(hop)
        if keys is not None:
            made = translator.translate(texts, keys)
        else:
            distinct = list(dict.fromkeys(texts))
            found = dict(zip(distinct, translator.translate(distinct), strict=True))
            made = [found[text] for text in texts]
        if not self.keep_models:
            release(translator)
        return made

    def _translator(self, hop: int) -> Translator:
        is_last = hop == len(self.languages) - 2
        decoding = self.decoding if is_last else dataclasses.replace(self.decoding, n_best=1)
        return load_translator(
            self.backend,
            self.languages[hop],
            self.languages[hop + 1],
            model=self.model,
            revision=self.revision,
            dtype=self.dtype,
            device=self.device,
            decoding=decoding,
            batch_tokens=self.batch_tokens,
        )


@lru_cache(maxsize=8)
def latest(route: Route) -> Latest[list[Trip]]:  # noqa: ARG001
    """What a route was asked last: of each its own, since a chain's steps take turns."""
    return Latest()
