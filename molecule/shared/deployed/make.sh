#!/bin/sh
# Make the deployed hosts that scenarios begin with copies of, one of each Debian release, unless they are there and made
# of the same files. A copy takes the root file system from an image, and what the engine inside holds from the volume of
# the host itself, which stays, switched off.
# Usage: make.sh VARIABLES-AS-JSON
set -eu
variables=$1
cd "$(dirname "$0")/../../.."

# What a deployment is made of.
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

# Of scenarios that begin together, one makes them and the other waits.
exec 9>/run/lock/jarvis-deployed
flock 9
made_of=$(digest)
if are_present; then
	echo 'present'
	exit
fi
# Ansible's connections outlive it for a minute, and may not hold the lock.
JARVIS_TEST_MACHINE_READY=yes ansible-playbook molecule/shared/deployed/make.yml \
	--inventory molecule/shared/deployed/hosts.yml --extra-vars "$variables" 9>&-
for suite in bookworm trixie; do
	host=jarvis-deployed-$suite
	# Empty, so that every copy gives itself one.
	docker exec "$host" truncate --size 0 /etc/machine-id
	# It stays off when this machine's engine starts.
	docker update --restart no "$host"
	docker stop -t 60 "$host"
	docker commit --change "LABEL made_of=$made_of" "$host" "jarvis-test-host:$suite-deployed"
done
# The images that these replace, unless a host runs on them.
docker image prune --force --filter label=made_of
