"""What the footer of an object tells, besides what every Parquet footer does."""

KEY = "augmill.key"
"""The object's key."""

STATS = "augmill.stats"
"""Counts of what happened, see :meth:`pipelines.stats.Stats.told`; JSON."""

PAGES = "augmill.digest"
"""XXH3-128 of the file up to its footer, 32 hex digits."""
