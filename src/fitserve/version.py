"""Which version of fitserve this is, as pyproject.toml says."""

VERSION = "0.1.0"
