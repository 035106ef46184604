"""How a browser registers a model: a table, what was understood of it, and the settings."""
