#!/bin/sh
# Copy what the engine inside of a test host holds, such as images and containers, to another host that has never run,
# while the first is off.
# Usage: copy-engine.sh FROM TO
set -eu

# The engine's folder is a volume of the host, so the host's image does not contain it.
folder() {
	docker inspect --format '{{range .Mounts}}{{if eq .Destination "/var/lib/docker"}}{{.Source}}{{end}}{{end}}' "$1"
}

if [ -n "$(ls -A "$(folder "$2")")" ]; then
	echo 'present'
	exit
fi
# The engine's layers hide files of lower layers by means of extended attributes and devices, so these are copied as well.
cp --archive "$(folder "$1")/." "$(folder "$2")"
