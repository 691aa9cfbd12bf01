"""One file per engine that can run a network."""
