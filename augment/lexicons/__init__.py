"""Sources of synonyms behind one interface."""
