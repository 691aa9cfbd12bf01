"""The command line.

Whatever is slow to import, even ``augment`` itself, is imported in the command that needs it, so
that help answers at once.
"""

import io
import signal
import sys
from collections.abc import Iterable
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NoReturn

import typer

from pipelines import evaluate_cli, explain_cli, logs, models_cli, report_cli, store_cli

if TYPE_CHECKING:
    from pipelines.plan import Plan

_USAGE, _INTERRUPTED = 64, 130

_UsageError: type[Exception] = typer.BadParameter.__bases__[0]

app = typer.Typer(add_completion=False, rich_markup_mode=None)
app.add_typer(models_cli.app, name="models")
app.command()(explain_cli.explain)
for command in (store_cli.status, store_cli.verify, store_cli.gc, store_cli.rollback):
    app.command()(command)
app.command()(evaluate_cli.evaluate)
app.command()(report_cli.report)

RecipeName = Annotated[
    str, typer.Argument(metavar="RECIPE", help="A recipe file, or the name of a bundled recipe.")
]
Overrides = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Override a value, such as views.strong.copies=4; the value is YAML. Repeatable.",
    ),
]
Limit = Annotated[int | None, typer.Option(min=1, help="Use only the first N rows.", metavar="N")]


def _print_version(wanted: bool) -> None:
    if wanted:
        from augment import __version__

        typer.echo(f"augmill {__version__}")
        raise typer.Exit


@app.callback()
def top(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Turn a text corpus in Parquet into an augmented corpus."""


@app.command()
def run(
    recipe: RecipeName,
    overrides: Overrides = None,
    workers: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Processes; as many as there are cores by default."),
    ] = None,
    engine: Annotated[
        Literal["local", "ray"],
        typer.Option(help="This machine, or a Ray cluster (recipe key ray)."),
    ] = "local",
    limit: Limit = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Show the plan, what would be computed, and why; no more."),
    ] = False,
    unchanged: Annotated[
        int,
        typer.Option(
            "--exit-code-if-unchanged",
            min=0,
            max=255,
            metavar="N",
            help="End with this code if there was nothing to publish.",
        ),
    ] = 0,
    metrics_file: Annotated[
        Path | None,
        typer.Option(
            "--metrics-file", metavar="FILE", help="Write the run's numbers for Prometheus."
        ),
    ] = None,
    log_format: Annotated[
        Literal["text", "json"],
        typer.Option(help="Lines for people, or a JSON object a line, on standard error."),
    ] = "text",
) -> int:
    """Augment a corpus and publish the result; only what changed is computed."""
    from augment.models.runtime import threads

    logs.setup(log_format)
    if dry_run:
        return _forecast(recipe, overrides or (), limit, workers or threads())
    from pipelines import runner, terminal
    from pipelines.metrics import check_writable, write_metrics

    if metrics_file is not None:
        check_writable(metrics_file)
    with terminal.progress() if log_format == "text" else nullcontext(logs.Progress()) as progress:
        summary = runner.run(
            recipe,
            overrides=overrides or (),
            workers=workers or threads(),
            engine=engine,
            limit=limit,
            progress=progress,
            report=None if metrics_file is None else partial(write_metrics, metrics_file),
        )
    if log_format == "text":
        typer.echo(terminal.summary_text(summary))
    return 0 if summary.changed else unchanged


def _forecast(recipe: str, overrides: Iterable[str], limit: int | None, workers: int) -> int:
    from pipelines import recipe as recipes
    from pipelines import terminal
    from pipelines.forecast import forecast

    found = forecast(recipes.load(recipe, overrides), limit)
    _warn(found.warnings)
    typer.echo(_yaml(found.plan.recipe_dict()))
    _tell_needs(found.plan)
    typer.echo(terminal.forecast_text(found, workers))
    return 0


def _warn(warnings: Iterable[str]) -> None:
    for warning in warnings:
        logs.warn("input", warning)


@app.command()
def sample(
    recipe: RecipeName,
    rows: Annotated[int, typer.Option("-n", min=1, metavar="N", help="How many rows.")] = 5,
    overrides: Overrides = None,
) -> None:
    """Show the first rows and what the recipe makes of them; nothing is written."""
    from pipelines import plan as planning
    from pipelines import recipe as recipes
    from pipelines import sampling, terminal

    loaded = recipes.load(recipe, overrides or ())
    _tell_needs(planning.build(loaded), max(rows, sampling.SAMPLED_ROWS))
    for batch in sampling.sample(loaded, rows):
        terminal.show_samples(batch.rows)
        for reject in batch.rejects.select(_REJECT_COLUMNS).to_pylist():
            typer.echo(f"rejected: {', '.join(str(v) for v in reject.values() if v is not None)}")


_REJECT_COLUMNS = ["aug_parent", "aug_reason", "aug_view", "aug_copy", "aug_step", "aug_message"]


@app.command()
def check(recipe: RecipeName, overrides: Overrides = None) -> None:
    """Show every mistake of a recipe, or the recipe with all defaults written out.

    The columns that it names are looked for in the input, if that is there already.
    """
    from tempfile import TemporaryDirectory

    from pipelines import preparing
    from pipelines import recipe as recipes
    from pipelines.errors import InputMissingError

    plan = preparing.checked(recipes.load(recipe, overrides or ()))
    verdict = "ok"
    try:
        with TemporaryDirectory() as folder:
            _warn(preparing.opened(plan, None, Path(folder)).warnings)
    except InputMissingError as error:
        verdict = f"ok, but its columns are not checked: {error}"
    typer.echo(_yaml(plan.recipe_dict()))
    _tell_needs(plan)
    typer.echo(verdict)


def _tell_needs(plan: "Plan", sampled: int | None = None) -> None:
    """Say on standard error what the plan's components need to know of the corpus."""
    from pipelines.describe import needs

    for line in needs(plan, sampled):
        typer.echo(line, err=True)


@app.command("list")
def list_components() -> None:
    """List the augmenters and filters that recipes can use."""
    from pipelines.describe import listing

    found = list(listing())
    width = max(len(name) for name, _, _ in found)
    for name, kind, line in found:
        typer.echo(f"{name:<{width}}  {kind:<9}  {line}")


@app.command()
def describe(
    name: Annotated[str, typer.Argument(metavar="NAME", help="An augmenter or a filter.")],
) -> None:
    """Explain an augmenter or a filter: its parameters and what it promises."""
    from augment.errors import UnknownNameError
    from pipelines.describe import description

    try:
        typer.echo(description(name))
    except UnknownNameError as error:
        raise typer.BadParameter(str(error)) from None


def _yaml(values: object) -> str:
    import yaml

    return yaml.safe_dump(values, sort_keys=False, allow_unicode=True).rstrip()


def main() -> NoReturn:
    """Run the command line; a user's mistake becomes one message and an exit code.

    The codes are those of :mod:`pipelines.exit_codes`, and 64 for usage, 130 if interrupted.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    logs.setup("text")
    # What a scheduler sends to stop a job ends it as Ctrl-C does: workers too, staging removed.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        code = app(standalone_mode=False) or 0
        if code == _INTERRUPTED:
            raise typer.Abort
    except (typer.Abort, KeyboardInterrupt):
        code = _complain("interrupted; nothing was published", _INTERRUPTED)
    except _UsageError as error:
        code = _complain_of_usage(error)
    except Exception as error:
        from pipelines.exit_codes import exit_code

        known = exit_code(error)
        if known is None:
            raise
        code = _complain(_said(error), known)
    sys.exit(code)


def _said(error: Exception) -> str:
    """An error's message; one of the system that names no file is told what it means."""
    if isinstance(error, OSError) and error.filename is None:
        return f"reading or writing failed: {error}; what was published before still is"
    return str(error)


def _complain(message: str, code: int) -> int:
    logs.complain(message, code)
    return code


def _complain_of_usage(error: Exception) -> int:
    context = getattr(error, "ctx", None)
    message = getattr(error, "format_message", error.__str__)()
    hint = f"\nTry '{context.command_path} --help'." if context is not None else ""
    return _complain(message + hint, _USAGE)
