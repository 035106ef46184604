"""fitserve: fit + serve."""
