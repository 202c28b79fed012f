# shellcheck shell=sh disable=SC2154 # root, here: image.sh and build.sh
# Declares volumes: one with content, one that is not there, one through a link, one that tests mount something on.
base_files
busybox_files
mkdir -p "$root/declared/deep" "$root/mounted" "$root/inside"
echo "of the image" >"$root/declared/file"
echo "behind the link" >"$root/inside/file"
ln -s ../../../../inside "$root/linked"
layer_end "busybox applets, accounts, places of volumes"
image_end '{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Cmd":["sh"],"Volumes":{"/declared":{},"/missing/deep":{},"/linked":{},"/mounted/":{}}}'
