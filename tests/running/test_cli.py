"""The command line, from outside: what it says, and the exit code."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from pipelines.cli import main

ROOT = Path(__file__).parents[2]
PLUGINS = Path(__file__).parent / "plugins"


@pytest.fixture
def augmill(tmp_path, monkeypatch, capsys, plugins):
    """The command line in this process: standard output, or standard error if it must fail."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")

    def call(*arguments, code=0):
        monkeypatch.setattr(sys, "argv", ["augmill", *map(str, arguments)])
        with pytest.raises(SystemExit) as done:
            main()
        said = capsys.readouterr()
        assert done.value.code == code, said.err
        return said.out if code == 0 else said.err

    return call


@pytest.fixture
def shell(tmp_path):
    """The same in a process of its own."""

    def call(*arguments, code=0, before=""):
        command = f"{before}from pipelines.cli import main; main()"
        done = subprocess.run(
            [sys.executable, "-c", command, *map(str, arguments)],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(PLUGINS)])},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == code, done.stderr
        assert "Traceback" not in done.stderr
        return done.stdout if code == 0 else done.stderr

    return call


@pytest.fixture
def recipe(mill, texts, tmp_path):
    mill.write(pa.table({"text": texts(30), "n": range(30)}))
    path = tmp_path / "recipe.yaml"
    path.write_text(
        "input: in.parquet\noutput: out\nid: n\n"
        "views:\n"
        "  weak: {steps: [{use: synonym, rate: 0.2}]}\n"
        "  loud: {steps: [{use: fragile}], copies: 2}\n"
        "filters: [{use: picky}]\n"
    )
    return path


def test_run_publishes_and_sums_up(augmill, recipe, mill):
    said = augmill("run", recipe, "--workers", "1", "--limit", "20", "--set", "views.loud.copies=1")
    assert "20 read, 0 rejected" in said
    assert "20 asked, 20 made, 0 declined, 0 rejected" in said
    assert "1 computed (1 new input), 0 reused" in said
    assert f"out: published, version 1, {mill.read().num_rows} rows" in said
    assert mill.read()["aug_copy"].to_pylist() == [0] * mill.read().num_rows


def test_dry_run_writes_nothing(augmill, recipe, mill):
    said = augmill("run", recipe, "--dry-run")
    assert "rows: 30, shards: 1" in said
    assert sorted(p.name for p in mill.folder.iterdir()) == ["in.parquet", "recipe.yaml"]


def test_sample_shows_a_diff_per_view_and_writes_nothing(augmill, recipe, mill):
    said = augmill("sample", recipe, "-n", "2")
    assert "0  Line 0: The huge movie about a beautiful" in said
    assert "  weak 0  Line 0: " in said
    assert "[-The-]{+THE+}" in said
    assert "  loud 1  " in said
    assert "Line 2" not in said
    assert not mill.output.exists()


def test_check_looks_for_the_columns_if_there_is_an_input(augmill, recipe, mill):
    said = augmill("check", recipe, "--set", "spans=txt", code=65)
    assert "no column 'txt' (spans), did you mean 'text'?" in said
    said = augmill("check", recipe, "--set", "spans=txt", "--set", "input=none.parquet")
    last = said.splitlines()[-1]
    assert last == "ok, but its columns are not checked: the input 'none.parquet' does not exist"


def test_check_prints_a_recipe_that_is_complete(augmill, recipe, tmp_path):
    said = augmill("check", recipe)
    assert said.endswith("\nok\n")
    (tmp_path / "dumped.yaml").write_text(said.removesuffix("ok\n"))
    assert augmill("check", "dumped.yaml") == said
    assert yaml.safe_load(said.removesuffix("ok\n"))["views"]["weak"]["steps"][0]["min_edits"] == 1


def test_list_and_describe(augmill):
    said = augmill("list")
    assert any(line.startswith("synonym ") and "augmenter" in line for line in said.splitlines())
    assert any(line.startswith("picky ") and "filter" in line for line in said.splitlines())
    described = augmill("describe", "synonym")
    assert "rate: float, ≥ 0.0, ≤ 1.0 = 0.1" in described
    assert "any cut into batches: yes" in described
    assert "wordnet: " in described
    assert "options: list of Augmenter, at least 1 (required)" in augmill("describe", "one_of")
    assert "min: float, > 0.0 = 0.5" in augmill("describe", "length_ratio")


def test_a_step_that_needs_statistics_is_named(augmill, recipe, capsys, monkeypatch):
    step = "views.loud.steps=[{use: tfidf}]"
    for arguments, told in (
        (["check"], "a run counts them first"),
        (["run", "--dry-run"], "a run counts them first"),
        (["sample"], "here of the first 10,000 rows; a run counts them all"),
    ):
        command, *rest = arguments
        monkeypatch.setattr(sys, "argv", ["augmill", command, str(recipe), *rest, "--set", step])
        with pytest.raises(SystemExit):
            main()
        said = capsys.readouterr()
        assert said.err == f"tfidf needs statistics of the corpus: {told}\n"
        assert "statistics of" not in said.out
    described = augmill("describe", "tfidf")
    assert "Statistics of the corpus (statistics): counted by a run" in described
    assert "statistics: unfitted" in described
    assert "statistics of" not in augmill("describe", "synonym").lower()


def test_version_and_help(augmill):
    assert augmill("--version").startswith("augmill ")
    said = augmill("--help")
    assert all(command in said for command in ("run", "sample", "check", "list", "describe"))
    for command in ("run", "sample", "check", "list", "describe"):
        assert len(augmill(command, "--help").splitlines()) > 4


def test_five_mistakes_are_all_named(shell, augmill, tmp_path):
    (tmp_path / "bad.yaml").write_text(
        "input: in.parquet\noutput: out\nlayot: wide\nseed: thirteen\n"
        "views:\n  strong:\n    copies: 0\n    steps:\n"
        "      - {use: synonim}\n"
        "      - {use: one_of, options: [{use: synonym, raet: 0.1}]}\n"
    )
    for call, command in ((shell, "check"), (augmill, "run"), (augmill, "sample")):
        said = call(command, "bad.yaml", code=78)
        assert said.startswith("augmill: bad.yaml: 5 problems\n")
        for path in (
            "layot", "seed", "views.strong.copies", "views.strong.steps[0].use",
            "views.strong.steps[1].options[0].raet",
        ):  # fmt: skip
            assert f"\n  {path}: " in said
        assert "did you mean 'layout'" in said


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["run", "--no-such-option"], 64, "--no-such-option"),
        (["run"], 64, "RECIPE"),
        (["walk"], 64, "walk"),
        (["run", "recipe.yaml", "--workers", "0"], 64, "--workers"),
        (["describe", "synonim"], 64, "did you mean 'synonym'"),
        (["run", "nothing.yaml"], 66, "nothing.yaml"),
        (["run", "recipe.yaml", "--set", "input=nothing.parquet"], 66, "'nothing.parquet'"),
        (
            ["run", "recipe.yaml", "--set", "text=txet"],
            65,
            "did you mean 'text'?; columns: text, n",
        ),
        (["run", "recipe.yaml", "--set", "output=recipe.yaml"], 74, "no directory"),
        (["run", "recipe.yaml", "--set", "output=/proc/nowhere/out"], 74, "/proc/nowhere"),
        (["run", "recipe.yaml", "--set", "views.weak.copies=zero"], 78, "views.weak.copies"),
    ],
)
def test_a_mistake_is_one_message_and_an_exit_code(augmill, recipe, arguments, code, message):
    said = augmill(*arguments, code=code)
    assert said.startswith("augmill: ")
    assert message in said
    assert len(said.splitlines()) <= 2


def test_too_many_rejects(augmill, recipe, mill):
    mill.write(pa.table({"text": ["fine", "BOOM"], "n": [1, 2]}))
    said = augmill("run", recipe, "--workers", "1", code=65)
    assert "1 of 2 rows were rejected (error 1)" in said


def test_another_run_holds_the_output(augmill, recipe, mill):
    from pipelines.store.opening import open_store

    with open_store(str(mill.output)):
        assert "another run is writing" in augmill("run", recipe, code=75)


def test_a_missing_model_is_no_matter_of_rows(augmill, recipe):
    step = "views.loud.steps=[{use: raising, error: model}]"
    assert augmill("run", recipe, "--set", step, code=78) == "augmill: on purpose\n"


@pytest.mark.parametrize(
    ("column", "value", "code"), [("input", "nothing.parquet", 66), ("text", "txet", 65)]
)
def test_wrong_input_seen_from_a_shell(shell, recipe, column, value, code):
    said = shell("run", recipe, "--set", f"{column}={value}", code=code)
    assert said.startswith("augmill: the input ")
    assert value in said
    assert len(said.splitlines()) == 1


def test_a_full_disk(shell, recipe, mill, texts):
    limit = (
        "import resource as r, signal as s; s.signal(s.SIGXFSZ, s.SIG_IGN); "
        "r.setrlimit(r.RLIMIT_FSIZE, (60_000, 60_000)); "
    )
    mill.write(pa.table({"text": texts(5000), "n": range(5000)}))
    said = shell("run", recipe, "--workers", "1", code=74, before=limit)
    assert "File too large" in said
    assert not mill.output.exists()


def test_importing_and_asking_for_help_load_nothing_heavy():
    heavy = ["torch", "transformers", "ray", "nlpaug", "onnxruntime", "pandas", "pebble"]
    code = (
        "import sys, augment, pipelines, pipelines.cli, pipelines.runner; "
        f"print(*sorted(set({heavy}) & set(sys.modules)))"
    )
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    out = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)
    assert out.stdout.split() == []
    light = (
        "import sys, pipelines.cli; print(*({'pyarrow', 'pydantic', 'numpy'} & set(sys.modules)))"
    )
    out = subprocess.run([sys.executable, "-c", light], env=env, capture_output=True, text=True)
    assert out.returncode == 0
    assert out.stdout.split() == []


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGKILL])
def test_a_stopped_run_leaves_no_worker_and_the_old_output(tmp_path, sent):
    """A run over two processes is stopped while both are at work; the next one is not disturbed."""
    for name in ("a", "b"):
        rows = [f"The quick brown fox {name}{i} jumps over the lazy dog." for i in range(20_000)]
        pq.write_table(pa.table({"text": rows}), tmp_path / f"{name}.parquet")
    (tmp_path / "r.yaml").write_text(
        "input: '*.parquet'\noutput: out\ncopies: 5\n"
        "steps: [{use: nlpaug, augmenter: char.KeyboardAug}]\n"
    )
    command = [sys.executable, "-m", "pipelines", "run", "r.yaml", "--workers", "2"]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    job = subprocess.Popen(command, cwd=tmp_path, env=env, stderr=subprocess.PIPE)
    until(lambda: len(workers_of(tmp_path)) == 2)
    job.send_signal(sent)
    code = job.wait(timeout=30)
    assert code == (130 if sent == signal.SIGTERM else -sent)
    until(lambda: not workers_of(tmp_path))
    assert not (tmp_path / "out").exists()
    with job.stderr as said:
        message = said.read()
    if sent == signal.SIGTERM:
        assert b"interrupted" in message
        assert not (tmp_path / "out.aug" / "tmp").exists()


def workers_of(folder):
    """Processes that hold a file below the folder open."""
    found = set()
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        with contextlib.suppress(OSError):
            if str(link.readlink()).startswith(f"{folder}/out.aug/tmp/"):
                found.add(link.parts[2])
    return found


def until(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)
