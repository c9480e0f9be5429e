"""Packs each function's binary as Lambda wants it: <function>.zip with one executable, bootstrap.

The same binary always gives the same bytes, so a deployment changes only what changed.
"""

import argparse
import os
import pathlib
import re
import sys
import zipfile

FUNCTIONS = ("health-probe", "confirm-outage", "recovery-ledger", "detach-and-promote", "dns-flip", "ecs-restart")
GLIBC_OF_AL2023 = 34
EPOCH = (1980, 1, 1, 0, 0, 0)


def pack(binary, package):
    """Writes the package unless it is newer than the binary already."""
    if package.exists() and package.stat().st_mtime_ns > binary.stat().st_mtime_ns:
        return
    content = binary.read_bytes()
    needed = max((int(minor) for minor in re.findall(rb"GLIBC_2\.(\d+)", content)), default=0)
    if needed > GLIBC_OF_AL2023:
        print(f"warning: {binary.name} needs glibc 2.{needed}; provided.al2023 has 2.{GLIBC_OF_AL2023}", file=sys.stderr)
    entry = zipfile.ZipInfo("bootstrap", EPOCH)
    entry.external_attr = 0o100755 << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    unfinished = package.with_name(f".{package.name}.{os.getpid()}")
    with zipfile.ZipFile(unfinished, "w") as archive:
        archive.writestr(entry, content)
    unfinished.replace(package)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("binaries", type=pathlib.Path, help="folder with the release binaries")
    parser.add_argument("packages", type=pathlib.Path, help="folder for the packages")
    arguments = parser.parse_args()
    missing = [name for name in FUNCTIONS if not (arguments.binaries / name).is_file()]
    if missing:
        sys.exit(f"not built: {', '.join(missing)} (cargo build --release --locked)")
    arguments.packages.mkdir(parents=True, exist_ok=True)
    for name in FUNCTIONS:
        pack(arguments.binaries / name, arguments.packages / f"{name}.zip")


if __name__ == "__main__":
    main()
