"""Neural augmentation beside its peers: the same checkpoints, texts, edits and lengths."""
