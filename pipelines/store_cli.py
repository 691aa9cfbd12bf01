"""``augmill status|verify|gc|rollback OUT``; what is slow to import, a command imports."""

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines.arguments import Output

if TYPE_CHECKING:
    from pipelines.records import RunRecord
    from pipelines.store.entry import Entry
    from pipelines.store.history import Status
    from pipelines.store.protocol import Store


def status(
    output: Output,
    as_json: Annotated[bool, typer.Option("--json", help="For programs: one JSON object.")] = False,
    files: Annotated[bool, typer.Option("--files", help="Tell of every file, too.")] = False,
) -> None:
    """Tell what is published, since when, and what is kept; nothing is locked or written."""
    from pipelines.store import history

    store = _open(output)
    found = history.status(store)
    told = _told(found, _last_run(store), files)
    typer.echo(json.dumps({"output": output, **told}, indent=1) if as_json else _lines(told))


def verify(output: Output) -> None:
    """Recompute the digest of every object kept; damaged ones are put aside for the next run.

    Ends with code 65 if files are damaged or missing, and names each with the input it belongs to.
    """
    from pipelines.store.history import published

    store = _open(output)
    published(store)
    with store:
        found = store.verify()
    typer.echo(
        f"ok: {found.objects:,} objects of {_versions(found.versions)}, {found.size:,} bytes, are "
        "what was written"
    )


def gc(
    output: Output,
    keep: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N", help="Versions to keep; as many as the recipe says by default."
        ),
    ] = None,
) -> None:
    """Delete objects that no kept version needs, and what killed runs left.

    That includes what a run that was stopped had finished; run the recipe first to make use of it.
    """
    from pipelines.store.history import published, versions_to_keep

    store = _open(output)
    last = published(store)
    with store:
        freed = store.retain(keep or versions_to_keep(last))
    typer.echo(f"kept {_versions(store.kept())}; deleted {freed:,} bytes")


def rollback(
    output: Output,
    to: Annotated[
        int | None,
        typer.Option(min=1, metavar="VERSION", help="A kept version; the one before by default."),
    ] = None,
) -> None:
    """Publish a new version that has the files of an older one.

    The next run of the recipe publishes what the recipe says again.
    """
    from pipelines.store import history

    store = _open(output)
    history.published(store)
    with store:
        entry = history.rollback(store, to)
    typer.echo(f"{output}: version {entry.version}, a {entry.note}; {entry.rows:,} rows")


def _open(output: str) -> "Store":
    from pipelines.store.opening import open_published

    return open_published(output)


def _last_run(store: "Store") -> "RunRecord | None":
    from pipelines.records import read_records

    return next(read_records(store.cache.with_name("runs")), None)


def _told(found: "Status", run: "RunRecord | None", files: bool) -> dict[str, Any]:
    entry = found.entry
    told: dict[str, Any] = {
        "version": entry.version,
        "created": entry.created,
        "rows": entry.rows,
        "variants": _variants(entry),
        "files": len(entry.parts),
        "bytes": found.size,
        "digest": entry.digest,
        "fingerprint": entry.fingerprint,
        "program": entry.program,
        "note": entry.note,
        "kept": {
            "versions": list(found.kept),
            "objects": found.objects,
            "bytes": found.objects_size,
        },
        "last_run": None
        if run is None
        else {"started": run.started, "outcome": run.outcome, "error": run.error},
    }
    if files:
        told["parts"] = [
            {
                "name": part.name,
                "rows": part.stored.rows,
                "bytes": part.stored.size,
                "digest": part.stored.digest,
                "rejected": part.stored.rejects.rows if part.stored.rejects is not None else 0,
                "source": part.source,
            }
            for part in entry.parts
        ]
    return told


def _variants(entry: "Entry") -> dict[str, Any]:
    """What became of the variants that the recipe asks for, all views together."""
    from pipelines.stats import Stats

    view = Stats.of_told(entry.stats).variants
    return {
        "asked": view.asked,
        "made": view.made,
        "yield": round(view.share_made, 4),
        "declined": view.declined,
        "failed": view.failed,
        "rejected": dict(view.rejected),
        "retried": view.retried,
        "recovered": view.recovered,
    }


def _lines(told: dict[str, Any]) -> str:
    kept, run = told["kept"], told["last_run"]
    note = f", {told['note']}" if told["note"] else ""
    shown = {
        "version": f"{told['version']}, {told['created']}{note}",
        "rows": f"{told['rows']:,} in {told['files']:,} files, {told['bytes']:,} bytes",
        "variants": _yield(told["variants"]),
        "digest": told["digest"],
        "fingerprint": f"{told['fingerprint']}, augmill {told['program']}",
        "kept": f"{_versions(kept['versions'])}: {kept['objects']:,} objects, "
        f"{kept['bytes']:,} bytes",
        "last run": "none on record"
        if run is None
        else ", ".join(filter(None, [run["started"], run["outcome"], run["error"]])),
    }
    lines = [f"{name:<11}  {text}" for name, text in shown.items()]
    lines += [
        f"{part['name']}  {part['rows']:,} rows, {part['rejected']:,} rejected, "
        f"{part['bytes']:,} bytes, from {part['source']}"
        for part in told.get("parts", ())
    ]
    return "\n".join(lines)


def _yield(told: dict[str, Any]) -> str:
    again = f", {told['retried']:,} retried" if told["retried"] else ""
    rejected = sum(told["rejected"].values())
    return (
        f"{told['asked']:,} asked, {told['made']:,} made, {rejected:,} rejected{again}, "
        f"yield {told['yield']:.1%}"
    )


def _versions(numbers: "list[int] | tuple[int, ...]") -> str:
    """The versions of a run of numbers, the newest first."""
    if len(numbers) == 1:
        return f"version {numbers[0]}"
    return f"versions {numbers[-1]} to {numbers[0]}" if numbers else "no version"
