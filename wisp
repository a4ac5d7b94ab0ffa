#!/bin/sh
# The wisp command: finds a JDK, builds when a source is newer than the last build, and becomes the JVM.
#   WISP_JAVA_HOME   the JDK to use             WISP_JAVA_OPTS   further JVM flags
#   WISP_BUILD=no    run the last build as it is, whatever has changed since
set -eu
self=$(readlink -f "$0")
home=${self%/*}
. "$home/build/find-jdk"

jdk=$(find_jdk 25) || {
  echo "wisp: needs a JDK 25 or later and found none (looked in $jdk_places): install one (Debian 13: apt install openjdk-25-jdk-headless; elsewhere https://adoptium.net or SDKMAN), or set WISP_JAVA_HOME" >&2
  exit 3
}

# Each build gets a folder of its own, so that a long run keeps its classes while the next build is made.
builds=$home/target/wisp
stamp=$builds/current    # holds the folder's name; as old as the sources that it was built from

is_current() {
  [ -s "$stamp" ] || return 1
  read -r app < "$stamp"
  [ -d "$builds/$app" ] || return 1
  [ "${WISP_BUILD:-}" = no ] && return 0
  # Folders count too: they tell of deleted files.
  [ -z "$(cd "$home" && find pom.xml ./*/pom.xml ./*/src/main -newer "$stamp" -print -quit)" ]
}

build() {
  command -v mvn >/dev/null || { echo "wisp: needs Maven to build itself, and found no mvn on PATH: install it (apt install maven)" >&2; exit 1; }
  echo "wisp: building (the first time this takes a minute or two) ..." >&2
  log=$builds/build.log
  : > "$builds/begun"    # a source that changes while we build must be built again
  (cd "$home" && JAVA_HOME=$jdk mvn -B -q -DskipTests -Djacoco.skip -Denforcer.skip -Dformat.skip package) > "$log" 2>&1 < /dev/null || {
    reason=$(grep -m 1 -E '^\[ERROR\].*\.java:\[' "$log" || grep -m 1 '^\[ERROR\]' "$log" || tail -n 1 "$log")
    echo "wisp: the build failed: ${reason#\[ERROR\] } (all of it: $log)" >&2
    exit 1
  }
  find "$builds" -mindepth 1 -maxdepth 1 -type d -mtime +7 -exec rm -rf {} +
  app=$(date +%Y%m%d-%H%M%S)-$$
  mkdir "$builds/$app"
  for module in tcp-core memory-pools drivers experiments; do
    cp "$home/$module/target/$module.jar" "$builds/$app/"
  done
  cp -l "$home"/experiments/target/lib/*.jar "$builds/$app/" 2>/dev/null || cp "$home"/experiments/target/lib/*.jar "$builds/$app/"
  echo "$app" > "$builds/next"
  touch -r "$builds/begun" "$builds/next"
  mv "$builds/next" "$stamp"
}

if ! is_current; then
  mkdir -p "$builds"
  # Two commands may find at once that a build is due: one makes it, the other waits and uses it.
  exec 9> "$builds/lock"
  command -v flock >/dev/null && flock 9
  is_current || build
  exec 9>&-
fi

# glibc keeps freed memory below its (growing) mmap threshold: pinned, a slab that a strategy gives back leaves the process.
export MALLOC_MMAP_THRESHOLD_="${MALLOC_MMAP_THRESHOLD_:-131072}"
# shellcheck disable=SC2086
exec "$jdk/bin/java" "@$home/build/jvm.args" "-Dwisp.home=$home" ${WISP_JAVA_OPTS:-} -cp "$builds/$app/*" wisp.lab.Main "$@"
