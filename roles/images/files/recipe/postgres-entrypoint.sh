#!/bin/bash
# Start PostgreSQL, preparing an empty data directory first, under the official image's contract:
# POSTGRES_* and POSTGRES_*_FILE, /docker-entrypoint-initdb.d, root or the user postgres.
#
# One thing differs. During a first start, the data directory holds the folder $unfinished, which
# is made before anything else and removed last. A start that finds this folder knows that the
# first start was interrupted and that these files have never served anybody. So it begins again.
set -Eeuo pipefail

sockets=/var/run/postgresql
unfinished=$PGDATA/.first-start-unfinished

say() { printf 'first start: %s\n' "$*"; }

die() {
    printf 'docker-entrypoint.sh: %s\n' "$@" >&2
    exit 1
}

# Set the variable $1: keep its value, or read the file that the variable $1_FILE names, or take $2.
from_environment() {
    local name=$1 file=$1_FILE
    if [[ -n ${!name:-} && -n ${!file:-} ]]; then
        die "$name and $file are both set: give one of them"
    fi
    if [[ -n ${!file:-} ]]; then
        [[ -r ${!file} ]] || die "$file names ${!file}, which $(id --user --name) cannot read"
        printf -v "$name" '%s' "$(<"${!file}")"
        unset "$file"
    elif [[ -z ${!name:-} ]]; then
        printf -v "$name" '%s' "${2:-}"
    fi
    export "${name?}"
}

# Print the value of the setting $1 that a server with the command line in the other arguments would use.
setting() { postgres -C "$1" "${@:3}"; }

# Does the command line only ask for information?
asks_for_help() {
    local argument
    for argument; do
        case $argument in
            -\? | --help | --describe-config | -V | --version | -C) return 0 ;;
        esac
    done
    return 1
}

# As root, give the folders to postgres. Volumes of earlier containers may belong to another user.
hand_over_folders() {
    local folder
    for folder in "$PGDATA" "$sockets" ${POSTGRES_INITDB_WALDIR:+"$POSTGRES_INITDB_WALDIR"}; do
        mkdir -p "$folder"
        find "$folder" ! -user postgres -exec chown postgres:postgres {} +
    done
    chmod 0700 "$PGDATA"
}

read_environment() {
    from_environment POSTGRES_PASSWORD
    from_environment POSTGRES_USER postgres
    from_environment POSTGRES_DB "$POSTGRES_USER"
    from_environment POSTGRES_INITDB_ARGS
    : "${POSTGRES_HOST_AUTH_METHOD:=}"
}

refuse_what_cannot_work() {
    if [[ -z $POSTGRES_PASSWORD && $POSTGRES_HOST_AUTH_METHOD != trust ]]; then
        die 'the superuser needs a password: set POSTGRES_PASSWORD or POSTGRES_PASSWORD_FILE' \
            '(POSTGRES_HOST_AUTH_METHOD=trust lets everyone in without one; for throw-away databases only)'
    fi
    if [[ -n ${POSTGRES_INITDB_WALDIR:-} && -n $(ls -A "$POSTGRES_INITDB_WALDIR" 2> /dev/null) ]]; then
        die "POSTGRES_INITDB_WALDIR is $POSTGRES_INITDB_WALDIR, which is not empty: name an empty folder"
    fi
}

# Remove what an interrupted first start left.
discard_unfinished() {
    say "an earlier one was interrupted before it served anybody; beginning again in $PGDATA"
    if [[ -n ${POSTGRES_INITDB_WALDIR:-} ]]; then
        find "$POSTGRES_INITDB_WALDIR" -mindepth 1 -delete
    fi
    # The marker is removed last, because this may be interrupted as well.
    find "$PGDATA" -mindepth 1 ! -path "$unfinished" -delete
    rmdir "$unfinished"
}

make_cluster() {
    local -a arguments
    eval "arguments=($POSTGRES_INITDB_ARGS)"
    if [[ -n ${POSTGRES_INITDB_WALDIR:-} ]]; then
        arguments+=(--waldir="$POSTGRES_INITDB_WALDIR")
    fi
    if [[ -n $POSTGRES_PASSWORD ]]; then
        # A pipe hands over the password, so that it is in no argument and in no file.
        arguments+=(--pwfile=/dev/stdin)
    fi
    # initdb wants an empty folder, so it works in the marker folder. Then everything moves up.
    initdb --pgdata="$unfinished" --username="$POSTGRES_USER" "${arguments[@]}" <<< "$POSTGRES_PASSWORD"
    find "$unfinished" -mindepth 1 -maxdepth 1 -exec mv --target-directory="$PGDATA" {} +

    local method=${POSTGRES_HOST_AUTH_METHOD:-$(setting password_encryption "$@")}
    printf '\nhost all all all %s\n' "$method" >> "$PGDATA/pg_hba.conf"
}

# Run SQL from the arguments or from stdin; init scripts may call it, too.
docker_process_sql() {
    local -a database=()
    [[ -z $POSTGRES_DB ]] || database=(--dbname "$POSTGRES_DB")
    psql --set ON_ERROR_STOP=1 --no-password --no-psqlrc --host "$sockets" --username "$POSTGRES_USER" \
        "${database[@]}" "$@"
}

run_init_scripts() {
    local script
    for script in /docker-entrypoint-initdb.d/*; do
        case $script in
            *.sh)
                say "running $script"
                if [[ -x $script ]]; then
                    "$script"
                else
                    # shellcheck source=/dev/null
                    . "$script"
                fi
                ;;
            *.sql) say "running $script" && docker_process_sql --file "$script" ;;
            *.sql.gz) say "running $script" && gunzip --stdout "$script" | docker_process_sql ;;
            *.sql.xz) say "running $script" && xz --decompress --stdout "$script" | docker_process_sql ;;
            *.sql.zst) say "running $script" && zstd --decompress --stdout "$script" | docker_process_sql ;;
            */'*') ;;
            *) say "ignoring $script" ;;
        esac
    done
}

# Make the database and run the init scripts, on a server with the same arguments that listens on the
# socket alone.
fill_cluster() {
    "$@" -c listen_addresses='' -c unix_socket_directories="$sockets" &
    local server=$!
    until pg_isready --quiet --host "$sockets" --username "$POSTGRES_USER"; do
        kill -0 "$server" 2> /dev/null || die 'the server for the first start ended; its log above says why'
        sleep 0.1
    done
    export PGPASSWORD=$POSTGRES_PASSWORD
    if [[ $POSTGRES_DB != postgres ]]; then
        docker_process_sql --dbname postgres --set name="$POSTGRES_DB" <<< 'CREATE DATABASE :"name"'
    fi
    run_init_scripts
    unset PGPASSWORD
    kill -INT "$server"
    wait "$server"
}

first_start() {
    trap 'exit 130' INT TERM
    if [[ -n $(find "$PGDATA" -mindepth 1 -maxdepth 1 -print -quit) ]]; then
        die "$PGDATA is not empty, yet holds no database: give an empty volume, or the right one"
    fi
    mkdir --mode=0700 "$unfinished"
    make_cluster "$@"
    fill_cluster "$@"
    sync --file-system "$PGDATA"
    rmdir "$unfinished"
    trap - INT TERM
    say 'done; the server starts'
}

if [[ ${1:-} == -* ]]; then
    set -- postgres "$@"
fi
if [[ ${1:-} != postgres ]] || asks_for_help "$@"; then
    exec "$@"
fi
if [[ $(id --user) == 0 ]]; then
    hand_over_folders
    exec setpriv --reuid=postgres --regid=postgres --init-groups -- "$0" "$@"
fi

[[ -w $PGDATA ]] || die "$PGDATA belongs to $(stat --format='%U (%u)' "$PGDATA" 2> /dev/null || echo nobody)," \
    "and $(id --user --name) ($(id --user)) cannot write there"
chmod 0700 "$PGDATA" 2> /dev/null || true
read_environment
if [[ -d $unfinished ]]; then
    discard_unfinished
fi
if [[ ! -s $PGDATA/PG_VERSION ]]; then
    refuse_what_cannot_work
    first_start "$@"
fi
# The server's environment must not contain secrets.
unset POSTGRES_PASSWORD

# The package was built with sockets in /tmp. Here the default is the folder of the official image, unless
# the configuration names another one.
if [[ $(setting unix_socket_directories "$@") == /tmp ]]; then
    set -- "$@" -c unix_socket_directories="$sockets"
fi
exec "$@"
