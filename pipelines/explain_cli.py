"""``augmill explain OUT AUG_ID``; what is slow to import, the command imports."""

import json
from typing import Annotated

import typer

from pipelines.arguments import Output


def explain(
    output: Output,
    aug_id: Annotated[
        str,
        typer.Argument(
            metavar="AUG_ID", help="id:view:copy of a row, or a source row's id: all its variants."
        ),
    ],
    siblings: Annotated[
        bool,
        typer.Option("--siblings", help="Tell of all its source row's variants, the rejected too."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs: one JSON object.")] = False,
    version: Annotated[
        int | None,
        typer.Option(min=1, metavar="VERSION", help="A kept version; the last one by default."),
    ] = None,
) -> None:
    """Tell how a row came about: each step's edits, scores, and what else it might have done.

    What is not stored is made again from the recipe in the log. Where that is not what is stored,
    the command says why, and shows what is.
    """
    from pipelines.explaining import explain as explained

    found = explained(output, aug_id, siblings=siblings, version=version)
    if as_json:
        typer.echo(json.dumps(found.told(), ensure_ascii=False, indent=1))
        return
    from rich.console import Console

    console = Console(soft_wrap=True, highlight=False)
    if console.is_terminal:
        console.print(found)
    else:
        typer.echo(str(found))
