"""How the bundled English table is built; nothing here is imported at run time."""
