# shellcheck shell=sh disable=SC2154 # root, here: image.sh and build.sh
# Tests/Payload alone: no shell, no libraries. Also as /bin/payload for those who expect a PATH.
base_files
mkdir -p "$root/bin" "$root/data"
musl-gcc -std=gnu11 -Os -Wall -Wextra -Werror -static -s -o "$root/payload" "$here"/../Tests/Payload/*.c
ln "$root/payload" "$root/bin/payload"
layer_end "payload program, accounts"
image_end '{"Env":["PATH=/bin"],"Entrypoint":["/payload"],"WorkingDir":"/"}'
