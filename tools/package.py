"""Packs each function's binary as Lambda wants it: <function>.zip with the executable bootstrap, and the certificates
that the functions which speak SQL trust.

The same files always give the same bytes, so a deployment changes only what changed.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import sys
import zipfile

FUNCTIONS = pathlib.Path(__file__).resolve().parent.parent / "crates/functions"
GLIBC_OF_AL2023 = 34
EPOCH = (1980, 1, 1, 0, 0, 0)


def functions():
    """What each function's folder says of it, by the function's name."""
    said = sorted(FUNCTIONS.glob("*/function.json"))
    return {file.parent.name: json.loads(file.read_text()) for file in said}


def content_of(name, ca_bundle, arguments):
    """The package's files: name, mode, bytes."""
    binary = (arguments.binaries / name).read_bytes()
    needed = max((int(minor) for minor in re.findall(rb"GLIBC_2\.(\d+)", binary)), default=0)
    if needed > GLIBC_OF_AL2023:
        print(f"warning: {name} needs glibc 2.{needed}; provided.al2023 has 2.{GLIBC_OF_AL2023}", file=sys.stderr)
    yield "bootstrap", 0o755, binary
    if ca_bundle:
        yield "ca-bundle.pem", 0o644, ca_bundle


def up_to_date(package, name, ca_bundle, arguments):
    """Whether the package holds this binary, which is older than it, and these certificates."""
    if not package.exists() or package.stat().st_mtime_ns <= (arguments.binaries / name).stat().st_mtime_ns:
        return False
    with zipfile.ZipFile(package) as archive:
        return ca_bundle == (archive.read("ca-bundle.pem") if "ca-bundle.pem" in archive.namelist() else None)


def pack(name, ca_bundle, arguments):
    """Writes a function's package, with the certificates where there are some for it."""
    package = arguments.packages / f"{name}.zip"
    if up_to_date(package, name, ca_bundle, arguments):
        return
    unfinished = package.with_name(f".{package.name}.{os.getpid()}")
    with zipfile.ZipFile(unfinished, "w") as archive:
        for file, mode, content in content_of(name, ca_bundle, arguments):
            entry = zipfile.ZipInfo(file, EPOCH)
            entry.external_attr = (0o100000 | mode) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content, compresslevel=arguments.level)
    unfinished.replace(package)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("binaries", type=pathlib.Path, help="folder with the release binaries")
    parser.add_argument("packages", type=pathlib.Path, help="folder for the packages")
    parser.add_argument(
        "--ca-bundle", type=pathlib.Path, help="certificates to trust for PostgreSQL (RDS's global-bundle.pem)"
    )
    parser.add_argument("--level", type=int, choices=range(1, 10), default=6, help="1 packs quickly, 9 packs small")
    arguments = parser.parse_args()
    known = functions()
    if not known:
        sys.exit(f"no function.json in any folder of {FUNCTIONS}")
    missing = [name for name in known if not (arguments.binaries / name).is_file()]
    if missing:
        sys.exit(f"not built: {', '.join(missing)} (make build; make lambda for what is deployed)")
    if arguments.ca_bundle and not arguments.ca_bundle.is_file():
        sys.exit(f"no such file: {arguments.ca_bundle}")
    arguments.packages.mkdir(parents=True, exist_ok=True)
    ca_bundle = arguments.ca_bundle.read_bytes() if arguments.ca_bundle else None
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as threads:
        packed = [threads.submit(pack, name, ca_bundle if said["speaks_sql"] else None, arguments) for name, said in known.items()]
    for each in packed:
        each.result()


if __name__ == "__main__":
    main()
