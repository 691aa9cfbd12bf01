"""One file per augmenter; they are reached by name through ``augment.registry``."""
