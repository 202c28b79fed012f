# shellcheck shell=sh disable=SC2154,SC2164 # work, out, here: build.sh, which also sets -e
# Writes an OCI image layout as a tar archive with nothing but sh, tar, gzip and sha256sum. Sourced by build.sh, used
# by the recipes in this order: image_begin NAME; then for each layer fill "$root" and call layer_end; image_end JSON.
# Source: OCI image-spec v1.1, image-layout.md, manifest.md, config.md.

case $(uname -m) in
  x86_64) architecture=amd64 ;;
  aarch64) architecture=arm64 ;;
  *) architecture=$(uname -m) ;;
esac

# Ownership, order and times are fixed: the bytes depend on the content only.
pack() {
  tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --format=ustar -C "$1" -cf - .
}

digest() { sha256sum "$1" | cut -d' ' -f1; }

# Moves a file into the blob store; prints its descriptor's digest and size members.
blob() {
  hex=$(digest "$1")
  size=$(wc -c <"$1")
  mv "$1" "$layout/blobs/sha256/$hex"
  printf '"digest":"sha256:%s","size":%d' "$hex" "$size"
}

image_begin() {
  image=$1
  layout=$work/$image.layout
  mkdir -p "$layout/blobs/sha256"
  printf '{"imageLayoutVersion":"1.0.0"}' >"$layout/oci-layout"
  layers=
  diff_ids=
  history=
  layer_begin
}

layer_begin() {
  root=$work/$image.root
  rm -rf "$root"
  mkdir -p "$root"
}

# Usage: layer_end COMMENT
layer_end() {
  pack "$root" >"$work/layer.tar"
  diff_ids="${diff_ids:+$diff_ids,}\"sha256:$(digest "$work/layer.tar")\""
  gzip -n -9 "$work/layer.tar"
  layers="${layers:+$layers,}{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar+gzip\",$(blob "$work/layer.tar.gz")}"
  history="${history:+$history,}{\"created\":\"1970-01-01T00:00:00Z\",\"created_by\":\"$1\"}"
  layer_begin
}

# Usage: image_end CONFIG   (CONFIG: the image's `config` object as JSON)
image_end() {
  printf '{"created":"1970-01-01T00:00:00Z","architecture":"%s","os":"linux","config":%s,' "$architecture" "$1" >"$work/config"
  printf '"rootfs":{"type":"layers","diff_ids":[%s]},"history":[%s]}' "$diff_ids" "$history" >>"$work/config"
  printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"%s",%s},"layers":[%s]}' \
    application/vnd.oci.image.config.v1+json "$(blob "$work/config")" "$layers" >"$work/manifest"
  printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{"mediaType":"%s",%s,"platform":{"architecture":"%s","os":"linux"},"annotations":{"io.containerd.image.name":"%s","org.opencontainers.image.ref.name":"%s"}}]}' \
    application/vnd.oci.image.manifest.v1+json "$(blob "$work/manifest")" "$architecture" \
    "localhost/$image:latest" "localhost/$image:latest" >"$layout/index.json"
  # ./-less member names: some readers look for exactly "index.json".
  (
    cd "$layout"
    tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --format=ustar -cf "$work/$image.tar" blobs index.json oci-layout
  )
  mv "$work/$image.tar" "$out/$image.tar"
}

# Directories and account files that an ordinary image has, in "$root".
base_files() {
  for directory in dev etc proc root run sys tmp var var/tmp; do mkdir -p "$root/$directory"; done
  chmod 1777 "$root/tmp" "$root/var/tmp"
  chmod 700 "$root/root"
  cp "$here/busybox/passwd" "$root/etc/passwd"
  cp "$here/busybox/group" "$root/etc/group"
}

# Debian's static busybox with every applet as a hard link: a test that masks one applet must not mask all.
busybox_files() {
  mkdir -p "$root/bin" "$root/usr/bin"
  cp /bin/busybox "$root/bin/busybox"
  chmod 755 "$root/bin/busybox"
  for applet in $(/bin/busybox --list); do
    if [ "$applet" != busybox ]; then ln "$root/bin/busybox" "$root/bin/$applet"; fi
  done
  cp "$here/busybox/pgrep" "$here/busybox/ipcs" "$root/usr/bin/"
  chmod 755 "$root/usr/bin/pgrep" "$root/usr/bin/ipcs"
}
