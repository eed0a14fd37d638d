"""Whether another program's answer is the library's."""

import numpy as np

TOLERANCE = 1e-12


def plain(expected):
    """The library's answer as one array: dense, texts as numpy's own, several outputs side by side."""
    if hasattr(expected, "toarray"):
        expected = expected.toarray()
    if isinstance(expected, list):
        expected = np.concatenate([np.asarray(part) for part in expected], axis=1)
    expected = np.asarray(expected)
    if expected.dtype == object or expected.dtype.kind not in "fiubU":
        flat = expected.ravel().tolist()
        if all(isinstance(cell, str) for cell in flat):
            return np.array(flat).reshape(expected.shape)
        if all(isinstance(cell, (int, float, np.number)) for cell in flat):
            return expected.astype(np.float64)
        raise ValueError("answers of texts and numbers mixed")
    return expected


def difference(expected, found, label, exact):
    """None when the answers are the same, else the first thing that differs.

    Labels must be of the same sort and equal. Numbers must be equal bit for bit when `exact`, and
    otherwise within 1e-12 of the larger of the expected number and the largest in its column. An
    answer of one column may have one dimension or two.
    """
    if found.ndim == expected.ndim - 1 and expected.shape[-1] == 1:
        expected = expected[..., 0]
    if found.ndim == expected.ndim + 1 and found.shape[-1] == 1:
        found = found[..., 0]
    if expected.shape != found.shape:
        return "expected shape %s, found %s" % (expected.shape, found.shape)
    sort = {"u": "i"}.get(expected.dtype.kind, expected.dtype.kind)
    if label or sort == "U":
        if {"u": "i"}.get(found.dtype.kind, found.dtype.kind) != sort:
            return "expected labels of %s, found %s" % (expected.dtype, found.dtype)
        wrong = expected != found
        if wrong.any():
            place = tuple(int(i) for i in np.argwhere(wrong)[0])
            return "%d of %d labels differ, at %s expected %r, found %r" % (
                wrong.sum(), wrong.size, list(place), expected[place], found[place])
        return None
    if found.dtype.kind not in "fiub":
        return "expected numbers, found %s" % found.dtype
    return _numbers(expected.astype(np.float64), found.astype(np.float64), exact)


def _numbers(expected, found, exact):
    if expected.size == 0:
        return None
    with np.errstate(all="ignore"):
        same = (expected == found) | (np.isnan(expected) & np.isnan(found))
        if not exact:
            finite = np.where(np.isfinite(expected), np.abs(expected), 0)
            largest = finite.max(axis=0, keepdims=True) * np.ones_like(finite)
            same |= np.abs(expected - found) <= TOLERANCE * largest
    if same.all():
        return None
    wrong = np.argwhere(~same)
    place = tuple(int(i) for i in wrong[0])
    with np.errstate(all="ignore"):
        gaps = np.abs(expected - found)
        worst = float(np.nanmax(gaps)) if not np.isnan(gaps).all() else float("nan")
    return "%d of %d numbers differ%s, at %s expected %r, found %r, largest gap %.3g" % (
        len(wrong), same.size, " (bit for bit)" if exact else "", list(place), float(expected[place]),
        float(found[place]), worst)


def among(own, found):
    """Whether an answer is no further from one of the library's own answers than those are from each other.

    Numbers count relative to the largest in their column; a label must be one of theirs in its place.
    """
    first = own[0]
    found = found.reshape(first.shape) if found.size == first.size else found
    if any(answer.shape != found.shape for answer in own):
        return False
    if found.dtype.kind not in "f" or first.dtype.kind not in "f":
        return bool(np.any([answer == found for answer in own], axis=0).all())
    own = np.stack(own)
    with np.errstate(all="ignore"):
        largest = np.abs(own).max(axis=(0, 1), keepdims=True)
        spread = np.nanmax((own.max(axis=0) - own.min(axis=0)) / largest)
        return bool((np.abs(own - found).min(axis=0) / largest <= spread).all())
