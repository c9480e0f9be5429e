"""Puts together what a release page carries: the functions' packages, the operator's tool, templates and state machines, a software bill
of materials for each program, and the checksums of all.

The same commit gives the same bytes.
"""

import argparse
import gzip
import hashlib
import io
import json
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import uuid

ROOT = pathlib.Path(__file__).resolve().parent.parent
TOOL = "aurora-failover"
# What is deployed beside the packages, and what deploys it.
FILES = ("cloudformation", "statemachine", "tools/deploy", "tools/requirements.txt", "LICENSE", "README.md")


def git(*words):
    """What git says."""
    return subprocess.run(("git", "-C", str(ROOT), *words), check=True, capture_output=True, text=True).stdout.strip()


def commit():
    """The commit that is released, and when it was made, in seconds."""
    if changed := git("status", "--porcelain"):
        sys.exit(f"what is released is a commit, and this tree has changes: {changed.splitlines()[0].strip()}; commit or remove them")
    return git("rev-parse", "--short=12", "HEAD"), int(git("show", "--no-patch", "--format=%ct", "HEAD"))


def archive(target, at):
    """Packs what is deployed, with the time of the commit on every file."""
    names = git("ls-files", "--", *FILES).splitlines()
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as files:
        for name in sorted(names):
            content = (ROOT / name).read_bytes()
            entry = tarfile.TarInfo(name)
            entry.size, entry.mtime = len(content), at
            entry.mode = 0o755 if (ROOT / name).stat().st_mode & 0o100 else 0o644
            files.addfile(entry, io.BytesIO(content))
    with target.open("wb") as file, gzip.GzipFile(filename="", fileobj=file, mode="wb", mtime=at) as zipped:
        zipped.write(packed.getvalue())


def materials(cyclonedx, programs, target, version):
    """Writes a bill of materials for each program, in CycloneDX's form. The tool writes beside the sources, so it is given a copy."""
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder) / TOOL
        source.mkdir()
        tree = subprocess.run(("git", "-C", str(ROOT), "archive", "HEAD"), check=True, capture_output=True).stdout
        with tarfile.open(fileobj=io.BytesIO(tree)) as files:
            files.extractall(source, filter="data")
        subprocess.run(
            (cyclonedx.resolve(), "cyclonedx", "--format", "json", "--describe", "binaries", "--spec-version", "1.5", "--quiet"),
            cwd=source, check=True)
        found = {file.name.removesuffix("_bin.cdx.json"): file for file in source.rglob("*_bin.cdx.json")}
        for name in programs:
            if name not in found:
                sys.exit(f"no bill of materials was written for {name}, only for {', '.join(sorted(found))}")
            text = found[name].read_text().replace(str(source), f"/{TOOL}")
            bill = json.loads(text)
            # Told apart by what is in them, and by no clock.
            bill["metadata"].pop("timestamp", None)
            bill.pop("serialNumber", None)
            content = json.dumps(bill, indent=1, sort_keys=True)
            bill["serialNumber"] = uuid.uuid5(uuid.NAMESPACE_URL, f"{version}/{name}/{content}").urn
            (target / f"{name}.cdx.json").write_text(json.dumps(bill, indent=1, sort_keys=True) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("packages", type=pathlib.Path, help="folder with the functions' packages")
    parser.add_argument("tool", type=pathlib.Path, help="the operator's tool")
    parser.add_argument("cyclonedx", type=pathlib.Path, help="cargo-cyclonedx")
    parser.add_argument("target", type=pathlib.Path, help="folder for what the page carries")
    arguments = parser.parse_args()
    version, at = commit()
    packages = sorted(arguments.packages.glob("*.zip"))
    if not packages or not arguments.tool.is_file():
        sys.exit("nothing is packed; make release does it all")
    shutil.rmtree(arguments.target, ignore_errors=True)
    arguments.target.mkdir(parents=True)
    for package in packages:
        shutil.copyfile(package, arguments.target / package.name)
    shutil.copyfile(arguments.tool, arguments.target / TOOL)
    (arguments.target / TOOL).chmod(0o755)
    archive(arguments.target / f"{TOOL}-{version}.tar.gz", at)
    materials(arguments.cyclonedx, [package.stem for package in packages] + [TOOL], arguments.target, version)
    files = sorted(arguments.target.iterdir())
    sums = [f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in files]
    (arguments.target / "SHA256SUMS").write_text("".join(sums))
    size = sum(file.stat().st_size for file in files) / 1e6
    print(f"{len(files) + 1} files, {size:.1f} MB, of commit {version}: {arguments.target}")


if __name__ == "__main__":
    main()
