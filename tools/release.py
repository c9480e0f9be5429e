"""Gathers what a release page carries: the packages, the templates, the operator's tool, a bill of materials, and checksums.

The same sources give the same bytes, but for the bill's own serial number and date, which are taken out.
"""

import argparse
import hashlib
import json
import pathlib
import shutil
import subprocess
import sys
import zipfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
EPOCH = (1980, 1, 1, 0, 0, 0)
# What a deployment needs beside the packages.
DEPLOYED_WITH = ("cloudformation", "statemachine", "tools/deploy", "tools/requirements.txt", "Makefile")


def bill_of_materials():
    """Every crate that the workspace is built from, with version, licence and checksum, as CycloneDX 1.5."""
    name = "release-page"
    words = ["cargo", "cyclonedx", "--format", "json", "--spec-version", "1.5", "--all-features", "--override-filename", name]
    subprocess.run(words, cwd=ROOT, check=True)
    components = {}
    for file in sorted(ROOT.glob(f"**/{name}.json")):
        if "target" in file.relative_to(ROOT).parts:
            continue
        bill = json.loads(file.read_text())
        for component in bill.get("components", []):
            # A path of whoever builds says nothing to whoever reads.
            component["bom-ref"] = f"{component['name']}@{component.get('version', '')}"
            components[component["bom-ref"]] = component
        file.unlink()
    if not components:
        sys.exit("the bill of materials is empty")
    return {
        "bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,
        "metadata": {"component": {"type": "application", "name": "aurora-failover"}},
        "components": [components[name] for name in sorted(components)],
    }


def archive(path):
    """Templates, definitions and the program that deploys them, in one file."""
    with zipfile.ZipFile(path, "w") as file:
        for part in DEPLOYED_WITH:
            whole = ROOT / part
            for each in sorted(whole.rglob("*")) if whole.is_dir() else [whole]:
                if each.is_file() and "__pycache__" not in each.parts:
                    entry = zipfile.ZipInfo(str(each.relative_to(ROOT)), EPOCH)
                    entry.external_attr = 0o100644 << 16
                    entry.compress_type = zipfile.ZIP_DEFLATED
                    file.writestr(entry, each.read_bytes())


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("packages", type=pathlib.Path, help="folder with the functions' packages")
    parser.add_argument("tool", type=pathlib.Path, help="the operator's tool")
    parser.add_argument("page", type=pathlib.Path, help="folder for what the page carries; emptied first")
    arguments = parser.parse_args()
    packages = sorted(arguments.packages.glob("*.zip"))
    if not packages or not arguments.tool.is_file():
        sys.exit(f"no packages in {arguments.packages}, or no {arguments.tool} (make package, make cli)")
    shutil.rmtree(arguments.page, ignore_errors=True)
    arguments.page.mkdir(parents=True)
    for file in [*packages, arguments.tool]:
        shutil.copy(file, arguments.page)
    archive(arguments.page / "deployment.zip")
    bill = json.dumps(bill_of_materials(), indent=1, sort_keys=True)
    (arguments.page / "bill-of-materials.cdx.json").write_text(bill + "\n")
    sums = [f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}" for file in sorted(arguments.page.iterdir())]
    (arguments.page / "SHA256SUMS").write_text("\n".join(sums) + "\n")
    print("\n".join(sums))


if __name__ == "__main__":
    main()
