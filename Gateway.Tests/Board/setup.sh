#!/usr/bin/env bash
# Builds the emulated board once and prints its folder: a Debian arm64 kernel, its I2C bus driver with switches for cable faults, and a
# small root file system. Needs Debian 12 and: qemu-system-arm device-tree-compiler cpio gcc-aarch64-linux-gnu make bc flex bison xz-utils python3.
# The folder's name ends in a hash of these files: a changed recipe builds a new board.
set -euo pipefail
HERE=$(cd "$(dirname "$0")" && pwd)
W=${COLDPROOF_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/coldproof}/board-$(cat "$HERE"/{setup.sh,init,board.dts,cable_faults.py} | sha256sum | cut -c1-12)
mkdir -p "$W"
cd "$W"

# arm64 packages come through an apt state of our own: the machine's list of architectures stays as it is.
S=$W/apt
ARM=(-o APT::Architecture=arm64 -o APT::Architectures=arm64 -o Dir::State="$S/state" -o Dir::State::status="$S/status" -o Dir::Cache="$S/cache"
  -o Dir::Etc::sourcelist="$S/sources.list" -o Dir::Etc::sourceparts="$S/src" -o APT::Sandbox::User=root)

fetch() {
  mkdir -p "$S/state/lists/partial" "$S/cache/archives/partial" "$S/src" deb
  touch "$S/status" "$S/sources.list"
  [ ! -e /etc/apt/sources.list ] || cp /etc/apt/sources.list "$S/sources.list"
  [ ! -e /etc/apt/sources.list.d/debian.sources ] || cp /etc/apt/sources.list.d/debian.sources "$S/src/"
  apt-get "${ARM[@]}" update
  local kernel package
  kernel=$(apt-cache "${ARM[@]}" depends linux-image-arm64 | awk '/Depends: linux-image-/{sub("linux-image-","",$2);print $2;exit}')
  echo "$kernel" >kernel-version
  (cd deb && rm -f ./*.deb
    apt-get "${ARM[@]}" download "linux-image-$kernel" "linux-headers-$kernel" "linux-headers-${kernel%-arm64}-common" busybox-static libc6 libgcc-s1 libstdc++6 libssl3
    apt-get download linux-kbuild-6.1 linux-source-6.1)
  for package in deb/*.deb; do
    case $package in
      *linux-source*) ;;
      *linux-kbuild* | *linux-headers*) dpkg -x "$package" headers ;;
      *) dpkg -x "$package" arm64 ;;
    esac
  done
}

driver() { # Debian leaves drivers/i2c/busses/i2c-versatile.c out of its arm64 kernel; its source package has it.
  local kernel headers=$W/headers/usr/src
  kernel=$(cat kernel-version)
  mkdir -p mod
  dpkg --fsys-tarfile deb/linux-source-6.1_*.deb | tar -xO ./usr/src/linux-source-6.1.tar.xz | xz -dc -T0 \
    | tar -xO linux-source-6.1/drivers/i2c/busses/i2c-versatile.c >mod/i2c-versatile.c
  python3 "$HERE/cable_faults.py" mod/i2c-versatile.c
  echo 'obj-m := i2c-versatile.o' >mod/Makefile
  sed -i "s#include .*/linux-headers-#include $headers/linux-headers-#" "$headers/linux-headers-$kernel/Makefile"
  make -C "$headers/linux-headers-$kernel" M="$W/mod" ARCH=arm64 CROSS_COMPILE=aarch64-linux-gnu- CC=aarch64-linux-gnu-gcc-12 modules
}

image() {
  local kernel modules file folder=arm64/usr/lib/aarch64-linux-gnu
  kernel=$(cat kernel-version)
  modules=arm64/lib/modules/$kernel/kernel
  dtc -q -I dts -O dtb -o board.dtb "$HERE/board.dts"
  cp "arm64/boot/vmlinuz-$kernel" kernel
  rm -rf base
  mkdir -p base/bin base/lib/mod base/proc base/sys base/dev base/tmp
  cp arm64/bin/busybox base/bin/
  for file in ld-linux-aarch64.so.1 libc.so.6 libm.so.6 libdl.so.2 libpthread.so.0 librt.so.1 libgcc_s.so.1 libstdc++.so.6 libssl.so.3 libcrypto.so.3; do
    cp -L "$(find arm64/lib/aarch64-linux-gnu "$folder" -maxdepth 1 -name "$file" | head -n 1)" base/lib/
  done
  for file in i2c-algo-bit i2c-dev; do cp "$(find "$modules" -name $file.ko)" base/lib/mod/; done
  cp mod/i2c-versatile.ko base/lib/mod/
  cp "$HERE/init" base/init
  chmod +x base/init
  # Not compressed: unpacking under emulation costs more than loading.
  (cd base && find . | cpio -o -H newc --quiet) >base.cpio
}

if [ "${1:-}" = --step ]; then # A process of its own, so that set -e holds inside a step.
  "$2"
  exit
fi
exec 9>lock
flock 9
for name in fetch driver image; do
  [ -e "done-$name" ] && continue
  if ! bash "$HERE/setup.sh" --step "$name" >"log-$name" 2>&1; then
    echo "The emulated board could not be built, step $name; the end of $W/log-$name:" >&2
    tail -n 20 "log-$name" >&2
    exit 1
  fi
  touch "done-$name"
done
echo "$W"
