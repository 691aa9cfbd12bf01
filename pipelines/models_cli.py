"""``augmill models …``: make models for steps; what is slow to import, a command imports."""

import sys
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Make models for steps: adapt, export.", no_args_is_help=True)


@app.callback()
def top() -> None:
    """Make models for steps: adapt them to texts of your own, export them."""


@app.command()
def adapt(
    base: Annotated[
        str,
        typer.Option(metavar="NAME|PATH", help="The model to begin with; 'bundled' for ours."),
    ],
    corpus: Annotated[
        str, typer.Option(metavar="PARQUET", help="A Parquet file, a directory of them, or a glob.")
    ],
    output: Annotated[Path, typer.Option(metavar="DIR", help="A new folder for the model.")],
    text: Annotated[str, typer.Option(metavar="COLUMN", help="The column of the texts.")] = "text",
    revision: Annotated[str | None, typer.Option(help="Of a hub model.")] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Use only the first N rows.")
    ] = None,
    minutes: Annotated[
        float | None, typer.Option(metavar="M", help="Minutes of training at the most.")
    ] = None,
    epochs: Annotated[
        float | None,
        typer.Option(
            metavar="E", help="Passes over the texts at the most; 10 if no minutes are given."
        ),
    ] = None,
    batch_size: Annotated[int, typer.Option(metavar="N", help="Blocks of 128 tokens a step.")] = 32,
    learning_rate: Annotated[
        float | None, typer.Option(metavar="R", help="The highest; by the model's size if not set.")
    ] = None,
    mask_rate: Annotated[float, typer.Option(metavar="R", help="Share of words masked.")] = 0.15,
    validation: Annotated[
        float, typer.Option(metavar="R", help="Share of texts held out, by the hash of each.")
    ] = 0.05,
    patience: Annotated[
        int, typer.Option(metavar="N", help="Evaluations without a better one before it stops.")
    ] = 3,
    seed: Annotated[int, typer.Option(help="Of masks, order and dropout.")] = 0,
    dtype: Annotated[str, typer.Option(help="float32, or bfloat16 for computing.")] = "float32",
    device: Annotated[str, typer.Option(help="cpu, cuda or auto.")] = "auto",
    export: Annotated[
        str | None, typer.Option(metavar="DTYPE", help="Also write it for ONNX: int8, float32.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on where an earlier call was ended.")
    ] = False,
) -> None:
    """Train a masked language model further on texts of your own, for the step masked_lm."""
    from augment.models.adapting.settings import Settings
    from pipelines import adapting

    settings = Settings(
        base=base,
        revision=revision,
        corpus=corpus,
        text=text,
        limit=limit,
        minutes=minutes,
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        mask_rate=mask_rate,
        validation=validation,
        patience=patience,
        seed=seed,
        dtype=dtype,
        device=device,
    )
    made = adapting.adapt(settings, output, resume=resume, export=export, tell=_tell)
    typer.echo(made.table())
    typer.echo(f"perplexity lowered by {made.lowered:.1%}; masked_lm takes it: {{model: {output}}}")


@app.command("export")
def write_export(
    model: Annotated[
        str, typer.Argument(metavar="MODEL", help="A checkpoint's folder or a hub name.")
    ],
    output: Annotated[Path, typer.Option(metavar="DIR", help="A new folder for the export.")],
    dtype: Annotated[
        str, typer.Option(help="How weights are stored: int8, float16 or float32.")
    ] = "int8",
    revision: Annotated[str | None, typer.Option(help="Of a hub model.")] = None,
    language: Annotated[str, typer.Option(metavar="TAG", help="Noted in the folder.")] = "und",
    texts: Annotated[
        str | None,
        typer.Option(metavar="PARQUET", help="Texts to compare on; English ones of ours if unset."),
    ] = None,
    text: Annotated[str, typer.Option(metavar="COLUMN", help="The column of the texts.")] = "text",
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="Compare on N texts.")] = 500,
) -> None:
    """Write a masked language model for ONNX Runtime, and compare it with the original."""
    from pipelines import exporting

    made = exporting.export(
        model, output, dtype, revision=revision, language=language,
        texts=texts, column=text, limit=limit,
    )  # fmt: skip
    typer.echo(made.table())
    typer.echo(f"masked_lm takes it: {{model: {output}}}")


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
