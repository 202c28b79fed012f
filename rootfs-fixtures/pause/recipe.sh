# shellcheck shell=sh disable=SC2154 # root, here: image.sh and build.sh
# What other runtimes (containerd in `make bench`) need as their sandbox image; Swiftlet's pause is podshim's own.
musl-gcc -std=c11 -Os -Wall -Wextra -Werror -static -s -o "$root/pause" "$here/pause/pause.c"
layer_end "pause program"
image_end '{"Env":["PATH=/"],"Entrypoint":["/pause"],"User":"65535:65535"}'
