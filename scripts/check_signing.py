#!/usr/bin/env python3
"""Checks signatures against Python's model-signing, and makes the files of tests/data/signing.

    scripts/provision_signing
    target/signing/bin/python scripts/check_signing.py           # Python verifies ours, we verify Python's
    target/signing/bin/python scripts/check_signing.py --make    # signs the test files anew before that

The check is `cargo test --release --test signing` with this interpreter. Keys that are there
are kept: they are public, sign these files and nothing else, and are worth nothing. What is made:

    test_only.pem, test_only_sec1.pem, test_only.pub.pem   one key pair of P-256, private in both forms
    test_only_encrypted.pem                                the same with a password
    other.pem, other.pub.pem                               another pair
    p384.pem, p384.pub.pem                                 a pair of another curve
    model/                                                 a model directory
    model.sig, p384.sig                                    its signatures by model-signing
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import model_signing
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "tests" / "data" / "signing"
WARNING = "This key is public. It signs files of tests and nothing else. Do not trust it.\n"
# `openssl ecparam -genkey` writes the curve before the key.
PARAMETERS = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
MODEL = {
    "manifest.json": json.dumps({"name": "tiny", "version": 1}) + "\n",
    # A header of length 2 without arrays.
    "model.safetensors": "\2\0\0\0\0\0\0\0{}",
    "words/vocabulary.txt": "a\nb\n",
    "words.txt": "",
}


def key_pair(name, curve):
    """Makes a pair where there is none, and returns the private key."""
    private = FOLDER / (name + ".pem")
    if not private.exists():
        key = ec.generate_private_key(curve)
        text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        private.write_text(WARNING + text)
    key = load_pem_private_key(private.read_bytes(), None)
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (FOLDER / (name + ".pub.pem")).write_text(WARNING + public.decode())
    return key


def make():
    FOLDER.mkdir(parents=True, exist_ok=True)
    key = key_pair("test_only", ec.SECP256R1())
    key_pair("other", ec.SECP256R1())
    key_pair("p384", ec.SECP384R1())
    sec1 = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()
    (FOLDER / "test_only_sec1.pem").write_text(WARNING + PARAMETERS + sec1)
    encrypted = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"test only"))
    (FOLDER / "test_only_encrypted.pem").write_text(WARNING + encrypted.decode())
    for name, text in MODEL.items():
        path = FOLDER / "model" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    for key, signature in {"test_only": "model.sig", "p384": "p384.sig"}.items():
        config = model_signing.signing.Config().use_elliptic_key_signer(private_key=FOLDER / (key + ".pem"))
        config.sign(FOLDER / "model", FOLDER / signature)


def check():
    command = ["cargo", "test", "--release", "--test", "signing"]
    # With the variable, the test that asks Python fails where it cannot; without, it is skipped.
    environment = dict(os.environ, DEADWEIGHT_SIGNING_PYTHON=sys.executable)
    subprocess.run(command, cwd=ROOT, env=environment, check=True)
    print("model-signing %s and deadweight verify each other" % model_signing.__version__)


if __name__ == "__main__":
    if sys.argv[1:] not in ([], ["--make"]):
        raise SystemExit(__doc__)
    if sys.argv[1:]:
        make()
    check()
