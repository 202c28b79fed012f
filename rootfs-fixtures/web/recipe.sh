# shellcheck shell=sh disable=SC2154 # root, here: image.sh and build.sh
# A web server on port 80, in two layers: busybox, then the pages and the start script.
base_files
busybox_files
layer_end "busybox applets, accounts"
mkdir -p "$root/www" "$root/usr/bin"
cp "$here/web/index.html" "$root/www/index.html"
echo ok >"$root/www/healthz"
cp "$here/web/web" "$root/usr/bin/web"
chmod 755 "$root/usr/bin/web"
layer_end "web pages and start script"
image_end '{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Cmd":["/usr/bin/web"],"WorkingDir":"/www","ExposedPorts":{"80/tcp":{}},"StopSignal":"SIGTERM"}'
