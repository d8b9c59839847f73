#!/bin/sh
# Print the containers of ours, a line each, and how much room their data takes.
set -eu
containers=$(docker ps --all --filter 'name=^jarvis-(postgres|redis)$' \
	--format '{{.Names}}: {{.Status}}, {{.Image}}, {{.Ports}}')
echo "${containers:-no container of ours is here}"
root=$(docker info --format '{{.DockerRootDir}}')
for volume in jarvis_postgres_data jarvis_redis_data; do
	if [ -d "$root/volumes/$volume" ]; then
		echo "volume $volume: $(du -sh "$root/volumes/$volume" | cut -f 1)"
	fi
done
