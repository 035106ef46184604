"""From what a caller sent to arrays."""
