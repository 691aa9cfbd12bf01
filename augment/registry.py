"""Names of augmenters and filters → their classes; nothing is imported before it is asked for.

Third parties register by entry points in the groups ``augment.augmenters`` and
``augment.filters``; a name that two packages claim is an error naming both.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Literal

from augment.component import Component
from augment.errors import AugmillError, ParameterError, PluginError, Problem, UnknownNameError

Kind = Literal["augmenter", "filter"]

_BUILT_IN: Mapping[Kind, Mapping[str, str]] = {
    "augmenter": {
        "aeda": "augment.methods.punctuation_insertion:PunctuationInsertion",
        "back_translation": "augment.methods.back_translation:BackTranslation",
        "blanking": "augment.methods.blanking:Blanking",
        "case_noise": "augment.methods.case_noise:CaseNoise",
        "chain": "augment.compose:Chain",
        "character_noise": "augment.methods.character_noise:CharacterNoise",
        "chinese_noise": "augment.methods.chinese_noise:ChineseNoise",
        "keyboard_noise": "augment.methods.keyboard_noise:KeyboardNoise",
        "masked_lm": "augment.methods.masked_lm:MaskedLMFill",
        "nlpaug": "augment.methods.nlpaug_bridge:NlpaugStep",
        "ocr_noise": "augment.methods.ocr_noise:OcrNoise",
        "one_of": "augment.compose:OneOf",
        "random_deletion": "augment.methods.random_deletion:RandomDeletion",
        "random_insertion": "augment.methods.random_insertion:RandomInsertion",
        "random_swap": "augment.methods.random_swap:RandomSwap",
        "some_of": "augment.compose:SomeOf",
        "sometimes": "augment.compose:Sometimes",
        "spacing_noise": "augment.methods.spacing_noise:SpacingNoise",
        "spelling_noise": "augment.methods.spelling_noise:SpellingNoise",
        "synonym": "augment.methods.synonym:SynonymReplacement",
        "tfidf": "augment.methods.tfidf:TfidfReplacement",
    },
    "filter": {
        "duplicates": "augment.filters.duplicates:Duplicates",
        "edit_rate": "augment.filters.surface:EditRate",
        "fluency": "augment.filters.fluency:Fluency",
        "label_agreement": "augment.filters.label:LabelAgreement",
        "language": "augment.filters.language:Language",
        "length_ratio": "augment.filters.surface:LengthRatio",
        "preserved": "augment.filters.preserved:Preserved",
        "repetition": "augment.filters.repetition:Repetition",
        "similarity": "augment.filters.similarity:Similarity",
    },
}

_OWN = "augmill"


@cache
def _targets(kind: Kind) -> dict[str, str]:
    found = dict(_BUILT_IN[kind])
    owners = dict.fromkeys(found, _OWN)
    for point in sorted(entry_points(group=f"augment.{kind}s"), key=_owner):
        if point.name in found:
            raise PluginError(
                f"two packages register the {kind} {point.name!r}: "
                f"{owners[point.name]} and {_owner(point)}; uninstall one of them"
            )
        found[point.name], owners[point.name] = point.value, _owner(point)
    return dict(sorted(found.items()))


def _owner(point: EntryPoint) -> str:
    return point.dist.name if point.dist is not None else point.value


def names(kind: Kind = "augmenter") -> tuple[str, ...]:
    """All registered names, sorted; imports none of the classes."""
    return tuple(_targets(kind))


def load(name: str, kind: Kind = "augmenter") -> type[Component]:
    """The class registered under a name.

    Raises:
        UnknownNameError: nothing is; the message gives the nearest name and all known ones.
        PluginError: what is registered is no component, or can't be imported.
    """
    targets = _targets(kind)
    if name not in targets:
        raise UnknownNameError(kind, name, targets)
    module, _, attribute = targets[name].partition(":")
    try:
        found = getattr(import_module(module), attribute, None)
    except ImportError as error:
        raise PluginError(
            f"{kind} {name!r} ({targets[name]}) can't be imported: {error}"
        ) from error
    if not (isinstance(found, type) and issubclass(found, Component)):
        raise PluginError(f"{kind} {name!r} ({targets[name]}) is not a component class")
    return found


def build(spec: Mapping[str, Any], kind: Kind = "augmenter") -> Component:
    """Build a component, with its nested ones, from a recipe entry ``{"use": name, …}``.

    Raises:
        ParameterError: with every problem found in the entry, each under its path.
    """
    problems: list[Problem] = []
    built = _build(spec, kind, "", problems)
    if built is None or problems:
        raise ParameterError(problems)
    return built


def _build(spec: Any, kind: Kind, path: str, problems: list[Problem]) -> Component | None:
    def report(message: str, key: str = "") -> None:
        problems.append(Problem(key, message).under(path))

    if not isinstance(spec, Mapping):
        report(f"is a mapping with the key 'use', not {spec!r}")
        return None
    if "use" not in spec:
        report(f"names no {kind}: the key 'use' is missing; known: {', '.join(names(kind))}")
        return None
    try:
        cls = load(str(spec["use"]), kind)
    except (UnknownNameError, PluginError) as error:
        report(str(error), "use")
        return None
    params = {str(key): value for key, value in spec.items() if key != "use"}
    failed = False
    for field in cls.nested:
        if field in params:
            params[field], whole = _build_nested(params[field], kind, path, field, problems)
            failed |= not whole
    try:
        built = cls(**params)
    except ParameterError as error:
        # A nested component that failed has already said why, with a longer path.
        own = [p for p in error.problems if not (failed and _root(p.path) in cls.nested)]
        problems.extend(p.under(path) for p in own)
        return None
    except AugmillError as error:
        report(str(error))
        return None
    return None if failed else built


def _build_nested(
    value: Any, kind: Kind, path: str, field: str, problems: list[Problem]
) -> tuple[Any, bool]:
    """Nested components (one or a list) and whether all of them could be built."""
    here = f"{path}.{field}" if path else field
    if isinstance(value, Sequence) and not isinstance(value, str):
        built = [_build(v, kind, f"{here}[{i}]", problems) for i, v in enumerate(value)]
        return built, None not in built
    one = _build(value, kind, here, problems)
    return one, one is not None


def _root(path: str) -> str:
    return re.split(r"[.\[]", path, maxsplit=1)[0]
