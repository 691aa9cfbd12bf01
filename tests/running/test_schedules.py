"""The ready schedules: their tools accept them, and they do the right thing by every exit code."""

import importlib.util
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from pipelines.cli import main

ROOT = Path(__file__).parents[2]
SCHEDULES = ROOT / "examples" / "schedules"
PROGRAM = "/opt/augmill/bin/augmill"
CRON = SCHEDULES / "cron"
SYSTEMD = SCHEDULES / "systemd"

FAILURES = (1, 64, 65, 66, 74, 78)
"""Exit codes that no later try mends."""

FINISHED = (
    '{"event": "run_finished", "message": "run_finished", "output": "out", "outcome": "published",'
    ' "version": 3, "rows": 10, "reused": 2, "seconds": 1.5}'
)


@pytest.fixture
def fake(tmp_path):
    """A program that notes its arguments and ends with the codes it is told, the last one again."""
    program = tmp_path / "augmill"
    program.write_text(
        f"#!{sys.executable}\n"
        "import pathlib, sys\n"
        "here = pathlib.Path(__file__).parent\n"
        "calls = here / 'calls'\n"
        "with calls.open('a') as file: print(*sys.argv[1:], file=file)\n"
        "codes = (here / 'codes').read_text().split()\n"
        "code = int(codes[min(len(calls.read_text().splitlines()), len(codes)) - 1])\n"
        f"print({FINISHED!r}, file=sys.stderr)\n"
        'print(\'{"event": "error", "message": "so it is"}\' if code else \'\', file=sys.stderr)\n'
        "sys.exit(code)\n"
    )
    program.chmod(0o755)
    return program


def ends(fake, *codes):
    (fake.parent / "codes").write_text(" ".join(map(str, codes)))
    (fake.parent / "calls").unlink(missing_ok=True)


def calls(fake):
    return (fake.parent / "calls").read_text().splitlines()


def cron_command():
    """The fields of the crontab's one line: minute, hour, day, month, weekday, user, command."""
    lines = (CRON / "augmill").read_text().splitlines()
    (line,) = [x for x in lines if x and not x.startswith("#") and not x.split()[0].count("=")]
    return line.split(maxsplit=6)


def job():
    for document in yaml.safe_load_all((SCHEDULES / "kubernetes.yaml").read_text()):
        if document["kind"] == "CronJob":
            return document["spec"]
    raise AssertionError("no CronJob")


def container():
    (found,) = job()["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    return found


def service():
    found = {}
    for line in (SYSTEMD / "augmill.service").read_text().splitlines():
        if "=" in line and not line.startswith("#"):
            name, _, value = line.partition("=")
            found[name] = value
    return found


def listed(path):
    """The ``COMMAND`` of a Python file, without running the rest of it."""
    import ast

    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Assign) and node.targets[0].id == "COMMAND":
            return eval(compile(ast.Expression(node.value), str(path), "eval"))
    raise AssertionError("no COMMAND")


def commands():
    """What every schedule calls, without the program."""
    command = cron_command()[6].partition(" 2>>")[0]
    yield "cron", ["run", *shlex.split(command)[1:]]
    yield "systemd", shlex.split(service()["ExecStart"])[1:]
    yield "kubernetes", [*container()["command"], *container()["args"]][1:]
    yield "airflow", listed(SCHEDULES / "airflow_dag.py")[1:]
    yield "dagster", listed(SCHEDULES / "dagster_asset.py")[1:]


@pytest.mark.parametrize(("name", "arguments"), list(commands()))
def test_the_command_line_knows_every_option_they_use(name, arguments, monkeypatch, capsys):
    assert arguments[:2] == ["run", "/etc/augmill/nightly.yaml"]
    options = " ".join(arguments).replace("=", " ")
    assert "--log-format json" in options
    assert "/augmill.prom" in options.partition("--metrics-file ")[2]
    # Options are parsed before help is shown.
    monkeypatch.setattr(sys, "argv", ["augmill", *arguments, "--help"])
    with pytest.raises(SystemExit) as done:
        main()
    assert done.value.code == 0, capsys.readouterr().err
    assert "--metrics-file" in capsys.readouterr().out


def refresh(fake, **environment):
    return subprocess.run(
        [CRON / "refresh.sh", "/etc/augmill/nightly.yaml", "--log-format", "json"],
        env={**os.environ, "AUGMILL": str(fake), "AUGMILL_WAIT": "0", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=False,
    )


def test_cron_mails_nothing_if_all_is_well(fake):
    ends(fake, 0)
    done = refresh(fake)
    assert (done.returncode, done.stdout) == (0, "")
    assert calls(fake) == ["run /etc/augmill/nightly.yaml --log-format json"]


def test_cron_tries_later_what_may_be_better_later(fake):
    ends(fake, 75, 75, 0)
    assert refresh(fake).stdout == ""
    assert len(calls(fake)) == 3
    ends(fake, 75)
    done = refresh(fake, AUGMILL_TRIES="4")
    assert done.returncode == 75
    assert "exit code 75; tried 4 times" in done.stdout
    assert len(calls(fake)) == 4


@pytest.mark.parametrize("code", FAILURES)
def test_cron_mails_at_once_what_needs_somebody(fake, code):
    ends(fake, code)
    done = refresh(fake)
    assert done.returncode == code
    assert done.stdout.startswith(f"augmill run /etc/augmill/nightly.yaml: exit code {code}; ")
    assert len(calls(fake)) == 1


def test_the_crontab_is_one(fake, tmp_path):
    minute, hour, day, month, weekday, user, command = cron_command()
    assert int(minute) in range(60)
    assert int(hour) in range(24)
    assert (day, month, weekday, user) == ("*", "*", "*", "augmill")
    # In a crontab a percent sign is a line break.
    assert "%" not in command
    command = command.replace("/opt/augmill/bin/refresh.sh", str(CRON / "refresh.sh"))
    command = command.replace("/var/log/augmill", str(tmp_path))
    ends(fake, 0)
    env = {**os.environ, "AUGMILL": str(fake)}
    subprocess.run(["/bin/sh", "-c", command], env=env, check=True)
    assert (tmp_path / "nightly.jsonl").read_text().startswith(FINISHED)
    assert len(calls(fake)) == 1


def verify(folder, *names):
    return subprocess.run(
        ["systemd-analyze", "verify", *(f"./{name}" for name in names)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def units(tmp_path, fake):
    """The units, with a program that is there."""
    folder = tmp_path / "units"
    shutil.copytree(SYSTEMD, folder)
    file = folder / "augmill.service"
    file.write_text(file.read_text().replace(PROGRAM, str(fake)))
    return folder


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_accepts_the_units(units):
    done = verify(units, "augmill.service", "augmill.timer", "augmill-alert@x.service")
    assert (done.returncode, done.stderr) == (0, "")
    file = units / "augmill.service"
    file.write_text(file.read_text().replace("RestartSec=", "RestartSecs="))
    assert "Unknown key 'RestartSecs'" in verify(units, "augmill.service").stderr


def test_systemd_tries_again_after_75_alone_and_alerts_otherwise():
    found = service()
    assert found["RestartForceExitStatus"] == "75"
    assert "Restart" not in found
    assert found["OnFailure"] == "augmill-alert@%n.service"
    assert (SYSTEMD / "augmill-alert@.service").exists()
    assert found["SuccessExitStatus"] == "130"


def test_kubernetes_accepts_the_job(tmp_path):
    pytest.importorskip("kubernetes_validate")
    check = [sys.executable, "-m", "kubernetes_validate", "--strict"]
    file = SCHEDULES / "kubernetes.yaml"
    done = subprocess.run([*check, file], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(file.read_text().replace("backoffLimit", "backofLimit"))
    done = subprocess.run([*check, wrong], capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "backofLimit" in done.stdout + done.stderr


def test_kubernetes_tries_again_after_75_but_not_what_fails_for_good():
    spec = job()["jobTemplate"]["spec"]
    (rule,) = [r for r in spec["podFailurePolicy"]["rules"] if r["action"] == "FailJob"]
    assert rule["onExitCodes"]["containerName"] == container()["name"]
    assert rule["onExitCodes"]["values"] == [64, 65, 66, 74, 78]
    assert rule["onExitCodes"]["operator"] == "In"
    assert spec["backoffLimit"] > 0
    assert spec["template"]["spec"]["restartPolicy"] == "Never"
    assert job()["concurrencyPolicy"] == "Forbid"


def test_kubernetes_brings_a_recipe_that_builds(tmp_path):
    from pipelines import plan, recipe

    documents = yaml.safe_load_all((SCHEDULES / "kubernetes.yaml").read_text())
    (config,) = [d for d in documents if d["kind"] == "ConfigMap"]
    ((name, text),) = config["data"].items()
    assert container()["command"][2].endswith(name)
    file = tmp_path / name
    file.write_text(text)
    assert plan.build(recipe.load(file)).recipe.output.startswith("/data/")


def imported(name):
    spec = importlib.util.spec_from_file_location(name, SCHEDULES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_airflow_tries_again_after_75_alone(fake, monkeypatch, tmp_path):
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path / "airflow"))
    exceptions = pytest.importorskip("airflow.sdk.exceptions")
    module = imported("airflow_dag")
    augment = module.refresh().get_task("augment")
    assert augment.retries == 12
    monkeypatch.setattr(module, "COMMAND", [str(fake)])
    ends(fake, 0)
    augment.python_callable()
    ends(fake, 75)
    with pytest.raises(exceptions.AirflowException, match="in use") as raised:
        augment.python_callable()
    assert not isinstance(raised.value, exceptions.AirflowFailException)
    for code in FAILURES:
        ends(fake, code)
        with pytest.raises(exceptions.AirflowFailException, match=f"exit code {code}:"):
            augment.python_callable()


def test_dagster_tries_again_after_75_alone_and_shows_the_numbers(fake, monkeypatch):
    dagster = pytest.importorskip("dagster")
    module = imported("dagster_asset")
    assert module.definitions.resolve_job_def("nightly")
    monkeypatch.setattr(module, "COMMAND", [str(fake)])

    def augmented():
        return module.augmented(dagster.build_asset_context())

    ends(fake, 0)
    assert augmented().metadata["version"] == 3
    ends(fake, 75)
    with pytest.raises(dagster.RetryRequested) as raised:
        augmented()
    assert raised.value.max_retries == 12
    for code in FAILURES:
        ends(fake, code)
        with pytest.raises(dagster.Failure, match=f"exit code {code}: so it is") as failed:
            augmented()
        assert failed.value.allow_retries is False
