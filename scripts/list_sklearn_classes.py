#!/usr/bin/env python3
"""Lists the classes that scikit-learn itself defines, as src/pickle/sklearn_classes.txt has them.

    scripts/provision_sklearn DIR
    python3 scripts/list_sklearn_classes.py DIR > src/pickle/sklearn_classes.txt

Every version of scripts/sklearn_versions.txt that is in DIR is asked in its own interpreter. A line is a
module and the names of its classes. What a module only imports (`GzipFile`, `Path`, `Thread`) is another
project's class, and loading a file that names it there can do what that class does: it is left out, and
so are modules that are no part of a model (data sets, tests, tools of developers).
"""

import collections
import json
import os
import subprocess
import sys

SCRIPTS = os.path.dirname(os.path.abspath(__file__))
ASK = """
import importlib, json, pkgutil, sys, warnings
warnings.filterwarnings("ignore")
import sklearn
LEFT_OUT = {"datasets", "externals", "callback", "tests", "conftest", "_build_utils", "_testing", "_mocking", "setup",
            "_plotting", "estimator_checks", "_estimator_html_repr", "_repr_html", "_show_versions", "__check_build"}
found = {}
def walk(module):
    names = [name for name, value in vars(module).items()
             if isinstance(value, type) and value.__module__ == module.__name__ and value.__name__ == name]
    if names:
        found[module.__name__] = names
    for _, name, _ in pkgutil.iter_modules(getattr(module, "__path__", [])):
        if name not in LEFT_OUT:
            try:
                walk(importlib.import_module(module.__name__ + "." + name))
            except Exception as error:
                print(module.__name__, name, type(error).__name__, file=sys.stderr)
walk(sklearn)
print("\\n" + json.dumps(found))
"""


def main():
    folder = sys.argv[1]
    with open(os.path.join(SCRIPTS, "sklearn_versions.txt")) as file:
        versions = [line.split()[0] for line in file if line.strip() and not line.startswith("#")]
    classes = collections.defaultdict(set)
    for version in versions:
        python = os.path.join(folder, version, "bin", "python")
        if not os.path.exists(python):
            raise SystemExit("%s is not there; scripts/provision_sklearn makes it" % python)
        # In a folder of no interest: some modules look around where they are imported.
        done = subprocess.run([python, "-c", ASK], stdout=subprocess.PIPE, cwd="/", check=True)
        for module, names in json.loads(done.stdout.decode().splitlines()[-1]).items():
            classes[module].update(names)
    for module, names in sorted(classes.items()):
        print(module, *sorted(names))


if __name__ == "__main__":
    main()
