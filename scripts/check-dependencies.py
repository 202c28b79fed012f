#!/usr/bin/env python3
"""Compares the package's targets with scripts/dependency-direction.txt, and every import with both.

The table is what was decided; Package.swift is what is built; an import that SwiftPM lets through because some other
target pulls the module in is a third thing. All three must agree. Exit status 1 with one line per difference."""
import json
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TABLE = "scripts/dependency-direction.txt"
IMPORT = re.compile(r"^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:(?:public|package|internal|fileprivate|private)\s+)?import\s+(?:\w+\s+)?(\w+)")


def table():
    decided = {}
    with open(os.path.join(ROOT, TABLE)) as lines:
        for number, line in enumerate(lines, 1):
            line = line.split("#", 1)[0].strip()
            if not line:
                continue
            name, arrow, names = line.partition("->")
            if not arrow:
                sys.exit(f"{TABLE}:{number}: expected 'Target -> Dependency, ...'")
            decided[name.strip()] = {item.strip() for item in names.split(",") if item.strip()}
    return decided


def built():
    text = subprocess.run(["swift", "package", "dump-package"], cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout
    targets = {}
    for target in json.loads(text)["targets"]:
        if target["type"] == "test":
            continue
        names = set()
        for dependency in target["dependencies"]:
            (value,) = (dependency[kind] for kind in ("byName", "product", "target") if kind in dependency)
            names.add(value[0])
        targets[target["name"]] = names
    return targets


def imports(target):
    for folder, _, files in os.walk(os.path.join(ROOT, "Sources", target)):
        for file in sorted(files):
            if file.endswith(".swift"):
                path = os.path.join(folder, file)
                with open(path) as lines:
                    for number, line in enumerate(lines, 1):
                        match = IMPORT.match(line)
                        if match:
                            yield os.path.relpath(path, ROOT), number, match.group(1)


def main():
    decided, targets, problems = table(), built(), []
    for name in sorted(decided.keys() | targets.keys()):
        if name not in targets:
            problems.append(f"{TABLE}: {name} is not a target of Package.swift")
        elif name not in decided:
            problems.append(f"Package.swift: target {name} has no line in {TABLE}")
        else:
            for extra in sorted(targets[name] - decided[name]):
                problems.append(f"Package.swift: {name} depends on {extra}, which {TABLE} does not allow")
            for gone in sorted(decided[name] - targets[name]):
                problems.append(f"{TABLE}: {name} -> {gone} is no longer in Package.swift")
    known = set(targets) | {name for names in targets.values() for name in names}
    for name in sorted(targets):
        for path, number, module in imports(name):
            if module in known and module != name and module not in targets[name]:
                problems.append(f"{path}:{number}: {name} imports {module}, which its target does not list")
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


sys.exit(main())
