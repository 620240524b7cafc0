#!/bin/sh
# Called by mmdebstrap with the new root, before the kernel is installed: its initial RAM disk is made once, and small.
set -e
mkdir -p "$1/etc/initramfs-tools/conf.d" "$1/usr/share/initramfs-tools/modules.d"
printf 'MODULES=list\nCOMPRESS=zstd\n' > "$1/etc/initramfs-tools/conf.d/boot-test"
printf '%s\n' 9p 9pnet_virtio virtio_pci virtio_blk virtio_net virtio_console ext4 \
  > "$1/usr/share/initramfs-tools/modules.d/boot-test"
