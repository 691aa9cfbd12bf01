"""What nlpaug offers, read from its source files: nothing of it is imported to check a recipe."""

import ast
import importlib.util
import re
import warnings
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from augment.errors import MissingExtraError, ModelError, Problem, nearest

_CLASS = re.compile(r"^class (\w+Aug|Sequential|Sometimes)\b", re.MULTILINE)

INSTEAD: Mapping[str, str] = {
    "word.ContextualWordEmbsAug": "; use the step masked_lm",
    "word.BackTranslationAug": "; use the step back_translation",
    "sentence.AbstSummAug": "",
    "sentence.ContextualWordEmbsForSentenceAug": "",
    "sentence.LambadaAug": "",
}
"""The augmenters that run a model of ``transformers``, and what augmill has in their place."""


_STEP_KEYS = {"augmenter", "params"}


@cache
def classes() -> Mapping[str, Path]:
    """Dotted names such as ``char.KeyboardAug`` → the files that define them."""
    spec = importlib.util.find_spec("nlpaug")
    if spec is None or spec.origin is None:
        raise MissingExtraError("the step nlpaug", "nlpaug", "all")
    root = Path(spec.origin).parent
    folders = {name: root / "augmenter" / name for name in ("char", "word", "sentence")}
    return {
        f"{group}.{found}": file
        for group, folder in {**folders, "flow": root / "flow"}.items()
        for file in sorted(folder.glob("*.py"))
        for found in _CLASS.findall(file.read_text(encoding="utf-8"))
    }


@cache
def parameters(name: str) -> tuple[str, ...]:
    """Names of the constructor's parameters."""
    with warnings.catch_warnings():
        # Of escape sequences in nlpaug's own source.
        warnings.simplefilter("ignore")
        tree = ast.parse(classes()[name].read_text(encoding="utf-8"))
    functions = (
        item
        for node in tree.body
        if isinstance(node, ast.ClassDef) and node.name == name.partition(".")[2]
        for item in node.body
        if isinstance(item, ast.FunctionDef) and item.name == "__init__"
    )
    arguments = next(functions).args
    return tuple(argument.arg for argument in arguments.args[1:] + arguments.kwonlyargs)


def problems_in(name: Any, params: Any, path: str = "") -> list[Problem]:
    """What is wrong with an augmenter's name and parameters, those inside a flow too."""
    if name not in classes():
        known = ", ".join(classes())
        hint = nearest(str(name), classes()) or _by_class(str(name))
        return [Problem(f"{path}augmenter", f"nlpaug has no {name!r}{hint}; known: {known}")]
    if not isinstance(params, Mapping):
        return [Problem(f"{path}params", f"is a mapping, not {params!r}")]
    accepted = parameters(name)
    unknown = [key for key in params if key not in accepted]
    found = [
        Problem(
            f"{path}params.{key}",
            f"unknown parameter of {name}{nearest(str(key), accepted)}; "
            f"accepted: {', '.join(accepted)}",
        )
        for key in unknown
    ]
    return found + (_problems_in_flow(params, path) if name.startswith("flow.") else [])


def _problems_in_flow(params: Mapping[str, Any], path: str) -> list[Problem]:
    steps = params.get("flow")
    if not isinstance(steps, list | tuple) or not steps:
        return [Problem(f"{path}params.flow", "is a list of {augmenter: …, params: …}")]
    found: list[Problem] = []
    for i, step in enumerate(steps):
        here = f"{path}params.flow[{i}]"
        if not isinstance(step, Mapping) or set(step) | {"params"} != _STEP_KEYS:
            found.append(Problem(here, f"is a mapping {{augmenter: …, params: …}}, not {step!r}"))
        else:
            found += problems_in(step["augmenter"], step.get("params", {}), f"{here}.")
    return found


def _by_class(name: str) -> str:
    """A hint for a class name without its module, or in another one."""
    last = {known.partition(".")[2].lower(): known for known in classes()}
    match = last.get(name.rpartition(".")[2].lower())
    return f", did you mean {match!r}?" if match else nearest(name.rpartition(".")[2], last)


def refuse_broken(name: str, params: Mapping[str, Any]) -> None:
    """Refuse an augmenter that can't run on the installed ``transformers``.

    Raises:
        ModelError: with what to use in its place.
    """
    for step in params.get("flow", ()) if name.startswith("flow.") else ():
        refuse_broken(step["augmenter"], step.get("params", {}))
    if name == "word.ContextualWordEmbsAug" and params.get("use_custom_api", True):
        installed = version("transformers")
        if int(installed.partition(".")[0]) >= 5:
            raise ModelError(
                f"nlpaug's {name} does not run on transformers {installed}{INSTEAD[name]}"
            )
