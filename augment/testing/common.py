"""What augmenters and filters keep alike: parameters, pickles, global state."""

import json
import pickle
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from augment.component import Component, fingerprint, parameter_names, params_of, spec_of
from augment.registry import build, names

_PICKLED = 1024
"""Most bytes of a pickled component: its parameters, never a model."""


def round_trip(instance: Component, kind: Any) -> None:
    """The recipe entry, through JSON, builds an equal component with the same fingerprint."""
    spec = json.loads(json.dumps(spec_of(instance)))
    known = instance.name in names(kind)
    again = build(spec, kind) if known else type(instance)(**params_of(instance))
    assert again == instance, f"{instance!r} comes back as {again!r}"
    assert fingerprint(again) == fingerprint(instance), f"{instance!r}: another fingerprint"


def unpickled(instance: Any) -> Any:
    """The component through a pickle of less than 1 KB, what use has left on it included."""
    data = pickle.dumps(instance)
    size = len(data) + len(pickle.dumps(_left_on(instance)))
    assert size < _PICKLED, f"{instance!r} pickles to {size} bytes: what is kept on it?"
    again = pickle.loads(data)
    assert again == instance, f"{instance!r} is unpickled as {again!r}"
    return again


def _left_on(instance: Component) -> dict[str, Any]:
    """What is no parameter, which pickles leave behind."""
    known = parameter_names(type(instance))
    return {name: value for name, value in vars(instance).items() if name not in known}


@contextmanager
def globals_kept(instance: Component) -> Iterator[None]:
    """Demand that the global generators are left as they were found."""
    before = _global_states()
    yield
    after = _global_states()
    changed = [name for name in before if before[name] != after[name]]
    assert not changed, f"{instance!r} draws from the global generator of {', '.join(changed)}"


def _global_states() -> dict[str, Any]:
    import random

    states: dict[str, Any] = {"random": random.getstate()}
    legacy = np.random.get_state(legacy=False)  # noqa: NPY002
    states["numpy"] = pickle.dumps(legacy)
    if torch := sys.modules.get("torch"):
        states["torch"] = torch.get_rng_state().numpy().tobytes()
    return states
