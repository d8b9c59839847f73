#!/bin/bash
# Start Redis as the official image does. If the first word is an option or a configuration file, it
# is given to redis-server; any other command is run as it is. Root becomes the user redis first.
set -euo pipefail

case ${1:-} in
    '' | -* | *.conf) set -- redis-server "$@" ;;
esac

if [[ $1 != redis-server ]]; then
    exec "$@"
fi

if [[ $(id --user) == 0 ]]; then
    # Volumes of earlier containers may belong to another user.
    find /data ! -user redis -exec chown redis:redis {} +
    exec setpriv --reuid=redis --regid=redis --init-groups -- "$0" "$@"
fi

# Others reach a container's port only if it is published, so the official image turns protected mode
# off. A configuration file that sets it, or that may set it by an include, is respected.
if [[ " $* " != *' --protected-mode '* ]] &&
    ! { [[ -f ${2:-} ]] && grep --quiet --ignore-case --extended-regexp '^[[:space:]]*(protected-mode|include)[[:space:]]' "$2"; }; then
    set -- "$@" --protected-mode no
fi

# Nobody but Redis may read its data files.
umask 0077
exec "$@"
