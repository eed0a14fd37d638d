"""The real library behind deadweight's command line: what the self-test compares with itself.

    answer.py predict MODEL --input X.npy|X.csv --method METHOD --output Y.npy [--select PATH]

With DEADWEIGHT_DRAWS_PERTURB set, every answer is slightly wrong, and the comparison must say so.
"""

import json
import os
import pickle
import re
import sys
import warnings

warnings.filterwarnings("ignore")
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import joblib  # noqa: E402
import numpy as np  # noqa: E402

from model_draws import compare  # noqa: E402


def read(path):
    """Rows as the model was given them."""
    if path.endswith(".npy"):
        return np.load(path)
    import pandas

    made = pandas.read_csv(path, keep_default_na=False, na_values=[""], skip_blank_lines=False,
                           float_precision="round_trip")
    if list(made.columns) == ["text"]:
        return ["" if text != text else text for text in made["text"]]
    if list(made.columns) == ["label"]:
        return np.array(made["label"])
    for name in made.columns:
        if made[name].dtype.kind not in "fi":
            made[name] = made[name].astype(object).where(made[name].notnull(), np.nan)
    return made


def perturbed(answer):
    if answer.dtype.kind == "f":
        return answer * (1 + 1e-10) + 1e-300
    if answer.dtype.kind == "U":
        return np.char.add(answer, "?")
    return ~answer if answer.dtype.kind == "b" else answer + 1


def main():
    command, path, _, rows, _, method, _, output = sys.argv[1:9]
    if command != "predict":
        raise SystemExit("only predict")
    if path.endswith(".joblib"):
        model = joblib.load(path)
    else:
        with open(path, "rb") as file:
            model = pickle.load(file)
    # A path such as [1]["inner"]: keys of dicts and places in lists, each in brackets.
    for key in re.findall(r"\[(.*?)\]", sys.argv[10]) if len(sys.argv) > 10 else []:
        model = model[json.loads(key)]
    inputs = read(rows)
    if type(model).__name__ == "LabelEncoder":
        inputs = np.ravel(inputs)
    answer = compare.plain(getattr(model, method)(inputs))
    if os.environ.get("DEADWEIGHT_DRAWS_PERTURB"):
        answer = perturbed(answer)
    np.save(output, answer)


if __name__ == "__main__":
    main()
