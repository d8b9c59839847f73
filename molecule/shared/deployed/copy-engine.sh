#!/bin/sh
# Copy what the engine inside of a test host holds, such as images and containers, to another host that has never run,
# while the first is off.
# Usage: copy-engine.sh FROM TO
set -eu

# A volume of the host, which is no part of its image.
folder() {
	docker inspect --format '{{range .Mounts}}{{if eq .Destination "/var/lib/docker"}}{{.Source}}{{end}}{{end}}' "$1"
}

if [ -n "$(ls -A "$(folder "$2")")" ]; then
	echo 'present'
	exit
fi
# With the attributes and devices by which the engine's layers hide files of those below.
cp --archive "$(folder "$1")/." "$(folder "$2")"
