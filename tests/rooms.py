"""The rule of the rooms in src/README.md: an include goes down only."""
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])
PUBLIC = root / "include/twoview"
ROOMS = ["src"] + re.findall(r"^\| `(\w+)` \|", (root / "src/README.md").read_text(), re.M)
INCLUDE = re.compile(r'^#include "(?:twoview/)?([\w./]+)"', re.M)
faults = []


def room_of(path):
    """The table of kinds is a room of one file."""
    return path.stem if path.stem == "kinds" else path.parent.name


def header(includer, name):
    """The file that an include line of `includer` means; None for what the build makes."""
    places = [PUBLIC / name, includer.parent / name]
    return next((place for place in places if place.exists()), None)


def circle_through(start):
    """A way along headers that leads back to `start`."""
    ways = [[start]]
    seen = set()
    while ways:
        way = ways.pop()
        for target in uses[way[-1]]:
            if target == start:
                return way
            if target not in seen:
                seen.add(target)
                ways.append(way + [target])
    return None


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
    if path.suffix == ".h" and circle_through(path):
        faults.append(f"{path}: includes itself by way of others")

print("\n".join(faults))
sys.exit(bool(faults))
