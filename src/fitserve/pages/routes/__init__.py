"""Routes of pages: each parses, makes one call, and returns."""
