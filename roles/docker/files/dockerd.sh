#!/bin/sh
# Start or restart dockerd where no service manager does, and wait until it answers.
set -eu
pid_file=/var/run/docker.pid

if [ "$1" = restart ]; then
	# The engine reloads first: live-restore then keeps containers running while it is away.
	start-stop-daemon --stop --signal HUP --oknodo --quiet --pidfile "$pid_file" --name dockerd
	sleep 1
	start-stop-daemon --stop --retry 30 --oknodo --pidfile "$pid_file" --name dockerd
fi
start-stop-daemon --start --background --oknodo --pidfile "$pid_file" --exec "$(command -v dockerd)" \
	--output /var/log/dockerd.log

tries=60
until docker version >/dev/null 2>&1; do
	tries=$((tries - 1))
	[ "$tries" -gt 0 ] || {
		echo "dockerd does not answer; the end of /var/log/dockerd.log:" >&2
		tail -n 20 /var/log/dockerd.log >&2
		exit 1
	}
	sleep 0.5
done
