"""Recipe text → plain values: YAML with places in its errors, overrides, variables."""

import os
import re
from collections.abc import Hashable, Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from augment.errors import Problem, nearest
from pipelines.errors import InputMissingError, RecipeError

BUNDLED = Path(__file__).parent / "recipes"

_VARIABLE = re.compile(r"\$(?:(\$)|\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))")
_STEP = re.compile(r"\.?([^.\[\]=]+)|\[(\d+)\]")


def bundled() -> tuple[str, ...]:
    """Names of the recipes that come with the package."""
    return tuple(sorted(path.stem for path in BUNDLED.glob("*.yaml")))


def locate(recipe: str | Path) -> Path:
    """The file of a recipe given by path, or by the name of a bundled one.

    Raises:
        InputMissingError: there is neither.
    """
    path = Path(recipe)
    if path.is_file():
        return path
    if str(recipe) in bundled():
        return BUNDLED / f"{recipe}.yaml"
    hint = nearest(str(recipe), bundled())
    raise InputMissingError(
        f"no recipe file {str(recipe)!r}{hint}; bundled recipes: {', '.join(bundled())}"
    )


def read(path: Path) -> Any:
    """The values of a YAML file.

    Raises:
        RecipeError: the file is no YAML or names a key twice; the place is ``line l, column c``.
    """
    try:
        return yaml.load(path.read_text("utf-8"), _Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise RecipeError([Problem(place, f"is no YAML: {error.problem}")], str(path)) from None
    except (yaml.YAMLError, ValueError) as error:  # such as an impossible date, or no UTF-8
        raise RecipeError([Problem("", f"is no YAML: {error}")], str(path)) from None


class _Loader(yaml.SafeLoader):
    """Refuses a key that is written twice, which plain YAML loaders let the last one win."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Any] = set()
        keys = [key for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        for key in keys:
            if key.value in seen:
                raise yaml.MarkedYAMLError(
                    problem=f"the key {key.value!r} is written twice", problem_mark=key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def copied(data: Any) -> Any:
    """The values in containers of their own, also where YAML's anchors let several share one."""
    if isinstance(data, Mapping):
        return {key: copied(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [copied(value) for value in data]
    return data


def override(data: Any, assignments: Iterable[str]) -> list[Problem]:
    """Set values in place from ``a.b[0].c=value``, the value being YAML; what could not be set."""
    return [p for text in assignments for p in _override(data, text)]


def _override(data: Any, text: str) -> list[Problem]:
    place, sign, value = text.partition("=")
    steps = [name or int(index) for name, index in _STEP.findall(place)]
    if not sign or not steps or _STEP.sub("", place):
        return [Problem(f"--set {text}", "is not of the form key.key[0].key=value")]
    try:
        parsed = yaml.safe_load(value)
        for step in steps[:-1]:
            data = data[step]
        last = steps[-1]
        if isinstance(data, list) and isinstance(last, int) and last < len(data):
            data[last] = parsed
            return []
        if isinstance(data, dict) and isinstance(last, str):
            data[last] = parsed
            return []
    except (KeyError, IndexError, TypeError):
        pass
    except (yaml.YAMLError, ValueError):
        return [Problem(f"--set {text}", f"{value!r} is no YAML value")]
    return [Problem(f"--set {text}", "the recipe has nothing at this place")]


def expand_variables(data: Any, path: str, problems: list[Problem]) -> Any:
    """The values with ``$NAME`` and ``${NAME}`` taken from the environment; ``$$`` is a dollar.

    An undefined variable is added to ``problems`` under the place where it is used.
    """
    if isinstance(data, str):
        return _VARIABLE.sub(lambda found: _variable(found, path, problems), data)
    if isinstance(data, Mapping):
        return {
            key: expand_variables(value, f"{path}.{key}" if path else str(key), problems)
            for key, value in data.items()
        }
    if isinstance(data, list | tuple):
        return [expand_variables(v, f"{path}[{i}]", problems) for i, v in enumerate(data)]
    return data


def _variable(found: re.Match[str], path: str, problems: list[Problem]) -> str:
    name = found[2] or found[3]
    if not name:
        return "$"
    if name not in os.environ:
        hint = nearest(name, os.environ)
        problems.append(Problem(path, f"the variable ${name} is not set{hint} (write $$ for a $)"))
    return os.environ.get(name, "")


def escape_variables(data: Any) -> Any:
    """The values as they must be written for :func:`expand_variables` to give them back."""
    if isinstance(data, str):
        return _VARIABLE.sub(lambda found: "$" + found[0] if found[0] != "$$" else "$$$$", data)
    if isinstance(data, Mapping):
        return {key: escape_variables(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [escape_variables(value) for value in data]
    return data
