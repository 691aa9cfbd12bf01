"""The quality of a published dataset, in numbers: what was made, how it differs, what was lost."""

from pipelines.quality.card import Quality, measure

__all__ = ["Quality", "measure"]
