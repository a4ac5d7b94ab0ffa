#!/usr/bin/env bash
# Very many kernel connections to one wisp serve over TUN, in a namespace of its own: what they cost on both sides.
#
#   million.sh [CONNECTIONS] [STRATEGY] [FOLDER] [OPTION of wisp serve...]     default: 1000000 slab, and a folder in /tmp that is told
#
# As root; 1,000,000 take some 6 GB of the kernel's memory and several minutes. Leaves in FOLDER the table (result.txt), all figures
# (result.json), and what the server said (serve.txt). Exit code 0: all were opened, all brought back their own bytes, nobody was reset.
set -euo pipefail
count=${1:-1000000} strategy=${2:-slab} folder=${3:-$(mktemp -d /tmp/million.XXXXXX)}
shift $(($# < 3 ? $# : 3))
. "$(dirname "$(readlink -f "$0")")/namespace.sh"
number CONNECTIONS "$count" 2 4000000
room "$count"
mkdir -p "$folder"

begin "$folder" $(((count + 17999) / 18000)) echo --memory "$strategy" --capacity "$count" "$@" < /dev/null
status=0
ip netns exec "$ns" python3 "$home/experiments/scripts/hold_connections.py" 10.9.1.1 7 "$count" 10.9.2.0 --pid "$server" --stats "$statistics" \
  --name "$strategy" --json "$folder/result.json" | tee "$folder/result.txt" || status=$?
finish || { echo "million: the server ended badly: $(tail -n 1 "$folder/serve.txt")" >&2; status=1; }
echo "million: all of it in $folder"
exit $status
