"""An output whose objects are made in milliseconds: one row of one word."""

import errno
import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xxhash

from pipelines.stats import Stats
from pipelines.store.entry import Entry, Part
from pipelines.store.footer import KEY, PAGES, STATS
from pipelines.store.local import LocalStore


def key_of(text):
    return xxhash.xxh3_128_hexdigest(text.encode())


def write_object(path, text, told):
    writer = pq.ParquetWriter(path, pa.schema([("text", pa.string())]))
    writer.write_table(pa.table({"text": [text]}))
    pages = xxhash.xxh3_128_hexdigest(path.read_bytes())
    writer.add_key_value_metadata({**told, PAGES: pages})
    writer.close()


@dataclass
class Bench:
    """Publishes versions of a dataset whose files hold a word each, and reads them."""

    folder: Path
    keep: int = 5

    @property
    def output(self):
        return self.folder / "out"

    @property
    def home(self):
        return self.folder / "out.aug"

    def store(self):
        return LocalStore(str(self.output))

    def key(self, text):
        return key_of(text)

    def beside(self, name):
        """Another one, in a folder of its own."""
        folder = self.folder.parent / name
        folder.mkdir()
        return Bench(folder, self.keep)

    def clone(self, name):
        """The same in another folder, links and all."""
        made, known = self.beside(name), {}
        for path in sorted(self.folder.rglob("*")):
            target = made.folder / path.relative_to(self.folder)
            if path.is_symlink():
                target.symlink_to(path.readlink())
            elif path.is_dir():
                target.mkdir()
            elif (first := known.setdefault(path.stat().st_ino, target)) is not target:
                target.hardlink_to(first)
            else:
                shutil.copy2(path, target)
        return made

    def write(self, path, text):
        """A file that no store knows of."""
        write_object(path, text, {})

    def make(self, objects, text, *, rejects=False):
        """Put the object of a word."""
        with objects.draft(key_of(text)) as draft:
            self.fill(draft, text, rejects=rejects)
        return draft.stored

    def fill(self, draft, text, *, rejects=False):
        """Write the files of a word's object; its rejects hold another one."""
        told = {"rows": 1, "rejected": {"null_text": 1} if rejects else {}}
        footer = {KEY: key_of(text), STATS: json.dumps(told)}
        write_object(draft.part, text, footer)
        if rejects:
            write_object(draft.rejects, f"not {text}", footer)

    def entry(self, version, stored, names=None):
        names = names or [f"part-{number:05d}.parquet" for number in range(len(stored))]
        parts = tuple(
            Part(name=name, stored=one, source=f"in/{name}", content=one.key)
            for name, one in zip(names, stored, strict=True)
        )
        return Entry(
            version=version,
            created=f"2026-01-{version:02d}T00:00:00+00:00",
            program="0",
            fingerprint=f"{version:032x}",
            identity={},
            recipe={"keep_versions": self.keep},
            parts=parts,
            stats=Stats().told(),
        )

    def run(self, store, *texts, rejects=(), names=None):
        """What a run does: objects that are missing, a version, retention."""
        found = store.objects.find([key_of(text) for text in texts], {})
        stored = [
            found.get(key_of(text)) or self.make(store.objects, text, rejects=text in rejects)
            for text in texts
        ]
        last = store.last()
        made = self.entry(1 if last is None else last.version + 1, stored, names)
        if last is None or made.digest != last.digest:
            store.publish(made)
        else:
            store.ensure()
        store.retain(self.keep)

    def publish(self, *texts, **options):
        with self.store() as store:
            self.run(store, *texts, **options)

    def read(self, folder=None):
        """What a reader finds, by file."""
        folder = folder or self.output
        return {
            path.relative_to(folder).as_posix(): pq.ParquetFile(path).read()["text"][0].as_py()
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }

    def words(self, folder=None):
        return list(self.read(folder).values())

    def tree(self):
        """Every name in the folder with what it stands for."""
        return {
            path.relative_to(self.folder).as_posix(): _told(path)
            for path in sorted(self.folder.rglob("*"))
        }


def _told(path):
    if path.is_symlink():
        return f"→ {path.readlink()}"
    return "/" if path.is_dir() else xxhash.xxh3_128_hexdigest(path.read_bytes())


@pytest.fixture(autouse=True)
def _power_stays_on(monkeypatch):
    """No test can see what waiting for the disk is good for."""
    monkeypatch.setattr("os.fsync", lambda handle: None)


@pytest.fixture
def lacking(monkeypatch):
    """Makes the file system lack hard links, symbolic ones, or the exchange of two names."""

    def refuse(*_args, **_options):
        raise PermissionError(errno.EPERM, "Operation not permitted")

    def lack(*names):
        for name in names:
            if name == "exchange":
                monkeypatch.setattr("pipelines.store.fronts.exchange", lambda *_: False)
            else:
                monkeypatch.setattr(f"os.{name}", refuse)

    return lack


@pytest.fixture
def bench(tmp_path):
    folder = tmp_path / "bench"
    folder.mkdir()
    return Bench(folder)
