"""Text as columns: boundaries, edits, protection, casing, languages; nothing of augmenters."""
