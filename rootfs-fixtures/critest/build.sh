#!/bin/sh
# Makes the images that critest pulls, from Debian packages, under their original names in the storage of a docker-registry.
# Source: kubernetes-sigs/cri-tools, images/ and pkg/validate. test-image-digest cannot be made: its bytes are its name.
# Usage: rootfs-fixtures/critest/build.sh STORAGE
set -eu
storage=$1/docker/registry/v2
here=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$storage"
work=$(mktemp -d "$1/.build.XXXXXX")
out=$work/archives
mkdir "$out"
trap 'rm -rf "$work"' EXIT
umask 022
# shellcheck source=rootfs-fixtures/image.sh
. "$here/image.sh"
path='"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]'

# Puts the image that image_end made where docker-registry keeps REPOSITORY:TAG.
# Usage: publish REPOSITORY TAG...   Source: distribution, registry/storage/paths.go
publish() {
  repository=$storage/repositories/$1
  shift
  manifest=$(sed 's/.*"manifests":\[{[^}]*"digest":"sha256:\([0-9a-f]*\)".*/\1/' "$layout/index.json")
  for file in "$layout"/blobs/sha256/*; do
    hex=${file##*/}
    mkdir -p "$storage/blobs/sha256/${hex%"${hex#??}"}/$hex" "$repository/_layers/sha256/$hex"
    cp "$file" "$storage/blobs/sha256/${hex%"${hex#??}"}/$hex/data"
    printf 'sha256:%s' "$hex" >"$repository/_layers/sha256/$hex/link"
  done
  mkdir -p "$repository/_manifests/revisions/sha256/$manifest"
  printf 'sha256:%s' "$manifest" >"$repository/_manifests/revisions/sha256/$manifest/link"
  for tag in "$@"; do
    mkdir -p "$repository/_manifests/tags/$tag/current" "$repository/_manifests/tags/$tag/index/sha256/$manifest"
    printf 'sha256:%s' "$manifest" >"$repository/_manifests/tags/$tag/current/link"
    printf 'sha256:%s' "$manifest" >"$repository/_manifests/tags/$tag/index/sha256/$manifest/link"
  done
}

# A base layer that all share: busybox with a shell that looks in PATH, accounts, a page.
musl-gcc -std=c11 -Os -Wall -Wextra -Werror -static -s -o "$work/sh" "$here/critest/sh.c"
musl-gcc -std=c11 -Os -Wall -Wextra -Werror -static -s -o "$work/nnp" "$here/critest/nnp.c"
begin() {
  image_begin "$1"
  base_files
  mkdir -p "$root/var/run" "$root/www" "$root/usr/sbin" "$root/usr/local/bin" "$root/home"
  busybox_files
  rm "$root/bin/sh"
  cp "$work/sh" "$root/bin/sh"
  printf 'www-data:x:33:33:www-data:/var/www:/bin/sh\n' >>"$root/etc/passwd"
  echo ok >"$root/www/index.html"
  layer_end "busybox applets, accounts"
}
# Each image has another id, as each has another file.
# Usage: simple NAME REPOSITORY TAGS CONFIG
simple() {
  begin "$1"
  touch "$root/$1"
  layer_end "$1"
  image_end "{$path,$4}"
  # shellcheck disable=SC2086 # a list of tags
  publish "$2" $3
}

top='"Cmd":["sh","-c","top"]'
e2e="e2e-test-images"
tools="k8s-staging-cri-tools"
simple busybox $e2e/busybox 1.29-2 '"Cmd":["sh"]'
for name in test all; do simple "$name" $tools/test-image-tag "$name" "$top"; done
simple latest $tools/test-image-latest latest "$top"
for number in 1 2 3; do simple "image-$number" $tools/test-image-$number latest "$top"; done
simple tags $tools/test-image-tags "1 2 3" "$top"
simple user-uid $tools/test-image-user-uid latest "$top,\"User\":\"1002\""
simple user-username $tools/test-image-user-username latest "$top,\"User\":\"www-data\""
simple user-uid-group $tools/test-image-user-uid-group latest "$top,\"User\":\"1003:1004\""
simple user-username-group $tools/test-image-user-username-group latest "$top,\"User\":\"www-data:1004\""

begin predefined-group
mkdir -p "$root/etc"
printf 'root:x:0:0:root:/root:/bin/sh\ndefault-user:x:1000:1000::/home:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n' >"$root/etc/passwd"
printf 'root:x:0:\ndefault-user:x:1000:\ngroup-defined-in-image:x:50000:default-user\n' >"$root/etc/group"
layer_end "accounts"
image_end "{$path,$top,\"User\":\"1000\"}"
publish $tools/test-image-predefined-group latest

server() {
  begin "$1"
  mkdir -p "$root/usr/sbin"
  cp "$here/critest/nginx" "$root/usr/sbin/nginx"
  chmod 755 "$root/usr/sbin/nginx"
  layer_end "server"
  image_end "{\"Env\":[\"PATH=/usr/sbin:/usr/bin:/sbin:/bin\",\"PORT=$4\"],\"Entrypoint\":[\"/usr/sbin/nginx\",\"master process\"]}"
  publish "$2" "$3"
}
server nginx $e2e/nginx 1.14-2 80
server hostnet "$tools/hostnet-nginx-$architecture" latest 12003

begin httpd
mkdir -p "$root/usr/local/bin"
cp "$here/critest/httpd" "$root/usr/local/bin/httpd-foreground"
chmod 755 "$root/usr/local/bin/httpd-foreground"
layer_end "server"
image_end "{$path,\"Cmd\":[\"httpd-foreground\"]}"
publish $e2e/httpd 2.4.39-4

begin nonewprivs
mkdir -p "$root/usr/local/bin"
cp "$work/nnp" "$root/usr/local/bin/nnp"
chmod 4755 "$root/usr/local/bin/nnp"
layer_end "set-user-ID program"
image_end "{$path,\"Cmd\":[\"nnp\"]}"
publish $e2e/nonewprivs 1.3

image_begin pause
# shellcheck source=/dev/null
. "$here/pause/recipe.sh"
publish pause 3.9
