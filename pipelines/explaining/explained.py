"""How a row of an output came about: found there, made once more, and held against what is stored.

Which candidates a step had is not stored. They are told of the row as this installation makes it
again; where that is not what is stored, this is said, and what is stored is shown.
"""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from augment.errors import AugmillError
from augment.explaining import Explanation
from pipelines.errors import InputMissingError
from pipelines.explaining.again import Again, Sibling
from pipelines.explaining.finding import Found, Name, find, unknown
from pipelines.explaining.originals import from_output, original
from pipelines.explaining.stored import Stored, Version
from pipelines.recipe import ORIGINAL, Recipe, parse
from pipelines.replay import differences, plan_of
from pipelines.store.entry import Entry
from pipelines.store.history import published
from pipelines.store.opening import open_published
from pipelines.store.protocol import Store


@dataclass(frozen=True, slots=True)
class Explained:
    """A row of an output.

    Attributes:
        output, version: where it is.
        aug_id: its.
        source: the text of its source row; None if that is stored nowhere any more.
        stored: the variant; None of an original, and of a variant that the output does not have.
        made: the same as it is made here; None of an original, and if nothing can be made.
        way: step by step, as it is made here.
        doubts: why what is made here may not be what was made then, in words; mostly empty.
        siblings: all that were asked for of the row, if they are wanted.
    """

    output: str
    version: int
    aug_id: str
    source: str | None
    stored: Version | None
    made: Sibling | None
    way: Explanation | None
    doubts: tuple[str, ...] = ()
    siblings: tuple[Sibling, ...] = ()

    def told(self) -> dict[str, Any]:
        """All of it as JSON-able values."""
        return dataclasses.asdict(self)

    def _repr_html_(self) -> str:
        from pipelines.explaining.views import page

        return page(self)

    def __str__(self) -> str:
        from pipelines.explaining.views import lines

        return lines(self).plain

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:  # noqa: ARG002 - IPython's
        printer.text(str(self))

    def __rich__(self) -> Any:
        from pipelines.explaining.views import lines

        return lines(self)


def explain(
    output: str, aug_id: str, *, siblings: bool = False, version: int | None = None
) -> Explained:
    """Tell how a row of an output came about.

    Args:
        output: a published dataset.
        aug_id: ``parent:view:copy``, which layouts without this column mean as well; of an
            original, or with the id of a source row alone, all of its variants are told of.
        siblings: tell of all that were asked for of its source row, those that were rejected too.
        version: of the output, still kept; the last one if it is None.

    Raises:
        InputMissingError: there is no such output, version or row.
    """
    store = open_published(output)
    entry = _entry(store, version)
    recipe = parse(entry.recipe, f"the recipe of version {entry.version}")
    name = Name.of(aug_id, recipe)
    found = find(output, entry.version, recipe, name)
    stored = Stored.of(found.rows, recipe)
    if name.view != ORIGINAL and name.copy >= recipe.views[name.view].copies:
        raise InputMissingError(
            f"{output} has no row {str(name)!r}: the view {name.view} has "
            f"{recipe.views[name.view].copies} copies"
        )
    again, doubts = _again(store, entry, found, name.parent)
    if again is None and not found.rows.num_rows:
        raise unknown(output, entry.version, recipe, name)
    made = again.siblings(stored) if again is not None else {}
    told = made.get((name.view, name.copy))
    kept = stored.find(name, None if told is None else told.text)
    way = None
    if again is not None and told is not None:
        way = again.way(name, told.text)
        doubts += tuple(_doubts(entry, again, told, kept))
    source = again.source if again is not None else _source(found, recipe)
    wanted = siblings or name.view == ORIGINAL
    return Explained(
        output,
        entry.version,
        str(name),
        source,
        kept if kept is None or source is None else kept.of(source),
        told,
        way,
        doubts,
        tuple(made.values()) if wanted else (),
    )


def _entry(store: Store, version: int | None) -> Entry:
    if version is None:
        return published(store)
    found = next((entry for entry in store.entries() if entry.version == version), None)
    if found is None:
        known = ", ".join(str(number) for number in reversed(store.kept()))
        raise InputMissingError(f"{store.output} has no version {version}; it has {known}")
    return found


def _again(
    store: Store, entry: Entry, found: Found, parent: str
) -> tuple["Again | None", tuple[str, ...]]:
    try:
        plan = plan_of(store, entry)
        return Again.of(plan, original(plan, found, parent, _file_of(entry, found.file))), ()
    except AugmillError as error:
        return None, (f"it can't be made again here: {error}",)


def _file_of(entry: Entry, path: str) -> str:
    """The file of the input that an object's rows come from."""
    parts = (part.source for part in entry.parts if part.stored.key in path)
    return next(parts, "")


def _doubts(entry: Entry, again: "Again", made: Sibling, kept: Version | None) -> Iterator[str]:
    """Why what is made here is not what is stored."""
    if kept is None:
        if made.outcome == "absent" and made.reason is None:
            yield "it is made here, but the output does not have it"
        return
    if made.text == kept.text and made.outcome == "kept":
        return
    yield f"what is made here is {'another text' if made.text else made.outcome}"
    since = differences(entry, again.plan)
    yield from since
    if not since and not again.plan.batch_invariant:
        yield "a model's rounding depends on the rows that it is given together"
    elif not since:
        yield "the source row is not what it was"


def _source(found: Found, recipe: Recipe) -> str | None:
    row = from_output(recipe, found.rows)
    return None if row is None else row.column(recipe.text)[0].as_py()
