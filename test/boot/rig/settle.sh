#!/bin/sh
# Called by mmdebstrap with the new root, when all packages are in: names, mounts, network, and the agent of the tests.
set -e
guest=$(dirname "$(realpath "$0")")/guest
echo guest > "$1/etc/hostname"
echo '127.0.0.1 localhost guest' > "$1/etc/hosts"
echo '/dev/vda / ext4 defaults 0 1' > "$1/etc/fstab"
# Known from the start: a first boot would enable what presets allow, and take its time.
echo 0123456789abcdef0123456789abcdef > "$1/etc/machine-id"
# Here the journal of the boot before is kept.
mkdir -p "$1/var/log/journal"

install -m644 "$guest"/*.service "$guest"/*.mount "$1/etc/systemd/system/"
install -m644 "$guest"/*.network "$1/etc/systemd/network/"
install -D -m644 "$guest/wait-online.conf" "$1/etc/systemd/system/systemd-networkd-wait-online.service.d/wait-online.conf"
install -D -m644 "$guest/emulated.conf" "$1/etc/systemd/system.conf.d/emulated.conf"
for unit in start-katran start-katran@ start-katran-affinity start-katran-affinity@; do
  install -D -m644 "$guest/patient.conf" "$1/etc/systemd/system/$unit.service.d/00-patient.conf"
done
install -m755 "$guest/agent" "$1/usr/local/sbin/agent"
chroot "$1" systemctl -q enable agent.service share.mount systemd-networkd.service systemd-networkd-wait-online.service
chroot "$1" systemctl -q disable networking.service apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer fstrim.timer
rm -rf "$1"/var/cache/apt/archives/*.deb "$1"/var/lib/apt/lists/*
