"""``augmill report OUT``; what is slow to import, the command imports."""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.arguments import Output


def report(
    output: Output,
    version: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="A kept version; the published one by default."),
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option(
            "--output",
            metavar="DIR",
            help="Where to write; OUT.aug/reports/<version> by default.",
        ),
    ] = None,
    tensorboard: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write scalars and histograms for TensorBoard, too."),
    ] = None,
    replay: Annotated[
        int,
        typer.Option(
            min=0,
            metavar="ROWS",
            help="Source rows to expand again, at most, to show what filters rejected.",
        ),
    ] = 200,
) -> None:
    """Measure a dataset's variants and write one HTML page, with the numbers beside it.

    The page needs no network: it holds its plots, its examples and what finds them. quality.json
    has the same numbers for programs. Nothing is locked, and the dataset is not touched.
    """
    from pipelines.report.tensorboard import write_events
    from pipelines.report.writing import entry_of, write_report
    from pipelines.store.opening import open_published

    store = open_published(output)
    written = write_report(store, entry_of(store, version), folder, replay)
    if tensorboard is not None:
        write_events(written.quality, tensorboard)
    typer.echo(written.page)
