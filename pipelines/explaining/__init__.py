"""How a row of an output came about: found, made once more, and held against what is stored."""

from pipelines.explaining.explained import Explained, explain

__all__ = ["Explained", "explain"]
