#!/usr/bin/env bash
# Very many kernel connections to one wisp serve over TUN, in a namespace of its own: what they cost on both sides.
#
#   million.sh [CONNECTIONS] [STRATEGY] [FOLDER]        default: 1000000 slab, and a folder in /tmp that is told
#
# As root; 1,000,000 take some 6 GB of the kernel's memory and several minutes. Leaves in FOLDER what the client said (clients.txt) and our
# statistics once a second (stats.json, the last one while all were idle in idle.json).
set -euo pipefail
count=${1:-1000000} strategy=${2:-slab} folder=${3:-$(mktemp -d /tmp/million.XXXXXX)}
home=$(cd "$(dirname "$(readlink -f "$0")")/../.." && pwd)
ns=million$$
[ "$(id -u)" = 0 ] || { echo "million: needs root for namespaces and TUN: run with sudo" >&2; exit 1; }
mkdir -p "$folder"

"$home/wisp" list > /dev/null    # builds what must be built before the clock runs
ip netns add $ns
server=
cleanup() {
  [ -z "$server" ] || kill "$server" 2> /dev/null || true
  [ -z "$server" ] || wait "$server" 2> /dev/null || true
  ip netns del $ns 2> /dev/null || true
}
trap cleanup EXIT
ip -n $ns link set lo up

# A heap as small as it needs, so that the resident set tells of connections.
WISP_BUILD=no WISP_JAVA_OPTS="${WISP_JAVA_OPTS:--XX:+UseSerialGC -Xms64m -Xmx512m}" \
  ip netns exec $ns "$home/wisp" serve echo --link tun --host 10.9.0.1/16 --own 10.9.1.0/24 --port 7 --memory "$strategy" \
  --capacity "$count" --stats "$folder/stats.json" > "$folder/serve.txt" 2>&1 &
server=$!
for _ in $(seq 300); do
  grep -q ^ready "$folder/serve.txt" 2> /dev/null && break
  kill -0 $server 2> /dev/null || { cat "$folder/serve.txt" >&2; exit 1; }
  sleep 0.1
done
java=$server    # wisp becomes the JVM
device=$(ip -n $ns -o link show type tun | sed -n '1s/^[0-9]*: \([^:@]*\).*/\1/p')
sources=$(((count + 14999) / 15000))
for i in $(seq 0 $((sources - 1))); do
  ip -n $ns addr add 10.9.$((2 + i / 256)).$((i % 256))/32 dev "$device"
done
ip netns exec $ns python3 "$home/experiments/scripts/hold_connections.py" 10.9.1.1 7 "$count" 10.9.2.0 5 --pid "$java" \
  --idle "cp $folder/stats.json $folder/idle.json" | tee "$folder/clients.txt"
kill "$server"
wait "$server" || true
server=
tail -n 1 "$folder/serve.txt"
echo "million: all of it in $folder"
