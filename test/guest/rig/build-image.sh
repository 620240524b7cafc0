#!/bin/bash
# build-image.sh KERNEL.deb INIT OUT: makes OUT/vmlinux and OUT/initrd, what a guest boots from.
# The initrd has busybox, INIT and the modules named below; everything else the guest takes from the host's root over 9p.
set -euo pipefail
deb=$1 init=$2 out=$3
# In the order in which init loads them: it numbers the interfaces (eth0 virtio, eth1 vmxnet3, eth2… e1000e, then e1000).
modules='virtio_pci 9pnet_virtio 9p overlay virtio_net vmxnet3 e1000e e1000 nvme bonding 8021q'

if ldd /bin/busybox > /dev/null 2>&1; then
  echo "build-image: /bin/busybox needs libraries, which the initrd has not: apt-get install busybox-static" >&2
  exit 1
fi
mkdir -p "$out"
work=$(mktemp -d "$out/build.XXXXXX")
trap 'rm -rf "$work"' EXIT
dpkg-deb --fsys-tarfile "$deb" |
  tar -x -C "$work" --wildcards './boot/vmlinuz-*' './lib/modules/*/modules.*' './lib/modules/*/kernel/*'
release=$(ls "$work/lib/modules")
from=$work/lib/modules/$release
busybox depmod -b "$work" "$release"

root=$work/root
to=$root/lib/modules/$release
mkdir -p "$root"/{bin,proc,sys,dev,host-ro,upper,host} "$to"
install -m 755 /bin/busybox "$root/bin/busybox"
install -m 755 "$init" "$root/init"
echo "$modules" > "$root/modules"
for module in $modules; do
  # A line of modules.dep: 'kernel/net/9p/9p.ko: kernel/net/9p/9pnet.ko …', with or without the /lib/modules prefix.
  line=$(grep -E "/$module\.ko[^ ]*:" "$from/modules.dep") || { echo "build-image: $deb has no module $module" >&2; exit 1; }
  for file in ${line/:/ }; do
    file=${file#/lib/modules/"$release"/}
    install -D -m 644 "$from/$file" "$to/$file"
  done
done
busybox depmod -b "$root" "$release"
(cd "$root" && find . | cpio --create --format=newc --owner=0:0 --quiet) > "$work/initrd.cpio"

# vmlinuz unpacks itself in the guest, which takes many seconds under emulation: unpack it here, once.
bzimage=$(echo "$work"/boot/vmlinuz-*)
offset=$(LC_ALL=C grep -abom 1 -P '\xfd7zXZ\x00' "$bzimage" | head -n 1 | cut -d: -f1)
tail -c "+$((offset + 1))" "$bzimage" | xz --decompress --stdout --single-stream > "$work/vmlinux" 2> "$work/xz.err" || true
if [ "$(head -c 4 "$work/vmlinux" | tail -c 3)" != ELF ]; then
  echo "build-image: no xz-compressed kernel in $bzimage: $(cat "$work/xz.err")" >&2
  exit 1
fi
mv "$work/vmlinux" "$out/vmlinux"
mv "$work/initrd.cpio" "$out/initrd"
