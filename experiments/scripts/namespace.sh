# For scripts of this folder: one wisp serve over TUN in a network namespace of its own. To be sourced; it sets
#   ns       the namespace, which goes with all in it when the script ends
#   server   the process of wisp serve: the JVM itself
#   device   the TUN device; 10.9.1.1 is ours behind it, the kernel's addresses begin with 10.9.2.0
#   statistics  the file with the server's statistics, written each second

refuse() {
  echo "$(basename "$0" .sh): $2" >&2
  exit "$1"
}

# number WHAT VALUE LEAST MOST
number() {
  [[ $2 =~ ^[0-9]{1,9}$ ]] && [ "$2" -ge "$3" ] && [ "$2" -le "$4" ] || refuse 2 "$1 is a number from $3 to $4, not '$2'"
}

# room CONNECTIONS: the kernel pays some 5,000 bytes for each
room() {
  local available
  available=$(($(awk '/^MemAvailable/ { print $2 }' /proc/meminfo) * 1024))
  [ $(($1 * 6000 + 500000000)) -lt "$available" ] || refuse 1 "$1 kernel connections take 6,000 bytes each and half a gigabyte; available are $available"
}

[ "$(id -u)" = 0 ] || refuse 1 "needs root for namespaces and TUN: run with sudo"
for tool in ip python3 awk; do
  command -v $tool > /dev/null || refuse 1 "needs $tool: apt install iproute2 python3 mawk"
done
[ -c /dev/net/tun ] || refuse 1 "needs /dev/net/tun: modprobe tun"
home=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.." && pwd)
ns=$(basename "$0" .sh)$$
server=

cleanup() {
  [ -z "$server" ] || kill "$server" 2> /dev/null || true
  [ -z "$server" ] || wait "$server" 2> /dev/null || true
  ip netns del "$ns" 2> /dev/null || true
}

# begin FOLDER SOURCES ARGUMENT...: a server with these arguments of wisp serve, its standard input being ours, and so many addresses for its clients.
begin() {
  local folder=$1 sources=$2 i
  shift 2
  statistics=$folder/stats.json
  rm -f "$folder/serve.txt" "$statistics"    # of an earlier run in the same folder
  WISP_BUILD=${WISP_BUILD:-} "$home/wisp" list > /dev/null    # builds what must be built before the clock runs
  ip netns add "$ns"
  trap cleanup EXIT
  ip -n "$ns" link set lo up
  ip netns exec "$ns" sysctl -q net.ipv4.ip_local_port_range="1024 65535" net.ipv4.tcp_max_tw_buckets=2000000
  # A heap that is there as a whole, and one compiler that needs little: so the resident set tells of connections.
  WISP_BUILD=no WISP_JAVA_OPTS="${WISP_JAVA_OPTS:--XX:+UseSerialGC -Xms64m -Xmx512m -XX:+AlwaysPreTouch -XX:TieredStopAtLevel=1}" \
    ip netns exec "$ns" "$home/wisp" serve --link tun --host 10.9.0.1/16 --own 10.9.1.0/24 --port 7 --stats "$statistics" "$@" \
    <&0 > "$folder/serve.txt" 2>&1 &
  server=$!
  for _ in $(seq 300); do
    grep -q ^ready "$folder/serve.txt" 2> /dev/null && break
    kill -0 "$server" 2> /dev/null || refuse 1 "the server did not start: $(tail -n 1 "$folder/serve.txt")"
    sleep 0.1
  done
  grep -q ^ready "$folder/serve.txt" || refuse 1 "the server was not ready within half a minute"
  device=$(ip -n "$ns" -o link show type tun | sed -n '1s/^[0-9]*: \([^:@]*\).*/\1/p')
  ip -n "$ns" link set dev "$device" txqueuelen 10000    # the kernel drops what waits for us beyond it
  for i in $(seq 0 $((sources - 1))); do
    ip -n "$ns" addr add 10.9.$((2 + i / 256)).$((i % 256))/32 dev "$device"
  done
}

# Ends the server in order; false: it did not end well.
finish() {
  local ended=$server
  server=
  kill "$ended" && wait "$ended"
}
