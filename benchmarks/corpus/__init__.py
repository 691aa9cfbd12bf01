"""Whole corpora end to end: what a run costs beside a plain read and write, in time and memory."""
