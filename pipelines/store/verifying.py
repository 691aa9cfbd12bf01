"""Whether the objects of an output are what was written; those that are not are put aside."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from pipelines.errors import DamagedError
from pipelines.store.entry import Entry, Part, Stored
from pipelines.store.files import digest_of, sync
from pipelines.store.objects import LocalObjects
from pipelines.store.place import Place
from pipelines.store.protocol import Verified


def verified(place: Place, entries: Sequence[Entry]) -> Verified:
    """Recompute the digests of all objects that the entries need.

    Args:
        place: of the output.
        entries: the newest first; an object that was made again is what the newest says.

    Raises:
        DamagedError: naming each object that is damaged or missing, and what it belongs to.
    """
    objects = LocalObjects(place)
    parts: dict[str, tuple[int, Part, Stored]] = {}
    for entry in entries:
        for part in entry.parts:
            for stored in part.objects:
                parts.setdefault(stored.key, (entry.version, part, stored))
    problems = {
        f"{part.name} of version {version}, made from {part.source}: {problem}": version
        for version, part, stored in parts.values()
        for problem in _problems(objects, stored)
    }
    if problems:
        raise DamagedError(_message(problems, entries[0].version))
    size = sum(stored.size_of_all for _, _, stored in parts.values())
    return Verified(tuple(entry.version for entry in entries), len(parts), size)


def _message(problems: Mapping[str, int], last: int) -> str:
    """All problems, and what can be done about them."""
    count = f"{len(problems)} file{'s are' if len(problems) > 1 else ' is'} not what was written"
    advice = []
    if last in problems.values():
        advice.append(f"the next run of the recipe makes those of version {last} again")
    if {*problems.values()} - {last}:
        advice.append("what only older versions have is lost, and gc --keep 1 forgets it")
    return "\n  ".join([f"{count}; {'; '.join(advice)}", *problems])


def _problems(objects: LocalObjects, stored: Stored) -> Iterator[str]:
    expected: Mapping[Path, str] = {
        objects.part(stored.key): stored.digest,
        **({objects.rejects(stored.key): stored.rejects.digest} if stored.rejects else {}),
    }
    damage = {
        path: problem for path, digest in expected.items() if (problem := _problem(path, digest))
    }
    yield from damage.values()
    if damage:
        _put_aside(objects, expected)


def _problem(path: Path, digest: str) -> str:
    try:
        found = digest_of(path)
    except FileNotFoundError:
        return f"{path} is missing"
    except OSError as error:
        return f"{path} can't be read ({error.strerror})"
    return "" if found == digest else f"{path} is damaged, now in damaged/"


def _put_aside(objects: LocalObjects, paths: Mapping[Path, str]) -> None:
    """Both files of an object, so that a run makes both again; the object goes first."""
    folder = objects.place["damaged"]
    folder.mkdir(exist_ok=True)
    for path in paths:
        if path.exists():
            path.replace(folder / path.name)
    sync(folder)
    sync(objects.folder)
