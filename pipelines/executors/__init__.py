"""Ways to map shards over workers; each is one function from tasks to receipts."""
