/**
 * A script for container root that mounts whatever it may, in out/ too, and leaves a service that no stop ends: in a
 * mount namespace of its own, with files open everywhere. It prints what it managed.
 */
export const makeMounts = `
mkdir -p /hostile; cd /hostile; mkdir tmpfs bind l u w overlay
mount -t tmpfs none tmpfs && printf 'tmpfs '
mount --bind /run/runner/out bind && printf 'bind '
mkdir bind/in-bind && mount -t tmpfs none bind/in-bind
mkdir /run/runner/out/below && mount -t tmpfs none /run/runner/out/below && printf 'out-below '
mount -t overlay none -o lowerdir=l,upperdir=u,workdir=w overlay && printf 'overlay '
cat > hold <<'EOF'
trap "" HUP INT QUIT TERM USR1 USR2 PIPE
cd /hostile/bind/in-bind; exec 8>/hostile/bind/held 9>/hostile/overlay/held
mount -t tmpfs none /srv; cd /srv; touch /hostile/held
while :; do sleep 1000; done
EOF
systemd-run --quiet --property=PrivateMounts=yes --property=TimeoutStopSec=infinity --property=SendSIGKILL=no bash /hostile/hold
until [ -e held ]; do sleep 0.02; done; printf held`;

/** Hides out/, and with it what the container reports from then on, below another mount. */
export const coverOut = "mount -t tmpfs none /run/runner/out && printf ' out-covered'";
