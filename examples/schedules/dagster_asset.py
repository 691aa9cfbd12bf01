"""A Dagster asset that is refreshed every night, with the run's numbers as its metadata.

An alert on a failed run of the job belongs into a ``run_failure_sensor``.
"""

import json
import subprocess

from dagster import (
    AssetExecutionContext,
    Definitions,
    Failure,
    MaterializeResult,
    RetryRequested,
    ScheduleDefinition,
    asset,
    define_asset_job,
)

COMMAND = [
    *("/opt/augmill/bin/augmill", "run", "/etc/augmill/nightly.yaml"),
    *("--log-format", "json"),
    *("--metrics-file", "/var/lib/prometheus/node-exporter/augmill.prom"),
]
TRY_LATER = 75
TOLD = ("output", "outcome", "version", "rows", "reused", "seconds")


@asset
def augmented(context: AssetExecutionContext) -> MaterializeResult:
    """The augmented dataset; augmill finds out by itself what is to be computed."""
    last, finished = "no word", {}
    with subprocess.Popen(COMMAND, stderr=subprocess.PIPE, text=True) as run:
        for line in run.stderr:
            event = json.loads(line) if line.startswith("{") else {"message": line.rstrip()}
            last = event["message"]
            context.log.info(last)
            finished = event if event.get("event") == "run_finished" else finished
    if run.returncode == TRY_LATER:
        raise RetryRequested(max_retries=12, seconds_to_wait=600)
    if run.returncode != 0:
        raise Failure(f"exit code {run.returncode}: {last}", allow_retries=False)
    return MaterializeResult(metadata={name: finished[name] for name in TOLD})


nightly = define_asset_job("nightly", selection=[augmented])

definitions = Definitions(
    assets=[augmented],
    jobs=[nightly],
    schedules=[ScheduleDefinition(job=nightly, cron_schedule="30 2 * * *")],
)
