#!/usr/bin/env bash
# Puts the declarations that tools/provider-aws.txt names into a folder. The package holds those of every service of AWS, so it is
# downloaded, compared with its checksum, and thrown away.
set -euo pipefail

if [ "$#" -ne 2 ]; then
  echo "usage: provider-aws.sh provider-aws.txt FOLDER" >&2
  exit 2
fi
mapfile -t lines < <(grep -v '^#' "$1")
package=${lines[0]}
checksum=${lines[1]}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
npm pack --silent --pack-destination "$work" "$package" >/dev/null
packed=("$work"/*.tgz)
found=$(node -p '"sha512-" + require("crypto").createHash("sha512").update(require("fs").readFileSync(process.argv[1])).digest("base64")' \
  "${packed[0]}")
if [ "$found" != "$checksum" ]; then
  echo "$package has the checksum $found, and $1 says $checksum" >&2
  exit 1
fi

files=()
for kind in "${lines[@]:2}"; do
  files+=("package/lib/$kind/index.d.ts")
done
mkdir -p "$2"
tar -xzf "${packed[0]}" -C "$2" --strip-components 1 package/package.json "${files[@]}"
