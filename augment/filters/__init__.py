"""One file per filter; they are reached by name through ``augment.registry``."""
