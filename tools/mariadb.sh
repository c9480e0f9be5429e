#!/usr/bin/env bash
# Puts the server of Debian's or Ubuntu's MariaDB into a folder, without root, and the libraries for it that the system lacks. Where
# that cannot be, the folder's file .left-out says why, and this is no failure: what needs MariaDB is left out.
set -euo pipefail

if [ "$#" -ne 1 ]; then
  echo "usage: mariadb.sh FOLDER" >&2
  exit 2
fi
folder=$1
# The network may take this long in all.
limit_seconds=120

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$folder" "$work"/{state/lists,cache/archives}/partial "$work/packages"
folder=$(cd "$folder" && pwd)

left_out() {
  echo "$1; remove $folder to try again" >"$folder/.left-out"
  echo "MariaDB is left out: $1" >&2
  exit 0
}

for program in apt-get apt-cache dpkg-deb timeout; do
  command -v "$program" >/dev/null || left_out "this system has no $program, and MariaDB is taken from Debian's or Ubuntu's packages"
done

# Lists of packages of its own, for a system whose lists are missing or old. An ordinary user may write them.
own=(-o "Dir::State=$work/state" -o Dir::State::status=/var/lib/dpkg/status -o "Dir::Cache=$work/cache")

within_limit() {
  local rest=$((limit_seconds - SECONDS))
  [ "$rest" -gt 0 ] || return 1
  timeout --kill-after 5 "$rest" "$@" >>"$work/log" 2>&1
}

# The package of the server. On Ubuntu 22.04 its name ends with its version.
server() {
  apt-cache "$@" pkgnames mariadb-server-core 2>>"$work/log" | grep -E '^mariadb-server-core(-[0-9.]+)?$' | sort --version-sort | head -n 1
}

# Downloads the packages and those that they need and the system lacks. Its words are options for apt.
download() {
  local core
  core=$(server "$@") || return 1
  rm -f "$work/packages"/*
  local needed
  needed=$(apt-get "$@" --simulate --no-install-recommends install "$core" 2>>"$work/log" |
    sed -n 's/^Inst \([^ ]*\) .*/\1/p') || return 1
  mapfile -t names < <(printf '%s\n' "$core" $needed | sort --unique)
  (cd "$work/packages" && within_limit apt-get "$@" download "${names[@]}")
}

touch "$work/log"
if ! download; then
  within_limit apt-get "${own[@]}" update || left_out "the lists of packages could not be read within $limit_seconds s"
  download "${own[@]}" || left_out "its packages could not be downloaded within $limit_seconds s"
fi
for package in "$work/packages"/*.deb; do
  dpkg-deb -x "$package" "$folder" 2>>"$work/log" || left_out "the package $(basename "$package") could not be unpacked"
done

libraries=$(find "$folder" -type d -path '*lib/*-linux-gnu' -print | paste --serial --delimiters : -)
server=$folder/usr/sbin/mariadbd
LD_LIBRARY_PATH=$libraries "$server" --no-defaults --version >>"$work/log" 2>&1 || left_out "its server does not run on this system"
rm -rf "$folder/usr/share/doc" "$folder/usr/share/man" "$folder/etc"
