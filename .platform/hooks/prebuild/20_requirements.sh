#!/bin/sh
# The Python platform installs requirements.txt; the one that also reaches PostgreSQL takes its place.
set -eu
cp requirements-postgres.txt requirements.txt
