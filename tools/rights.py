"""Puts together which statement of which function's role allowed which action, in all drills that were held last.

Each emulator writes that down as it goes. `-` stands for the name of a statement where none allowed the action.
"""

import pathlib
import re
import sys

WITNESS = "us-east-2"
ROLE = re.compile(r"(.+)-([a-z]{2}(?:-[a-z]+)+-\d+)")


def right(line):
    """One line of an emulator's file, with the kind of Region in place of the Region that ends the role's name."""
    role, statement, action = line.split()[:3]
    function, region = ROLE.fullmatch(role).groups()
    return f"{'witness' if region == WITNESS else 'member'} {function} {statement} {action}"


def main(drills, record):
    """Writes the record of all drills below a folder."""
    files = sorted(pathlib.Path(drills).glob("**/emulator/rights.log"))
    if not files:
        sys.exit(f"{drills} holds no drill: run make drill SCENARIO=all first")
    rights = {right(line) for file in files for line in file.read_text(encoding="utf-8").splitlines()}
    pathlib.Path(record).write_text("".join(f"{one}\n" for one in sorted(rights)), encoding="utf-8")
    print(f"{len(rights)} rights of {len(files)} drills")


if __name__ == "__main__":
    main(*sys.argv[1:])
