"""One text's variants as plain values, shown as a diff in notebooks and terminals."""

import html
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, overload

from augment.batch import TextBatch, Variants
from augment.markup import boxed, diffed
from augment.text.diff import edits_between

if TYPE_CHECKING:
    from rich.text import Text


@dataclass(frozen=True, slots=True)
class Edit:
    """``text`` replaces the source's code points [start, stop)."""

    start: int
    stop: int
    text: str


class Maker(Protocol):
    """An augmenter, as far as a variant knows it."""

    def apply(self, batch: TextBatch) -> Variants:
        """Its variants of a batch."""


@dataclass(frozen=True, slots=True)
class Origin:
    """What made a variant, which is enough to make it again.

    Attributes:
        maker: the augmenter.
        batch: the one row that it got.
    """

    maker: Maker
    batch: TextBatch

    @property
    def source(self) -> str:
        """The text that the variant is one of."""
        return str(self.batch.text[0].as_py())


@dataclass(frozen=True, slots=True)
class Variant:
    """A variant, the edits that make it of its source, and what the method noted.

    Where an augmenter made it, ``origin`` says how; :func:`augment.explain` reads it.
    """

    text: str
    edits: tuple[Edit, ...]
    notes: Mapping[str, Any] = field(default_factory=dict)
    origin: Origin | None = field(default=None, repr=False, compare=False)

    def _repr_html_(self) -> str | None:
        if self.origin is None:
            return None
        return boxed(f'<p class="text">{_html(self.origin.source, self)}</p>')

    def carry(self, start: int, stop: int) -> tuple[int, int] | None:
        """Where the source's code points [start, stop) stand in the variant.

        None if an edit breaks them: reaches over their border, or leaves nothing of them. For
        whole columns of spans see :func:`augment.text.spans.carry`.

        >>> Variant("a large cat", (Edit(2, 5, "large"),)).carry(6, 9)
        (8, 11)
        """
        shift = inner = 0
        for edit in self.edits:
            grown = len(edit.text) - (edit.stop - edit.start)
            if edit.stop <= start:
                shift += grown
            elif edit.start < start or edit.start < stop < edit.stop:
                return None
            elif edit.start < stop:
                inner += grown
        if start < stop <= start - inner:
            return None
        return start + shift, stop + shift + inner


@dataclass(frozen=True, slots=True)
class VariantList(Sequence[Variant]):
    """The variants of one source text."""

    source: str
    items: tuple[Variant, ...]

    def __len__(self) -> int:
        return len(self.items)

    @overload
    def __getitem__(self, index: int) -> Variant: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Variant]: ...
    def __getitem__(self, index: int | slice) -> Variant | Sequence[Variant]:
        return self.items[index]

    def _repr_html_(self) -> str:
        rows = "".join(f"<li>{_html(self.source, variant)}</li>" for variant in self.items)
        head = html.escape(self.source)
        return boxed(f'<div class="text"><p>{head}</p><ol>{rows}</ol></div>')

    def __str__(self) -> str:
        return "\n".join([self.source, *(_marked(self.source, v) for v in self.items)])

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:  # noqa: ARG002 - IPython's
        printer.text(str(self))

    def __rich__(self) -> "Text":
        from rich.text import Text

        shown = Text(self.source, style="dim")
        for variant in self.items:
            shown.append("\n")
            shown.append(diff(self.source, finer(self.source, variant.edits)))
        return shown


def diff(source: str, edits: Sequence[Edit]) -> "Text":
    """The source with deletions struck out in red and insertions in green, for a terminal."""
    from rich.text import Text

    styles = {"keep": "", "drop": "red strike", "add": "green"}
    return Text.assemble(*((text, styles[kind]) for kind, text in parts(source, edits)))


class Replaces(Protocol):
    """Whatever replaces [start, stop) by a text."""

    @property
    def start(self) -> int:
        """The first code point."""

    @property
    def stop(self) -> int:
        """The code point behind the last."""

    @property
    def text(self) -> str:
        """What comes there."""


def finer(source: str, edits: Iterable[Replaces]) -> list[Edit]:
    """Edits of whole passages as edits of the words in them that differ, for a reader's sake.

    >>> finer("He is big. Yes", [Edit(0, 10, "He is tall.")])
    [Edit(start=6, stop=9, text='tall')]
    """
    shown = []
    for edit in edits:
        old = source[edit.start : edit.stop]
        if not (" " in old and " " in edit.text):
            shown.append(Edit(edit.start, edit.stop, edit.text))
            continue
        for part in edits_between([old], [edit.text])[0].as_py() or ():
            start, stop = edit.start + part["start"], edit.start + part["stop"]
            shown.append(Edit(start, stop, part["text"]))
    return shown


def parts(source: str, edits: Sequence[Edit]) -> Iterator[tuple[str, str]]:
    """The diff as ``(kind, text)`` with kind ``keep``, ``drop`` or ``add``; no empty parts."""
    cursor = 0
    for edit in edits:
        pieces = (
            ("keep", source[cursor : edit.start]),
            ("drop", source[edit.start : edit.stop]),
            ("add", edit.text),
        )
        yield from (piece for piece in pieces if piece[1])
        cursor = edit.stop
    if source[cursor:]:
        yield "keep", source[cursor:]


def _html(source: str, variant: Variant) -> str:
    return diffed(parts(source, finer(source, variant.edits)))


def _marked(source: str, variant: Variant) -> str:
    """The diff without colours: ``[-what goes-]{+what comes+}``."""
    marks = {"keep": "{}", "drop": "[-{}-]", "add": "{{+{}+}}"}
    shown = parts(source, finer(source, variant.edits))
    return "".join(marks[kind].format(text) for kind, text in shown)
