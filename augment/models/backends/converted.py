"""Checkpoints exported to ONNX when they are first used, kept in the user's cache folder."""

import logging
import os
import shutil
import sys
import tempfile
from pathlib import Path

import xxhash

from augment.models.identity import model_digest

_log = logging.getLogger(__name__)


def converted(name: str, revision: str | None, dtype: str) -> Path:
    """The exported folder of a checkpoint, written unless the cache has it.

    What it holds is a function of the checkpoint and the exporter's version, not of the machine.

    Args:
        name: a checkpoint's folder or a hub name.
        revision: of a hub model.
        dtype: see :func:`augment.models.exporting.export`.

    Raises:
        ModelError: there is no such checkpoint, or its graph can't be written.
        MissingExtraError: torch, onnx or onnxscript is not installed.
    """
    from augment.models.exporting import VERSION, export

    digest = xxhash.xxh3_128_hexdigest(_identity(name, revision).encode())
    folder = cache_folder() / "models" / f"{digest}-{dtype}-v{VERSION}"
    if not folder.is_dir():
        _log.warning("exporting %s for ONNX Runtime in %s, once, to %s", name, dtype, folder)
        folder.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=".export-", dir=folder.parent))
        try:
            export(name, made, dtype, revision=revision)
            _publish(made, folder)
        finally:
            shutil.rmtree(made, ignore_errors=True)
    return folder


def cache_folder() -> Path:
    """Where files that can be made again are kept: ``$XDG_CACHE_HOME/augmill`` or its like."""
    given = os.environ.get("XDG_CACHE_HOME")
    if given:
        return Path(given) / "augmill"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")) / "augmill"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "augmill"
    return Path.home() / ".cache" / "augmill"


def _publish(made: Path, folder: Path) -> None:
    """Rename into place; another process may have done the same meanwhile."""
    try:
        made.rename(folder)
    except OSError:
        if not folder.is_dir():
            raise


def _identity(name: str, revision: str | None) -> str:
    """A folder's contents, or the commit that a hub name and revision stand for now."""
    if Path(name).is_dir():
        return model_digest(name)
    from augment.models.backends.torch_fill_mask import commit

    return f"{name}@{commit(name, revision)}"
