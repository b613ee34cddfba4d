# Makes the filesystem image that runner containers share, once. IMAGE, SIZE and OWNER come from the unit.
set -eu

[ ! -e "$IMAGE" ] || exit 0
trap 'rm -f "$IMAGE.new"' EXIT
truncate --size="$SIZE" "$IMAGE.new"
# Without a journal: what is in it can be made again. The runner's user owns its root.
mkfs.ext4 -q -O ^has_journal -E "root_owner=$OWNER:$OWNER" "$IMAGE.new"
mv "$IMAGE.new" "$IMAGE"
