#!/bin/bash
# Start Redis as the official image does: options or a configuration file may stand alone, root
# hands over to the user redis, and any other command is simply run.
set -euo pipefail

case ${1:-} in
    '' | -* | *.conf) set -- redis-server "$@" ;;
esac

if [[ $1 != redis-server ]]; then
    exec "$@"
fi

if [[ $(id --user) == 0 ]]; then
    # Volumes of earlier containers may belong to somebody else.
    find /data ! -user redis -exec chown redis:redis {} +
    exec setpriv --reuid=redis --regid=redis --init-groups -- "$0" "$@"
fi

# A container's port is reached from outside only where it is published, so the official image has
# protected mode off. A configuration file that decides on it, or may (by include), is left alone.
if [[ " $* " != *' --protected-mode '* ]] &&
    ! { [[ -f ${2:-} ]] && grep --quiet --ignore-case --extended-regexp '^[[:space:]]*(protected-mode|include)[[:space:]]' "$2"; }; then
    set -- "$@" --protected-mode no
fi

# Data files are for Redis alone.
umask 0077
exec "$@"
