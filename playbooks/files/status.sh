#!/bin/sh
# Print the containers of ours, a line each, and how much room their data takes. Their names come as one|another.
set -eu
if ! command -v docker >/dev/null; then
	echo 'no Docker is here; ./jarvis deploy installs it'
	exit
fi
containers=$(docker ps --all --filter "name=^($1)\$" \
	--format '{{.Names}}: {{.Status}}, {{.Image}}, {{.Ports}}')
echo "${containers:-no container of ours is here}"
for folder in /var/lib/jarvis/*; do
	if [ -d "$folder/data" ]; then
		echo "$folder: $(du -sh "$folder" | cut -f 1)"
	fi
done
