#!/bin/sh
# Build the image of a test host: a bare Debian of the given suite with systemd, as `docker import` takes it.
# Usage: host-image.sh SUITE IMAGE
set -eu
suite=$1
image=$2
recipe=$(sha256sum "$0" | cut -c1-12)
if [ "$(docker image inspect --format '{{index .Config.Labels "recipe"}}' "$image" 2>/dev/null)" = "$recipe" ]; then
	echo 'present'
	exit
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# This machine may trust more certificates than the distribution's, such as that of a TLS-inspecting proxy. Its test hosts need
# the same ones.
mkdir -p "$folder/ca"
find /usr/local/share/ca-certificates -name '*.crt' -exec cp {} "$folder/ca/" \;

# Without CAP_SYS_RESOURCE, /proc/sys is mounted read-only, but the inner engine has to write there.
cat >"$folder/writable-proc-sys.service" <<'UNIT'
[Unit]
DefaultDependencies=no
Before=sysinit.target
[Service]
Type=oneshot
ExecStart=/bin/mount -o remount,rw,bind /proc/sys
[Install]
WantedBy=sysinit.target
UNIT

mmdebstrap --quiet --variant=minbase --aptopt='Acquire::Check-Valid-Until "false"' \
	--include=systemd,systemd-sysv,dbus,python3,iproute2,procps,sudo,ca-certificates,openssh-server \
	--dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
	--dpkgopt='path-exclude=/usr/share/locale/*' \
	--customize-hook="upload $folder/writable-proc-sys.service /etc/systemd/system/writable-proc-sys.service" \
	--customize-hook="chroot \"\$1\" systemctl enable writable-proc-sys.service" \
	--customize-hook="chroot \"\$1\" systemctl mask systemd-modules-load.service" \
	--customize-hook="copy-in $folder/ca /usr/local/share/ca-certificates" \
	--customize-hook="chroot \"\$1\" update-ca-certificates" \
	"$suite" "$folder/root.tar"
docker import --change "LABEL recipe=$recipe" --change 'CMD ["/sbin/init"]' "$folder/root.tar" "$image" >/dev/null
