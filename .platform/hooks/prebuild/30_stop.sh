#!/bin/sh
# On the Python platform systemd stops the server, and by itself waits no longer than 90 seconds.
set -eu
command -v docker >/dev/null && exit 0
mkdir -p /etc/systemd/system/web.service.d
printf '[Service]\nTimeoutStopSec=345\n' >/etc/systemd/system/web.service.d/stop.conf
systemctl daemon-reload
