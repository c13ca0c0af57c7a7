"""The rule of the rooms in src/README.md: an include goes down only, no file calls one that calls it, and
the house has few floors; and what an archive holds, and what an experiment can choose, is named once.
Every test of the whole program is run, too. Takes the root of the sources and the library that is
made of them."""
import functools
import pathlib
import re
import subprocess
import sys

root = pathlib.Path(sys.argv[1])
PUBLIC = root / "include/twoview"
ROOMS = ["src"] + re.findall(r"^\| `(\w+)` \|", (root / "src/README.md").read_text(), re.M)
MOST_FLOORS = 13
INCLUDE = re.compile(r'^#include "(?:twoview/)?([\w./]+)"', re.M)
faults = []


def room_of(path):
    """The table of kinds is a room of one file."""
    return path.stem if path.stem == "kinds" else path.parent.name


def header(includer, name):
    """The file that an include line of `includer` means; None for what the build makes."""
    places = [PUBLIC / name, includer.parent / name]
    return next((place for place in places if place.exists()), None)


def circle_through(start, uses):
    """A way along what each of them uses that leads back to `start`."""
    ways = [[start]]
    seen = set()
    while ways:
        way = ways.pop()
        for target in uses.get(way[-1], ()):
            if target == start:
                return way
            if target not in seen:
                seen.add(target)
                ways.append(way + [target])
    return None


def calls(library):
    """The files of the library, and the files whose functions and tables each of them names."""
    listed = subprocess.run(["nm", "-A", library], capture_output=True, text=True, check=True).stdout
    symbols = re.findall(r"(src_\w+)\.c\.o:\s*[0-9a-f]*\s+(\w) (\w+)$", listed, re.M)
    owner = {name: file for file, kind, name in symbols if kind in "TDRB"}
    called = {file: set() for file in owner.values()}
    for file, kind, name in symbols:
        if kind == "U" and owner.get(name, file) != file:
            called.setdefault(file, set()).add(owner[name])
    return called


@functools.cache
def floor(room):
    below = {room_of(target) for path in files if room_of(path) == room for target in uses[path]}
    return 1 + max((floor(other) for other in below - {room}), default=0)


files = sorted([*root.glob("src/**/*.[ch]"), *PUBLIC.glob("**/*.h")])
uses = {path: [] for path in files}
for path in files:
    for name in INCLUDE.findall(path.read_text()):
        target = header(path, name)
        if target is None:
            continue
        uses[path].append(target)
        if ROOMS.index(room_of(target)) < ROOMS.index(room_of(path)):
            faults.append(f"{path}: includes {name}, of a room above")
        if room_of(target) != room_of(path) and PUBLIC not in target.parents:
            faults.append(f"{path}: includes {name}, which belongs to that room alone")

for path in files:
    users = [user for user in files if path in uses[user]]
    is_shared = any(room_of(user) != room_of(path) or PUBLIC in user.parents for user in users)
    if PUBLIC in path.parents and not is_shared:
        faults.append(f"{path}: no other room includes it; it belongs beside its source")
    if path.suffix == ".h" and circle_through(path, uses):
        faults.append(f"{path}: includes itself by way of others")

for room in ROOMS if not faults else []:
    if floor(room) > MOST_FLOORS:
        faults.append(f"{room}: on floor {floor(room)}, of {MOST_FLOORS} at the most")

called = calls(sys.argv[2])
for file in sorted(called):
    circle = circle_through(file, called)
    if circle:
        faults.append(f"{' calls '.join(circle)} calls {file}")

# What an archive holds is named once: in the tables of variables, quantities and attributes, or in the
# header of the room that other rooms know it from.
named = {}
macros = {macro: (name, path) for path in files
          for macro, name in re.findall(r'^#define (TV_\w+) +"(\w+)"', path.read_text(), re.M)}
for path in files:
    if room_of(path) in ("archive", "studies"):
        text = path.read_text()
        rows = r'\{\s*\{\s*"(\w+)",\s*"' if path.name != "attributes.c" else r'\] = \{"(\w+)"'
        named.update((name, path) for name in re.findall(rows, text))
        named.update(macros[macro] for macro in re.findall(r'\{\{\s*(TV_\w+),\s*"', text))
for name in ("distance", "alpha2_measured", "theta_eigenvalues", "paradigm", "format_version"):
    if name not in named:
        faults.append(f"'{name}' is in none of the tables")
for path in files:
    if room_of(path) in ("archive", "studies"):
        literals = set(re.findall(r'"(\w+)"', path.read_text()))
        faults += [f"{path}: names '{name}', as {named[name].name} does"
                   for name in literals & named.keys() if named[name] != path
                   and (path.name, name) not in (("provenance.c", "sample"), ("schema.h", "experiment"))]

# Elsewhere the names with an underscore are looked for, in texts too; `first_replicate` is also a key.
COMMENT = re.compile(r"/\*.*?\*/|^#include.*?$", re.S | re.M)
TEXT = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
for path in files:
    if room_of(path) in ("archive", "studies", "experiment"):
        continue
    words = {word for text in TEXT.findall(COMMENT.sub("", path.read_text()))
             for word in re.findall(r"(?<![\w.])[a-z]\w*_\w*", re.sub(r"\\.", " ", text))}
    faults += [f"{path}: names '{name}', as {named[name].name} does"
               for name in words & named.keys() - {"first_replicate"} if named[name] != path]

# A study, a method, a source or an augmentation is named in its own file, in the table of kinds and, a row
# by another row, in its room; a study also in its report. `noise` and `hdf5` are words for other things, too.
ROW = re.compile(r"^const tv_(?:study|method|source_kind|augmentation) (tv_\w+) = \{(.*?)\};", re.S | re.M)
NAME = re.compile(r'\.(?:name|short_name) = "([\w-]+)"')
rows = {}
for path in files:
    for row, text in ROW.findall(path.read_text()):
        rows[row] = (path, NAME.findall(text))
kinds = {name: path for path, names in rows.values() for name in names if name not in ("noise", "hdf5")}
for kind in ("grid", "JE", "idx", "time-mask"):
    if kind not in kinds:
        faults.append(f"'{kind}' is in no row of a kind")
for path in files:
    code = COMMENT.sub("", path.read_text())
    texts = TEXT.findall(code)
    words = {*texts, *(word for text in texts for word in re.findall(r"study: (\w+)", text))}
    faults += [f"{path}: names '{name}', of {kinds[name].name}"
               for name in words & kinds.keys() if room_of(path) != room_of(kinds[name])]
    if path.suffix == ".c" and room_of(path) != "kinds":
        faults += [f"{path}: names {row}" for row in set(re.findall(r"\btv_\w+", code)) & rows.keys()
                   if room_of(path) != room_of(rows[row][0])
                   and not (room_of(path) == "report" and row == f"tv_{path.stem}_study")]

# Every test of the whole program is run.
build = (root / "tests/meson.build").read_text()
run = re.findall(r"'(\w+)'", re.search(r"system_tests = \[(.*?)\]", build, re.S)[1])
faults += [f"{path}: is no test of meson.build" for path in sorted((root / "tests").glob("system_*.py"))
           if path.stem.removeprefix("system_") not in run and f"'{path.name}'" not in build]

print("\n".join(faults))
sys.exit(bool(faults))
