"""``augmill models adapt``: a corpus in, an adapted model out, and nothing lost on the way."""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from augment.atomic import whole_file
from augment.errors import nearest
from augment.models.adapting.base import Base, check_installed, load_base
from augment.models.adapting.blocks import Corpus, read_blocks, write_blocks
from augment.models.adapting.card import CARD, FIGURES, Adapted, read_figures, write_figures
from augment.models.adapting.checkpoints import STATE
from augment.models.adapting.measuring import Figures, measure
from augment.models.adapting.settings import Settings
from augment.models.adapting.training import InterruptedTrainingError, train
from augment.models.masked_head import MaskedHead
from pipelines.corpus import open_corpus
from pipelines.errors import DataError, OutputError, StoppedError
from pipelines.parquet import read_batches
from pipelines.publish import locked

WORK, LOG = "training", "tensorboard"
"""Folders of the output: of the training until it is done, and of its log."""

_BATCH_ROWS = 4096
_LEAST_BLOCKS = (8, 1)
"""For training and for validation; less teaches nothing and shows nothing."""

Tell = Callable[[str], None]


def adapt(
    settings: Settings,
    output: str | Path,
    *,
    resume: bool = False,
    export: str | None = None,
    tell: Tell = print,
) -> Adapted:
    """Train a masked language model on a corpus; its folder is whole when this returns.

    Args:
        settings: the base, the corpus, and how to train.
        output: a new or empty folder, unless ``resume``.
        resume: go on from the last checkpoint in the folder, or begin if there is none; what is
            done already is only reported.
        export: also write the model for ONNX Runtime, in this dtype.
        tell: told how it goes.

    Raises:
        InputMissingError, DataError: the corpus is not there, or not what is needed.
        ModelError: the base can't be trained.
        ParameterError: ``resume`` with other settings than those of the training so far.
        OutputError: the folder holds something else; LockedError: another training writes it.
        MissingExtraError: a package is missing.
        StoppedError: SIGINT or SIGTERM came; ``resume`` goes on.
    """
    check_installed()
    _silence()
    folder = Path(output)
    _check_output(folder, resume)
    if (folder / FIGURES).is_file():
        return read_figures(folder / FIGURES)
    texts = _texts(settings)
    base = load_base(settings.base, settings.revision)
    work = folder / WORK
    work.mkdir(parents=True, exist_ok=True)
    with locked(work / "lock", folder):
        _check_settings(settings, base, work)
        corpus = _tokenised(texts, base, settings, work, tell)
        before = _before(base, corpus, work)
        tell(f"held-out perplexity of {settings.base}: {before.perplexity:,.2f}")
        best = _trained(base, corpus, settings, folder, tell)
        adapted = _finish(settings, base, corpus, before, best, folder, export)
    shutil.rmtree(work)
    return adapted


def _silence() -> None:
    """Bars for every file that is read or written would drown what is told."""
    from transformers.utils import logging

    logging.disable_progress_bar()


def _check_output(folder: Path, resume: bool) -> None:
    if not folder.exists():
        return
    if not folder.is_dir():
        raise OutputError(f"the output {folder} exists and is no directory")
    begun = (folder / WORK).is_dir() or (folder / FIGURES).is_file()
    if resume and not begun and any(folder.iterdir()):
        raise OutputError(f"the output {folder} holds something else: there is nothing to resume")
    if not resume and any(folder.iterdir()):
        hint = "--resume goes on with it; else " if begun else ""
        raise OutputError(f"the output {folder} is not empty: {hint}choose another place")


def _check_settings(settings: Settings, base: Base, work: Path) -> None:
    """A training goes on only as it began."""
    settings = replace(settings, digest=base.digest)
    path = work / "settings.json"
    if path.is_file():
        settings.check_same(path)
    else:
        settings.save(path)


def _texts(settings: Settings) -> Iterator[pa.StringArray]:
    """The corpus's texts, a few thousand at a time; nulls and blank ones left out.

    Input and column are checked before anything is read.
    """
    corpus = open_corpus(settings.corpus)
    names = corpus.schema.names
    if settings.text not in names:
        raise DataError(
            f"{settings.corpus} has no column {settings.text!r}"
            f"{nearest(settings.text, names)}; it has: {', '.join(names)}"
        )
    field = corpus.schema.field(settings.text)
    value = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
    if not (pa.types.is_string(value) or pa.types.is_large_string(value)):
        raise DataError(f"the column {settings.text!r} holds {field.type}, not text")
    if settings.limit is not None:
        corpus = corpus.head(settings.limit)

    def read() -> Iterator[pa.StringArray]:
        for shard in corpus.shards:
            narrow = replace(shard, schema=pa.schema([field]))
            for batch in read_batches(narrow, _BATCH_ROWS, settings.text):
                texts = batch.column(0).cast(value).cast(pa.string())
                yield texts.filter(pc.match_substring_regex(texts, r"\S"))

    return read()


def _tokenised(
    texts: Iterator[pa.StringArray], base: Base, settings: Settings, work: Path, tell: Tell
) -> Corpus:
    folder = work / "blocks"
    corpus = read_blocks(folder)
    if corpus is None:
        write_blocks(texts, base, settings.validation, folder)
        corpus = read_blocks(folder)
        assert corpus is not None
    found = (len(corpus.training), len(corpus.validation))
    if any(have < least for have, least in zip(found, _LEAST_BLOCKS, strict=True)):
        shutil.rmtree(work)
        raise DataError(
            f"{settings.corpus} holds too little text: its {sum(corpus.texts):,} texts give "
            f"{found[0]:,} blocks of {base.block} tokens to train on and {found[1]:,} held out, "
            f"of {_LEAST_BLOCKS[0]} and {_LEAST_BLOCKS[1]} at the least"
        )
    tell(
        f"{corpus.texts[0]:,} texts in {found[0]:,} blocks of {base.block} tokens; "
        f"held out: {corpus.texts[1]:,} in {found[1]:,}"
    )
    return corpus


def _before(base: Base, corpus: Corpus, work: Path) -> Figures:
    """The base's own figures; measured once, since a training that is resumed changes the base."""
    path = work / "before.json"
    if not path.is_file():
        figures = _measured(base, corpus)
        with whole_file(path) as temporary:
            temporary.write_text(json.dumps(asdict(figures)), "utf-8")
    return Figures(**json.loads(path.read_text("utf-8")))


def _trained(base: Base, corpus: Corpus, settings: Settings, folder: Path, tell: Tell) -> Path:
    """The best checkpoint; a training that came to its end is not gone on with."""
    work = folder / WORK
    note = work / "trained"
    if not note.is_file():
        try:
            best = train(base, corpus, settings, work, folder / LOG, tell)
        except InterruptedTrainingError as error:
            raise StoppedError(f"{error}; go on with the same command and --resume") from None
        with whole_file(note) as temporary:
            temporary.write_text(best.name, "utf-8")
    return work / note.read_text("utf-8")


def _measured(base: Base, corpus: Corpus) -> Figures:
    return measure(MaskedHead(base.model.eval()), corpus.validation, base.tokenizer.mask_token_id)


def _finish(
    settings: Settings,
    base: Base,
    corpus: Corpus,
    before: Figures,
    best: Path,
    folder: Path,
    export: str | None,
) -> Adapted:
    """Put the best model into the output, the figures last: with them, it is done."""
    made = folder / WORK / "made"
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir()
    for path in (best / "config.json", *best.glob("*.safetensors*")):
        shutil.copy(path, made)
    base.tokenizer.save_pretrained(made)
    state = json.loads((best / STATE).read_text("utf-8"))
    adapted = Adapted(
        settings=settings,
        parameters=base.parameters,
        texts=corpus.texts,
        blocks=(len(corpus.training), len(corpus.validation)),
        block=base.block,
        steps=state["global_step"],
        seconds=max((entry.get("seconds", 0.0) for entry in state["log_history"]), default=0.0),
        before=before,
        after=_measured(load_base(str(made)), corpus),
    )
    (made / CARD).write_text(adapted.card(folder.name), "utf-8")
    if export is not None:
        from augment.models.exporting import export as write_onnx

        write_onnx(made, made / f"onnx-{export}", export)
    for path in sorted(made.iterdir()):
        place = folder / path.name
        if place.is_dir():
            shutil.rmtree(place)
        path.replace(place)
    write_figures(adapted, folder / FIGURES)
    return adapted
