# shellcheck shell=sh disable=SC2154 # root: image.sh
# A shell and the usual small tools; users root, daemon, app (1000, also in audio and video) and nobody.
base_files
mkdir -p "$root/home/app"
busybox_files
layer_end "busybox applets, accounts"
image_end '{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Cmd":["sh"]}'
