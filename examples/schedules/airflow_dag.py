"""An Airflow DAG that refreshes the dataset every night (Airflow 3).

A task that fails calls ``on_failure_callback``, where an alert belongs.
"""

import subprocess
from datetime import datetime, timedelta

from airflow.sdk import dag, task
from airflow.sdk.exceptions import AirflowException, AirflowFailException

COMMAND = [
    *("/opt/augmill/bin/augmill", "run", "/etc/augmill/nightly.yaml"),
    *("--log-format", "json"),
    *("--metrics-file", "/var/lib/prometheus/node-exporter/augmill.prom"),
]
TRY_LATER = 75


@dag(
    schedule="30 2 * * *",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    max_active_runs=1,
    tags=["augmill"],
)
def refresh():
    """One task: what is to be computed, augmill finds out by itself."""

    @task(retries=12, retry_delay=timedelta(minutes=10), execution_timeout=timedelta(hours=4))
    def augment():
        code = subprocess.run(COMMAND, check=False).returncode
        if code == TRY_LATER:
            raise AirflowException(
                "the output or the input is in use, or workers died; see the log"
            )
        if code != 0:
            raise AirflowFailException(f"exit code {code}: no later try can help; see the log")

    augment()


refresh()
