#!/bin/sh
# Pack the files that a clone would hold, and changes that are not committed yet, into the given file.
set -eu
cd "$(dirname "$0")/../.."
mkdir -p "$(dirname "$1")"
git ls-files --cached --others --exclude-standard >"$1.files"
tar --create --files-from="$1.files" --file="$1"
