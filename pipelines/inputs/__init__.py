"""Files that a corpus comes in: where they are, what they hold, and whether they have changed."""
