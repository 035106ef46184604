#!/bin/sh
# The folder of an SQLite store, outside the application, which every deploy replaces. On the Docker
# platform the user in the image owns it (by number), on the Python platform the user of the Procfile.
set -eu
if command -v docker >/dev/null; then owner=10001; else owner=webapp; fi
install --directory --owner "$owner" --group "$owner" --mode 0700 /var/lib/fitserve
