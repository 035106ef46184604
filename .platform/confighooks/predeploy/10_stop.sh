#!/bin/sh
# A change of settings replaces the container as a deploy does.
set -eu
exec "$(dirname "$0")/../../hooks/predeploy/10_stop.sh"
