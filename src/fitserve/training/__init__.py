"""A training: what it is, those under way and queued, where one runs, a process of its own."""
