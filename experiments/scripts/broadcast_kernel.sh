#!/usr/bin/env bash
# One line of wisp serve broadcast to very many kernel connections over TUN, in a namespace of its own: the most memory that takes.
#
#   broadcast_kernel.sh [CONNECTIONS] [BYTES] [STRATEGY] [FOLDER] [OPTION of wisp serve...]     default: 10000 1048576 slab, and a folder in /tmp that is told
#
# As root. Each receiver compares every byte. 1 MiB to 100,000 are 105 GB through the kernel: minutes. Leaves in FOLDER what was found
# (result.txt, result.json) and what the server said (serve.txt). Exit code 0: everybody heard all of it, nobody was reset.
set -euo pipefail
count=${1:-10000} bytes=${2:-1048576} strategy=${3:-slab} folder=${4:-$(mktemp -d /tmp/broadcast.XXXXXX)}
shift $(($# < 4 ? $# : 4))
. "$(dirname "$(readlink -f "$0")")/namespace.sh"
number CONNECTIONS "$count" 1 1000000
number BYTES "$bytes" 1 16777216
room "$count"
mkdir -p "$folder"

rm -f "$folder/lines"
mkfifo "$folder/lines"
exec 3<> "$folder/lines"    # open for as long as we run: the server's input never ends
begin "$folder" $(((count + 17999) / 18000)) broadcast --memory "$strategy" --capacity "$count" "$@" < "$folder/lines"
# What receivers have not read yet is the kernel's memory: 100,000 times the usual buffer could be all that the machine has.
ip netns exec "$ns" sysctl -q net.ipv4.tcp_rmem="4096 65536 65536"
status=0
ip netns exec "$ns" python3 "$home/experiments/scripts/hear_broadcast.py" 10.9.1.1 7 "$count" 10.9.2.0 --bytes "$bytes" --lines "$folder/lines" \
  --pid "$server" --stats "$statistics" --json "$folder/result.json" | tee "$folder/result.txt" || status=$?
finish || { echo "broadcast_kernel: the server ended badly: $(tail -n 1 "$folder/serve.txt")" >&2; status=1; }
rm -f "$folder/lines"
echo "broadcast_kernel: all of it in $folder"
exit $status
