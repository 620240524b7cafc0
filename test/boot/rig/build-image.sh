#!/bin/bash
# build-image.sh DIRECTORY: a Debian of this machine's own release with systemd as process 1, from Debian's packages alone, as
# DIRECTORY/disk.raw, with the kernel and the initial RAM disk beside it (vmlinuz, initrd.img). Root; about two minutes.
set -euo pipefail
target=$1
here=$(dirname "$(realpath "$0")")
mkdir -p "$target"

packages=(
  systemd-sysv dbus udev kmod linux-image-amd64 initramfs-tools
  iproute2 irqbalance ethtool procps init-system-helpers ifupdown bpftool libcap2-bin socat
  # what a katran_server_grpc of this Debian is linked with
  'libgrpc++1.51' libgoogle-glog0v6 libgflags2.2 libfmt9 libdouble-conversion3 libevent-2.1-7 libelf1 libmnl0
)

# Where this machine's own apt takes Debian from.
mapfile -t sources < <(grep -lsE '/debian(-security)?/?([[:space:]]|$)' /etc/apt/sources.list /etc/apt/sources.list.d/*.{list,sources} || true)
[ ${#sources[@]} -gt 0 ] || { echo 'build-image: apt has no Debian archive among its sources' >&2; exit 1; }
release=$(. /etc/os-release && echo "$VERSION_CODENAME")

# Removed last: a folder with devices of its own does not belong into the cache.
root=$(mktemp -d "$target/root.XXXXXX")
trap 'rm -rf "$root"' EXIT

mmdebstrap --quiet --variant=minbase --mode=root --include="$(IFS=,; echo "${packages[*]}")" \
  --aptopt='Acquire::Languages "none"' \
  --essential-hook="$here/before-kernel.sh" --customize-hook="$here/settle.sh" \
  "$release" "$root" "${sources[@]}"

cp "$root"/boot/vmlinuz-* "$target/vmlinuz"
cp "$root"/boot/initrd.img-* "$target/initrd.img"
truncate -s 6G "$target/disk.raw"
mkfs.ext4 -q -F -E lazy_itable_init=1 -O ^has_journal -d "$root" "$target/disk.raw"
