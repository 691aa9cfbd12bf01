"""Where outputs lie: immutable objects, a log of versions, and what readers see of it."""
