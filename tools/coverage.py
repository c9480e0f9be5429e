"""Says which rows of the decision tables, and which transitions of the state machines, no played case takes.

Each of them has its reason in a list: a row by its file and function, a transition by its machine and states. One without a reason is an
error, and a reason for what is taken is said.
"""

import argparse
import json
import pathlib
import re
import sys

# What holds no decision: the end of a block, a bare condition's opening, a comment.
EMPTY = re.compile(r"^[\s})\](,;.?]*$|^\s*//")
NOT_TAKEN = re.compile(r"not taken: (?P<machine>[\w-]+), (?P<from>\w+) -> (?P<to>\w+)")


def counts_in(lcov):
    """How often each line of each file was executed."""
    files, lines = {}, {}
    for line in lcov.splitlines():
        kind, _, rest = line.partition(":")
        if kind == "SF":
            lines = files.setdefault(rest, {})
        elif kind == "DA":
            number, count = rest.split(",")[:2]
            lines[int(number)] = lines.get(int(number), 0) + int(count)
    return files


def bodies_of(source, function):
    """The lines of each function of this name, from the one that names it to the brace that closes it."""
    opening = re.compile(rf"^(\s*)(?:pub(?:\([^)]*\))? )?(?:const )?(?:async )?fn {function}\b")
    for first, line in enumerate(source, 1):
        if found := opening.match(line):
            closing = found.group(1) + "}"
            yield from range(first, next(last for last, line in enumerate(source[first:], first + 1) if line == closing) + 1)


def rows_of(file, functions, counts):
    """The rows of a file's decisions: function, line, whether it was executed."""
    source = pathlib.Path(file).read_text(encoding="utf-8").splitlines()
    for function in functions:
        body = list(bodies_of(source, function))
        if not body:
            raise SystemExit(f"{file} has no function {function}; take it off the list of decisions, or name it as it is called now")
        for number in body:
            text = source[number - 1].strip()
            if number in counts and not EMPTY.match(text):
                yield function, text, counts[number] > 0


def without_reason(what, left_out, reasons):
    """Prints what is left out without a reason, and reasons that are not needed any more; how many have none."""
    missing = sorted(row for row in left_out if row[:3] not in reasons and row[:2] not in reasons)
    for row in missing:
        print(f"no reason why {what} is not taken: {' | '.join(row)}")
    for reason in sorted(reason for reason in reasons if not any(row[: len(reason)] == reason for row in left_out)):
        print(f"{what} is taken now, and has a reason why it is not: {' | '.join(reason)}")
    return len(missing)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lcov", type=pathlib.Path, help="the lines that were executed, as cargo llvm-cov writes them")
    parser.add_argument("said", type=pathlib.Path, help="what the simulation said, with --not-taken")
    parser.add_argument("reasons", type=pathlib.Path, help="the decisions, and what of them is left out, with reasons: JSON")
    arguments = parser.parse_args()
    listed = json.loads(arguments.reasons.read_text(encoding="utf-8"))
    files = counts_in(arguments.lcov.read_text(encoding="utf-8"))
    taken, left_out = set(), set()
    for file, functions in listed["decisions"].items():
        counts = files.get(str(pathlib.Path(file).resolve()), {})
        if not counts:
            raise SystemExit(f"{file} was not executed at all; its path in {arguments.reasons} is wrong, or nothing was measured")
        for function, text, is_taken in rows_of(file, functions, counts):
            (taken if is_taken else left_out).add((file, function, text))
    transitions = {found.groups() for found in NOT_TAKEN.finditer(arguments.said.read_text(encoding="utf-8"))}
    left_out -= taken
    missing = without_reason("a row", left_out, {(row["file"], row["function"]) for row in listed["rows"]})
    known = {(row["machine"], row["from"], row["to"]) for row in listed["transitions"]}
    missing += without_reason("a transition", transitions, known)
    decisions = sum(map(len, listed["decisions"].values()))
    print(f"{len(taken)} of {len(taken) + len(left_out)} rows of {decisions} decisions are taken, and all but {len(transitions)} transitions;"
          f" {missing} of what is left out have no reason")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
