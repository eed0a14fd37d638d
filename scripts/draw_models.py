#!/usr/bin/env python3
"""Draws models at random, fits them with the real scikit-learn, and compares deadweight's answers.

    scripts/provision_sklearn DIR
    scripts/draw_models.py --seed N --draws 1000 --binary target/release/deadweight --venvs DIR

Each draw is a version of scikit-learn, an estimator, its options, data, and a way of saving. The
version fits and answers; `deadweight predict` answers from the file alone, in a process of its own.
A draw is right, refused (exit code 1 with a message) or wrong. Labels must be identical, trees and
forests equal bit for bit, other numbers within 1e-12 of the largest in their column. What a library
refuses to fit is drawn again and counted.

Where large terms cancel out, what is left is rounding, and scikit-learn's own answer depends on the
processor; so it does where numpy decides between equals. So where an answer is wrong, the same library
is asked once more as on each kind of processor that its OpenBLAS has kernels for, and without vector
instructions. Only when these answers differ from each other, by the same
rule, and deadweight's is no further from one of them than they are from each other (a label: is one of
theirs), is the draw "undetermined": counted and listed apart, not as right.

The end is a table by estimator and by version, the refusals by message, and what is wrong with the
command that repeats it. `--keep DIR` keeps the files of every refused or wrong draw (and `--only I`
those of draw I). `--json FILE` writes the record. Exit code 1 when anything is wrong.

`--self-test` needs no binary: the same library answers in another process. `--self-test wrong` makes
those answers slightly wrong and expects every draw to be found out.
"""

import argparse
import collections
import json
import os
import random
import re
import select
import shlex
import shutil
import subprocess
import sys
import tempfile

SCRIPTS = os.path.dirname(os.path.abspath(__file__))
SECONDS = 120
# A fit that takes longer is drawn again: some kernels on some data hardly ever converge.
FIT_SECONDS = 60
# By the names of numpy up to 2.3 and of those since; names that it does not know it passes over.
AVX512 = "AVX512F AVX512CD AVX512_SKX AVX512_CLX AVX512_CNL AVX512_ICL AVX512_SPR X86_V4"
# Processors of which every OpenBLAS since 2018 has kernels that sum in different orders; and vector
# instructions by which numpy partitions, so that it decides between equals in different ways.
CORES = {core: {"OPENBLAS_CORETYPE": core} for core in "Prescott Nehalem Sandybridge Haswell SkylakeX Zen".split()}
CORES["without AVX512"] = {"NPY_DISABLE_CPU_FEATURES": AVX512}
CORES["without AVX2"] = {"NPY_DISABLE_CPU_FEATURES": AVX512 + " AVX2 FMA3 X86_V3"}
RESULTS = ["right", "undetermined", "refused", "wrong"]
FAMILIES = (
    "LinearRegression Ridge Lasso ElasticNet LogisticRegression DecisionTree RandomForest ExtraTrees GradientBoosting "
    "HistGradientBoosting SVC SVR LinearSVC KNeighbors MLP PCA StandardScaler MinMaxScaler SimpleImputer OneHotEncoder "
    "OrdinalEncoder LabelEncoder CountVectorizer TfidfVectorizer TextPipeline Pipeline ColumnTransformer Search"
).split()


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", required=True)
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--binary", help="the deadweight program")
    parser.add_argument("--venvs", required=True, help="the folder of scripts/provision_sklearn")
    parser.add_argument("--versions", nargs="*", help="only these versions of scikit-learn")
    parser.add_argument("--families", nargs="*", choices=FAMILIES, metavar="FAMILY", help=" ".join(FAMILIES))
    parser.add_argument("--only", type=int, nargs="*", help="only the draws of these numbers")
    parser.add_argument("--keep", help="where the files of refused and wrong draws go")
    parser.add_argument("--json", help="where the record goes")
    parser.add_argument("--self-test", nargs="?", const="right", choices=["right", "wrong"])
    made = parser.parse_args()
    if not made.self_test and not made.binary:
        parser.error("--binary or --self-test is needed")
    return made


class Worker:
    """The interpreter of one version, kept alive so that the library is imported once."""

    def __init__(self, python):
        self.python = python
        self.start()

    def start(self):
        settings = dict(os.environ, OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", PYTHONHASHSEED="0",
                        PYTHONIOENCODING="utf-8", PYTHONDONTWRITEBYTECODE="1")
        self.process = subprocess.Popen(
            [self.python, os.path.join(SCRIPTS, "model_draws", "worker.py")], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=settings, bufsize=0)

    def ask(self, **request):
        """The answer. The worker says a line before each fit, and one that takes too long is given up."""
        attempt, slow = 0, []
        self.send(request)
        while True:
            if not select.select([self.process.stdout], [], [], FIT_SECONDS)[0]:
                self.process.kill()
                self.process.wait()
                self.start()
                slow.append("a fit of more than %d s" % FIT_SECONDS)
                self.send(dict(request, first=attempt + 1))
                continue
            line = self.process.stdout.readline()
            if not line:
                raise SystemExit("%s: the worker ended on %s" % (self.python, request))
            answer = json.loads(line)
            if "attempt" not in answer:
                return dict(answer, refits=slow + answer["refits"]) if "refits" in answer else answer
            attempt = answer["attempt"]

    def send(self, request):
        self.process.stdin.write((json.dumps(request) + "\n").encode())


def versions(options):
    """Those that are asked for and provisioned."""
    with open(os.path.join(SCRIPTS, "sklearn_versions.txt")) as file:
        known = [line.split()[0] for line in file if line.strip() and not line.startswith("#")]
    there = [version for version in options.versions or known
             if os.path.exists(os.path.join(options.venvs, version, "bin", "python"))]
    if not there:
        raise SystemExit("%s: none of the versions is there; scripts/provision_sklearn makes them" % options.venvs)
    return there


def program(options, python):
    if options.self_test:
        return [python, os.path.join(SCRIPTS, "model_draws", "answer.py")]
    return [os.path.abspath(options.binary)]


def run(command, options, **more):
    """Exit code and message of the program; a limit of time as code None."""
    settings = dict(os.environ, OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", NO_COLOR="1", **more)
    if options.self_test == "wrong":
        settings["DEADWEIGHT_DRAWS_PERTURB"] = "1"
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=settings, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return None, "no answer within %d s" % SECONDS
    return done.returncode, done.stderr.decode("utf-8", "replace").strip()


def undetermined(worker, drawn, ask, folder, options):
    """The processors on which the library itself gives other answers, if deadweight's is among them."""
    own = {}
    for core, settings in CORES.items():
        own[core] = "own.%s.%s.npy" % (ask["method"], core.replace(" ", "-"))
        command = [worker.python, os.path.join(SCRIPTS, "model_draws", "answer.py"), "predict",
                   os.path.join(folder, drawn["model"]), "--input", os.path.join(folder, drawn["input"]),
                   "--method", ask["method"], "--output", os.path.join(folder, own[core])]
        command += ["--select", drawn["select"]] if drawn["select"] else []
        # A processor without the instructions of a core ends the process.
        if run(command, options, **settings)[0] != 0:
            del own[core]
    judge = dict(compare=True, folder=folder, label=ask["label"], exact=drawn["exact"], expected=ask["expected"])
    moved = [core for core in own if worker.ask(found=own[core], **judge)["difference"]]
    among = moved and worker.ask(found="found.%s.npy" % ask["method"], own=list(own.values()), **judge)["among"]
    return moved if among else None


def one(worker, drawn, folder, options):
    """Asks the program everything; the worst result counts for the draw."""
    result, details = "right", []
    for ask in drawn["asks"]:
        found = "found.%s.npy" % ask["method"]
        command = program(options, worker.python) + [
            "predict", os.path.join(folder, drawn["model"]), "--input", os.path.join(folder, drawn["input"]),
            "--method", ask["method"], "--output", os.path.join(folder, found)]
        command += ["--select", drawn["select"]] if drawn["select"] else []
        code, message = run(command, options)
        if code == 0:
            verdict = worker.ask(compare=True, folder=folder, expected=ask["expected"], found=found,
                                 label=ask["label"], exact=drawn["exact"])["difference"]
            outcome, message = ("right", "") if verdict is None else ("wrong", verdict)
            cores = undetermined(worker, drawn, ask, folder, options) if verdict and not options.self_test else None
            if cores:
                outcome = "undetermined"
                message = "the library answers otherwise on %s; here: %s" % (", ".join(cores), verdict)
        elif code == 1 and message:
            outcome = "refused"
        else:
            outcome, message = "wrong", "exit code %s: %s" % (code, message[-400:])
        if outcome != "right":
            details.append({"method": ask["method"], "outcome": outcome, "message": message,
                            "command": " ".join(shlex.quote(word) for word in command)})
        result = max(result, outcome, key=RESULTS.index)
    return result, details


def generic(message, folder):
    """A refusal without its paths, numbers and advice, to group by."""
    message = message.replace(folder + os.sep, "").splitlines()[0]
    return re.sub(r"\d+", "N", re.sub(r"\bmodel[\w.]+(pkl|joblib)\b", "FILE", message))[:240]


def plan(number, options, there):
    """Version and family of a draw. The seed and the number alone decide."""
    rng = random.Random("%s/%d" % (options.seed, number))
    while True:
        version, family = rng.choice(there), rng.choice(options.families or FAMILIES)
        if not (family == "HistGradientBoosting" and version.startswith("0.20.")):
            return version, family


def main():
    options = arguments()
    there = versions(options)
    base = options.keep or tempfile.mkdtemp(prefix="draws-")
    os.makedirs(base, exist_ok=True)
    workers, records, refits = {}, [], collections.Counter()
    for number in options.only if options.only is not None else range(options.draws):
        version, family = plan(number, options, there)
        if version not in workers:
            workers[version] = Worker(os.path.join(options.venvs, version, "bin", "python"))
        worker = workers[version]
        folder = os.path.abspath(os.path.join(base, "draw-%05d" % number))
        shutil.rmtree(folder, ignore_errors=True)
        drawn = worker.ask(draw="%s/%d" % (options.seed, number), family=family, folder=folder)
        refits.update("%s %s: %s" % (family, version, why) for why in drawn["refits"])
        if "failed" in drawn:
            raise SystemExit("draw %d: %s of %s could not be drawn: %s" % (number, family, version, drawn["failed"]))
        result, details = one(worker, drawn, folder, options)
        records.append({"number": number, "version": version, "family": family, "result": result, "details": details,
                        "options": drawn["options"], "file": drawn["model"], "redrawn": len(drawn["refits"]),
                        "folder": folder})
        if result == "right" and options.only is None:
            shutil.rmtree(folder)
        else:
            with open(os.path.join(folder, "draw.json"), "w") as file:
                json.dump(dict(records[-1], drawn=drawn), file, indent=1)
        if sys.stderr.isatty():
            print("\r%d of %d" % (len(records), options.draws), end="", file=sys.stderr)
    summary(records, refits, base)
    if options.json:
        with open(options.json, "w") as file:
            json.dump({"seed": options.seed, "versions": there, "draws": records}, file, indent=1)
    results = collections.Counter(record["result"] for record in records)
    if options.self_test == "wrong":
        return 0 if results["wrong"] == len(records) else 1
    return 1 if results["wrong"] else 0


def table(records, name):
    counts = collections.defaultdict(collections.Counter)
    for record in records:
        counts[record[name]][record["result"]] += 1
    print("\n%-22s %6s %13s %8s %6s" % ((name,) + tuple(RESULTS)))
    for key in sorted(counts, key=lambda key: [int(n) if n.isdigit() else 0 for n in key.split(".")] + [key]):
        row = counts[key]
        print("%-22s %6d %13d %8d %6d" % ((key,) + tuple(row[result] for result in RESULTS)))


def summary(records, refits, base):
    table(records, "family")
    table(records, "version")
    refused = collections.defaultdict(list)
    for record in records:
        if record["result"] == "refused":
            refused[generic(record["details"][0]["message"], record["folder"])].append(record)
    if refused:
        print("\nRefused:")
    for message, those in sorted(refused.items(), key=lambda item: -len(item[1])):
        families = ", ".join(sorted({record["family"] for record in those}))
        print("%4d  %s\n      %s; draws %s" % (len(those), message, families,
                                               " ".join(str(record["number"]) for record in those[:8])))
    for record in records:
        if record["result"] not in ("wrong", "undetermined"):
            continue
        print("\n%s: draw %d, scikit-learn %s, %s\n  %s" % (
            record["result"].capitalize(), record["number"], record["version"], record["file"], record["options"]))
        for detail in record["details"]:
            print("  %s: %s\n    %s" % (detail["method"], detail["message"], detail["command"]))
    if refits:
        print("\nDrawn again, the commonest reasons:")
    for why, count in refits.most_common(8):
        print("%4d  %s" % (count, why))
    results = collections.Counter(record["result"] for record in records)
    print("\n%d draws: %d right, %d undetermined, %d refused, %d wrong; %d drawn again because the library would not" % (
        len(records), results["right"], results["undetermined"], results["refused"], results["wrong"], sum(refits.values())))
    print("files of all that are not right: %s" % base)


if __name__ == "__main__":
    sys.exit(main())
