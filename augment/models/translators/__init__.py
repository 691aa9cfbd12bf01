"""Backends of machine translation, one module each; see ``augment.models.translate``."""
