"""Apertium, rule-based translation by the command line that Debian packages.

All texts go through one process, a blank line between each two (single line breaks would let
words move from one text to the next). Forcada et al. 2011, "Apertium: a free/open-source platform
for rule-based machine translation".
"""

import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from augment.errors import ModelError
from augment.models.decoding import Decoding
from augment.models.identity import model_digest
from augment.models.translate import Direction
from augment.models.translators.codes import ISO_639_3
from augment.randomness import Keys
from augment.text.languages import primary

_BLANK_LINES = re.compile(r"\s*\n\s*\n\s*")


@dataclass(frozen=True)
class ApertiumTranslator:
    """One installed mode, such as ``eng-spa``."""

    mode: str

    def translate(self, texts: Sequence[str], keys: Keys | None = None) -> list[list[str]]:  # noqa: ARG002
        """See :class:`Translator`; white space inside a text becomes single spaces.

        Raises:
            ModelError: the program fails.
        """
        lines = [" ".join(text.split()) for text in texts]
        filled = [i for i, line in enumerate(lines) if line]
        made = self._blocks([lines[i] for i in filled])
        out: list[list[str]] = [[] for _ in lines]
        for i, text in zip(filled, made, strict=True):
            out[i] = [text] if text else []
        return out

    def _blocks(self, lines: list[str]) -> list[str]:
        """Translate; where more or fewer blocks come back, halve until the culprit is alone."""
        if not lines:
            return []
        blocks = _BLANK_LINES.split(self._run("\n\n".join(lines)).strip())
        if len(blocks) == len(lines) and all(blocks):
            return blocks
        if len(lines) == 1:
            return [" ".join(blocks)]
        middle = len(lines) // 2
        return self._blocks(lines[:middle]) + self._blocks(lines[middle:])

    def _run(self, text: str) -> str:
        command = ["apertium", "-u", self.mode]
        done = subprocess.run(command, input=text.encode(), capture_output=True, check=False)
        if done.returncode:
            message = done.stderr.decode(errors="replace").strip() or f"exit code {done.returncode}"
            raise ModelError(f"{' '.join(command)} failed: {message}")
        return done.stdout.decode(errors="replace")


def load(direction: Direction, *, decoding: Decoding, batch_tokens: int) -> ApertiumTranslator:  # noqa: ARG001
    """The translator of a direction.

    Raises:
        ModelError: Apertium, or the language pair, is not installed, or a model was named.
    """
    if direction.model is not None:
        raise ModelError(
            f"backend 'apertium' brings its own rules and can't load model={direction.model!r}; "
            "use backend='marian'"
        )
    installed = _modes()
    source, target = _codes(direction.source), _codes(direction.target)
    wanted = [f"{a}-{b}" for a in source for b in target]
    for mode in wanted:
        if mode in installed:
            return ApertiumTranslator(mode)
    has = f"; installed: {', '.join(sorted(installed))}" if installed else ""
    pair = f"apertium-{source[0]}-{target[0]}"
    raise ModelError(
        f"Apertium does not translate {direction.source} to {direction.target} here{has}. "
        f"On Debian: apt-get install apertium {pair} (or the pair's other order or spelling; "
        "apt-cache search apertium lists them)"
    )


def _codes(tag: str) -> tuple[str, ...]:
    code = primary(tag)
    return (ISO_639_3[code], code) if code in ISO_639_3 else (code,)


def _modes() -> Mapping[str, Path]:
    program = shutil.which("apertium")
    return _modes_of(Path(program)) if program else {}


@cache
def _modes_of(program: Path) -> Mapping[str, Path]:
    folder = program.resolve().parent.parent / "share" / "apertium" / "modes"
    return {path.stem: path for path in folder.glob("*.mode")}


def assets(
    backend: str,  # noqa: ARG001
    pivot: str,
    model: str | None,  # noqa: ARG001
    revision: str | None,  # noqa: ARG001
) -> Mapping[str, str]:
    """Digests of the data of every installed mode that reads or writes the pivot language."""
    codes = set(_codes(pivot))
    modes = [path for name, path in _modes().items() if codes & set(name.split("-"))]
    folders = {folder for path in modes for folder in _data_folders(path)}
    return {folder.name: model_digest(str(folder)) for folder in sorted(folders)}


def _data_folders(mode: Path) -> set[Path]:
    named = (Path(name) for name in re.findall(r"'(/[^']+)'", mode.read_text("utf-8")))
    return {path.parent for path in named if path.is_file()}
