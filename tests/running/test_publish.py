"""Publishing: all or nothing, and nothing of anybody else's is ever touched."""

import fcntl

import pytest

from pipelines.errors import LockedError, OutputError
from pipelines.publish import Staging
from pipelines.shard import PARTS, REJECTS


def publish(output, content="new", rejects=False):
    with Staging(output) as staging:
        (staging.path / PARTS / "part-00000.parquet").write_text(content)
        if rejects:
            (staging.path / REJECTS / "part-00000.parquet").write_text(content)
        staging.publish()


def content(output):
    return {path.name: path.read_text() for path in output.iterdir()}


def test_output_holds_parts_only_and_the_rest_lies_beside_it(tmp_path):
    publish(tmp_path / "deep" / "out", rejects=True)
    assert content(tmp_path / "deep" / "out") == {"part-00000.parquet": "new"}
    beside = tmp_path / "deep" / "out.aug"
    assert sorted(p.name for p in beside.iterdir()) == ["lock", "rejects"]


def test_an_older_output_is_replaced_whole(tmp_path):
    publish(tmp_path / "out", rejects=True)
    (tmp_path / "out" / "part-00007.parquet").write_text("old")
    publish(tmp_path / "out", "newer")
    assert content(tmp_path / "out") == {"part-00000.parquet": "newer"}
    assert not (tmp_path / "out.aug" / "rejects").exists()


def test_an_empty_directory_may_be_filled(tmp_path):
    (tmp_path / "out").mkdir()
    publish(tmp_path / "out")


def test_a_failed_run_leaves_the_output_and_no_staging(tmp_path):
    publish(tmp_path / "out")
    with pytest.raises(RuntimeError), Staging(tmp_path / "out"):
        raise RuntimeError
    assert content(tmp_path / "out") == {"part-00000.parquet": "new"}
    assert [p.name for p in (tmp_path / "out.aug").iterdir()] == ["lock"]


@pytest.mark.parametrize("name", ["notes.txt", "model.parquet", ".git"])
def test_a_directory_of_somebody_else_is_refused(tmp_path, name):
    publish(tmp_path / "out")
    (tmp_path / "out" / name).write_text("precious")
    with pytest.raises(OutputError, match=name):
        publish(tmp_path / "out")
    assert content(tmp_path / "out")[name] == "precious"


def test_a_file_in_the_outputs_place_is_refused(tmp_path):
    (tmp_path / "out").write_text("precious")
    with pytest.raises(OutputError, match="no directory"):
        publish(tmp_path / "out")


def test_another_tool_s_dataset_is_refused(tmp_path):
    (tmp_path / "out").mkdir()
    for name in ("part-0.parquet", "part-00000.parquet"):
        (tmp_path / "out" / name).write_text("precious")
        with pytest.raises(OutputError, match="did not write"):
            publish(tmp_path / "out")
        (tmp_path / "out" / name).rename(tmp_path / name)
    publish(tmp_path / "out")


def test_what_a_killed_run_left_is_swept(tmp_path):
    stale = tmp_path / "out.aug" / "staging-0123" / PARTS
    stale.mkdir(parents=True)
    (stale / "part-00009.parquet").write_text("stale")
    publish(tmp_path / "out")
    assert content(tmp_path / "out") == {"part-00000.parquet": "new"}


def test_a_run_killed_between_the_two_renames_is_undone(tmp_path):
    publish(tmp_path / "out", "old")
    (tmp_path / "out").rename(tmp_path / "out.aug" / "previous")
    with pytest.raises(RuntimeError), Staging(tmp_path / "out"):
        raise RuntimeError
    assert content(tmp_path / "out") == {"part-00000.parquet": "old"}


def test_a_second_writer_is_told_to_wait(tmp_path):
    with Staging(tmp_path / "out"), pytest.raises(LockedError, match="another run"):
        publish(tmp_path / "out")
    publish(tmp_path / "out")
    with (tmp_path / "out.aug" / "lock").open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
