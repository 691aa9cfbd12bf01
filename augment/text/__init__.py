"""Text as columns: boundaries, edits, protection, casing, languages. Knows nothing of augmenters."""
