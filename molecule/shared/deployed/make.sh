#!/bin/sh
# Make one deployed host of each Debian release. Scenarios begin with copies of these. A host that is there already, and
# was made of the same files, is kept. A copy takes the root file system from an image of the host, and the engine's data
# from the volume of the host. For that reason the host is kept, switched off.
# Usage: make.sh VARIABLES-AS-JSON
set -eu
variables=$1
cd "$(dirname "$0")/../../.."

# The files that decide what a deployment does.
digest() {
	{
		find ansible.cfg site.yml playbooks roles sql molecule/shared -type f -not -path '*/__pycache__/*' \
			-exec sha256sum {} + | sort
		cat .cache/images.tar.ids
		docker image inspect --format '{{.Id}}' jarvis-test-host:bookworm jarvis-test-host:trixie
		echo "$variables"
	} | sha256sum | cut -c1-12
}

are_present() {
	docker container inspect jarvis-deployed-bookworm jarvis-deployed-trixie >/dev/null 2>&1 || return 1
	for suite in bookworm trixie; do
		image=jarvis-test-host:$suite-deployed
		[ "$(docker image inspect --format '{{.Config.Labels.made_of}}' "$image" 2>/dev/null)" = "$made_of" ] || return 1
	done
}

# When two scenarios begin together, one makes the hosts and the other waits.
exec 9>/run/lock/jarvis-deployed
flock 9
made_of=$(digest)
if are_present; then
	echo 'present'
	exit
fi
# Ansible's connections live for a minute after it ends. They must not hold the lock that long.
JARVIS_TEST_MACHINE_READY=yes ansible-playbook molecule/shared/deployed/make.yml \
	--inventory molecule/shared/deployed/hosts.yml --extra-vars "$variables" 9>&-
for suite in bookworm trixie; do
	host=jarvis-deployed-$suite
	# The file is left empty, so that every copy gives itself an id of its own.
	docker exec "$host" truncate --size 0 /etc/machine-id
	# The host stays switched off when this machine's engine starts.
	docker update --restart no "$host"
	docker stop -t 60 "$host"
	docker commit --change "LABEL made_of=$made_of" "$host" "jarvis-test-host:$suite-deployed"
done
# Remove the images that the new ones replace. One that a host still runs on stays.
docker image prune --force --filter label=made_of
