"""Where models are kept: what a store promises, in memory and in a database."""
