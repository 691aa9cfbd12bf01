"""Loading and batched inference, nothing else; models are cached per process by full identity."""
