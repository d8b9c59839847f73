#!/bin/sh
# Save images under the names that the tests use, once for all test hosts.
# Usage: image-archive.sh ARCHIVE IMAGE=TEST-NAME ...
set -eu
archive=$1
shift
names='' ids=''
for pair in "$@"; do
	docker tag "${pair%%=*}" "${pair#*=}"
	names="$names ${pair#*=}"
	ids="$ids $(docker image inspect --format '{{.Id}}' "${pair#*=}")"
done
if [ -f "$archive" ] && [ "$(cat "$archive.ids" 2>/dev/null)" = "$ids" ]; then
	echo 'present'
	exit
fi
mkdir -p "$(dirname "$archive")"
# shellcheck disable=SC2086 # the names are separate words
docker save --output "$archive.part" $names
mv "$archive.part" "$archive"
printf '%s' "$ids" >"$archive.ids"
