"""``augmill evaluate RECIPE``; what is slow to import, the command imports."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from pipelines.evaluating.lift import Lift
    from pipelines.evaluating.study import Regularisation


def evaluate(
    recipe: Annotated[
        str,
        typer.Argument(metavar="RECIPE", help="A recipe file, or the name of a bundled recipe."),
    ],
    data: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="The labelled rows; the recipe's input by default."),
    ] = None,
    label: Annotated[
        str | None,
        typer.Option(metavar="COLUMN", help="Their labels; the recipe's key label by default."),
    ] = None,
    by: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="Rows of equal value are never both learnt from and tested on, as are copies.",
        ),
    ] = None,
    train_sizes: Annotated[
        str, typer.Option(metavar="N,N,…", help="Numbers of originals to learn from.")
    ] = "50,500,2000",
    seeds: Annotated[int, typer.Option(min=2, metavar="N", help="Draws of rows.")] = 20,
    model: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="tfidf, encoder (each with logistic regression), cnn, or a checkpoint to fine-tune"
            " (a folder or a hub name).",
        ),
    ] = "tfidf",
    regularisation: Annotated[
        Literal["fixed", "tuned", "both"],
        typer.Option(help="The usual strength, one chosen by cross-validation, or both."),
    ] = "both",
    methods: Annotated[
        bool, typer.Option("--methods/--no-methods", help="Also each method of the recipe alone.")
    ] = True,
    test_rows: Annotated[
        int, typer.Option(min=30, metavar="N", help="Rows to test on at the most.")
    ] = 2000,
    variant_share: Annotated[
        float,
        typer.Option(
            metavar="S", help="What a source's variants weigh together; the source has the rest."
        ),
    ] = 0.5,
    search: Annotated[
        int,
        typer.Option(
            min=0,
            metavar="N",
            help="Try N settings of rates and copies on a third of the rows, which the table then"
            " leaves out, and evaluate the best.",
        ),
    ] = 0,
    overrides: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="Override a value of the recipe, such as views.strong.copies=4. Repeatable.",
        ),
    ] = None,
    tensorboard: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Log the figures for TensorBoard.")
    ] = None,
    as_json: Annotated[
        Path | None,
        typer.Option("--json", metavar="FILE", help="Write every training's outcome."),
    ] = None,
) -> None:
    """Train a classifier with and without a recipe's variants, and tell what they are worth.

    Every arm learns from the same rows and is tested on the same rows, seed by seed; a source and
    its variants together weigh as much as the source alone; no copy of a test row is ever learnt
    from. The p-values are of the paired t-test and of Wilcoxon's signed-rank test over the seeds.
    """
    from augment.atomic import whole_file
    from pipelines.evaluating.lift import evaluate as evaluated
    from pipelines.evaluating.study import Design

    design = Design(
        sizes=_sizes(train_sizes),
        seeds=seeds,
        tested=test_rows,
        regularisations=_regularisations(regularisation),
        variant_share=_share(variant_share),
    )
    lift = evaluated(
        recipe,
        data=data,
        label=label,
        by=by,
        model=model,
        design=design,
        methods=methods,
        search=search,
        overrides=overrides or (),
        tell=_tell(),
    )
    _show(lift)
    if tensorboard is not None:
        from pipelines.evaluating.tensorboard import write_log

        write_log(lift, tensorboard)
    if as_json is not None:
        with whole_file(as_json) as made:
            Path(made).write_text(json.dumps(lift.values(), indent=1) + "\n", "utf-8")


def _sizes(text: str) -> tuple[int, ...]:
    try:
        sizes = tuple(sorted({int(part) for part in text.split(",")}))
    except ValueError:
        sizes = ()
    if not sizes or sizes[0] < 2:
        raise typer.BadParameter(
            f"{text!r} is no list of whole numbers of at least 2, such as 50,500,2000",
            param_hint="--train-sizes",
        )
    return sizes


def _share(share: float) -> float:
    if not 0 < share < 1:
        raise typer.BadParameter(f"{share} is not between 0 and 1", param_hint="--variant-share")
    return share


def _regularisations(wanted: str) -> "tuple[Regularisation, ...]":
    both: tuple[Regularisation, ...] = ("fixed", "tuned")
    return tuple(name for name in both if wanted in {name, "both"})


def _tell() -> Callable[[int, int], None]:
    """A line now and then on standard error."""
    told = 0

    def tell(done: int, total: int) -> None:
        nonlocal told
        if done * 20 // total > told:
            told = done * 20 // total
            print(f"{done:,} of {total:,} trainings", file=sys.stderr, flush=True)

    return tell


def _show(lift: "Lift") -> None:
    from pipelines.evaluating.table import aligned

    left_out = f", {lift.unlabelled:,} unlabelled left out" if lift.unlabelled else ""
    typer.echo(
        f"{lift.data}: {lift.rows:,} rows of {len(lift.classes)} classes{left_out}; "
        f"{lift.model}, {lift.design.seeds} seeds; accuracy in percent ± standard error"
    )
    typer.echo("\n".join(aligned(lift.lines)))
    found = lift.suggestion
    if found is not None:
        typer.echo(
            f"suggested, the best of {found.trials} settings on other rows "
            f"({found.lift:+.2f} ± {found.lift_se:.2f} there, learning from {found.size:,}):"
        )
        typer.echo("  " + " ".join(f"--set {value}" for value in found.assignments()))
