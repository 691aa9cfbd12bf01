"""``augmill models adapt``: a corpus in, an adapted model out, and nothing lost on the way."""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

import pyarrow as pa
from filelock import FileLock, Timeout

from augment.atomic import whole_file
from augment.models import exporting
from augment.models.adapting.base import Base, check_device, check_installed, load_base
from augment.models.adapting.blocks import Corpus, read_blocks, write_blocks
from augment.models.adapting.card import CARD, FIGURES, Adapted, read_figures, write_figures
from augment.models.adapting.checkpoints import STATE
from augment.models.adapting.measuring import Figures, measure
from augment.models.adapting.settings import Settings
from augment.models.adapting.training import InterruptedTrainingError, train
from augment.models.masked_head import MaskedHead
from pipelines.errors import DataError, LockedError, OutputError, StoppedError
from pipelines.text_columns import texts_of

WORK, LOG = "training", "tensorboard"
"""Folders of the output: of the training until it is done, and of its log."""

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
        resume: go on from the last checkpoint in the folder, or begin if there is none; a training
            that came to its end is only reported, and exported if that was not done.
        export: also write the model for ONNX Runtime, in this dtype.
        tell: told how it goes.

    Raises:
        InputMissingError, DataError: the corpus is not there, or not what is needed.
        ModelError: the base can't be trained.
        ParameterError: ``resume`` with other settings than those of the training so far, or a
            device that is not there.
        OutputError: the folder holds something else; LockedError: another training writes it.
        MissingExtraError: a package is missing.
        StoppedError: SIGINT or SIGTERM came; ``resume`` goes on.
    """
    check_installed()
    check_device(settings.device)
    if export is not None:
        exporting.check(export)
    _silence()
    folder = Path(output)
    _check_output(folder, resume)
    if (folder / FIGURES).is_file():
        return _done(settings, folder, export)
    texts = texts_of(settings.corpus, settings.text, settings.limit)
    base = load_base(settings.base, settings.revision)
    work = folder / WORK
    work.mkdir(parents=True, exist_ok=True)
    with _locked(work / "lock", folder):
        _check_settings(settings, base, work)
        corpus = _tokenised(texts, base, settings, work, tell)
        before = _before(base, corpus, work)
        tell(f"held-out perplexity of {settings.base}: {before.perplexity:,.2f}")
        best = _trained(base, corpus, settings, folder, tell)
        adapted = _finish(settings, base, corpus, before, best, folder, export)
    shutil.rmtree(work)
    return adapted


@contextmanager
def _locked(path: Path, folder: Path) -> Iterator[None]:
    """A context in which no other training writes the folder, however it ends."""
    lock = FileLock(path, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise LockedError(f"another run is writing {folder}; try again later") from None
    try:
        yield
    finally:
        lock.release()


def _done(settings: Settings, folder: Path, export: str | None) -> Adapted:
    """What was adapted before; exported now, if that is asked for and was not done."""
    adapted = read_figures(folder / FIGURES)
    replace(settings, digest=adapted.settings.digest).check_same(adapted.settings)
    if export is not None and not _exported(folder, export).is_dir():
        _export(folder, export)
    return adapted


def _exported(folder: Path, dtype: str) -> Path:
    return folder / f"onnx-{dtype}"


def _export(folder: Path, dtype: str) -> None:
    """Write a model's export beside it, whole or not at all."""
    made = folder / f".onnx-{dtype}"
    shutil.rmtree(made, ignore_errors=True)
    exporting.export(folder, made, dtype)
    made.rename(_exported(folder, dtype))


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
        settings.check_same(Settings.read(path))
    else:
        settings.save(path)


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
        _export(made, export)
    for path in sorted(made.iterdir()):
        place = folder / path.name
        if place.is_dir():
            shutil.rmtree(place)
        path.replace(place)
    write_figures(adapted, folder / FIGURES)
    return adapted
