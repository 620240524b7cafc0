#!/bin/bash
# Downloads Debian's kernel package for the guest into .cache/guest; it is unpacked there, never installed.
# Does nothing when a kernel is already there: remove .cache/guest to get a newer one.
set -euo pipefail
cd "$(dirname "$0")/../.."
cache=.cache/guest
mkdir -p "$cache"
if compgen -G "$cache/linux-image-*.deb" > /dev/null; then exit 0; fi

# linux-image-amd64 holds nothing itself; it depends on the kernel of the day.
package=$(apt-cache depends --important linux-image-amd64 | sed -n 's/^ *Depends: \(linux-image-[^ ]*\)$/\1/p' | head -n 1)
if [ -z "$package" ]; then
  echo "fetch-kernel: apt knows no linux-image-amd64; run 'apt-get update' on a Debian machine first" >&2
  exit 1
fi
# Into a folder of its own first: a broken download must not look like a kernel.
part=$(mktemp -d "$cache/download.XXXXXX")
trap 'rm -rf "$part"' EXIT
# apt's own warning, that it could not switch to its sandbox user for a folder of root's, is of no interest here.
(cd "$part" && apt-get download -q -o APT::Sandbox::User=root "$package")
mv "$part"/linux-image-*.deb "$cache/"
