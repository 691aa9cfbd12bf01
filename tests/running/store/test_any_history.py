"""Whatever happens to a store, in whatever order, it says what it holds and holds what it says."""

import shutil
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from pipelines.errors import DamagedError, InputMissingError
from pipelines.store import history

TEXTS = st.lists(st.sampled_from("abcdef"), min_size=1, max_size=4)


class AnyHistory(RuleBasedStateMachine):
    """Keeps a list of the words of every version beside the real thing."""

    def __init__(self):
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.bench = self.make_bench(self.folder)
        self.versions, self.oldest, self.lost = [], 1, set()

    @rule(texts=TEXTS, keep=st.integers(1, 3))
    def run(self, texts, keep):
        self.bench.keep = keep
        self.bench.publish(*texts, rejects=["b", "d"])
        self.lost -= set(texts)
        if not self.versions or self.versions[-1] != texts:
            self.versions.append(texts)
        self.forget(keep)

    @rule(texts=TEXTS, done=st.integers(0, 4))
    def run_that_is_stopped(self, texts, done):
        with self.bench.store() as store:
            for text in texts[:done]:
                self.bench.make(store.objects, text, rejects=text in "bd")
            store.objects.draft(self.bench.key("a")).__enter__()
        self.lost -= set(texts[:done])

    @precondition(lambda self: self.versions)
    @rule(place=st.integers(0, 3))
    def lose_an_object(self, place):
        texts = self.versions[-1]
        text = texts[place % len(texts)]
        (self.bench.home / "objects" / f"{self.bench.key(text)}.parquet").unlink(missing_ok=True)
        self.lost.add(text)

    @precondition(lambda self: self.versions)
    @rule(keep=st.integers(1, 4))
    def gc(self, keep):
        with self.bench.store() as store:
            store.retain(keep)
        self.forget(keep)

    @precondition(lambda self: self.versions)
    @rule(back=st.integers(1, 3))
    def rollback(self, back):
        target = len(self.versions) - back
        with self.bench.store() as store:
            try:
                history.rollback(store, target)
            except InputMissingError:
                assert target < self.oldest or self.lost & set(self.versions[target - 1])
            else:
                self.versions.append(self.versions[target - 1])

    @precondition(lambda self: self.versions)
    @rule()
    def verify(self):
        needed = {text for texts in self.versions[self.oldest - 1 :] for text in texts}
        with self.bench.store() as store:
            try:
                assert store.verify().objects == len(needed)
            except DamagedError:
                assert self.lost & needed
            else:
                assert not self.lost & needed

    def forget(self, keep):
        self.oldest = max(self.oldest, len(self.versions) - keep + 1)

    @invariant()
    def readers_see_the_last_version_and_older_ones_that_are_kept(self):
        store = self.bench.store()
        last = store.last()
        assert (last.version if last else 0) == len(self.versions)
        if self.versions:
            assert self.bench.words() == self.versions[-1]
            assert store.kept() == tuple(range(len(self.versions), self.oldest - 1, -1))
            for version in store.kept():
                folder = self.bench.home / "snapshots" / f"{version:06d}"
                assert self.bench.words(folder) == self.versions[version - 1]
            rejected = [f"not {text}" for text in self.versions[-1] if text in "bd"]
            rejects = self.bench.home / "rejects"
            assert (self.bench.words(rejects) if rejects.exists() else []) == rejected
        assert not (self.bench.home / "tmp").exists()

    def teardown(self):
        shutil.rmtree(self.folder)


def test_any_history(bench):
    from hypothesis.stateful import run_state_machine_as_test

    AnyHistory.make_bench = lambda _, folder: type(bench)(folder)
    run_state_machine_as_test(
        AnyHistory,
        settings=settings(
            max_examples=25,
            stateful_step_count=12,
            suppress_health_check=list(HealthCheck),
            deadline=None,
        ),
    )
