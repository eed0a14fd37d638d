//! Signatures against Python's model-signing, and against everything that is not one.
//!
//! `tests/data/signing` has keys, a model and its signature by model-signing 1.1; see
//! `scripts/check_signing.py`. Where `DEADWEIGHT_SIGNING_PYTHON` names a Python with that package, it
//! verifies ours and signs anew, too; `scripts/provision_signing` makes one.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use deadweight::signing::{
    self, Admission, MAX_BUNDLE_BYTES, MAX_RESOURCES, Policy, PrivateKey, PublicKey, Resource,
    Sha256, SigningError,
};
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{DerSignature, SigningKey};
use p256::pkcs8::DecodePrivateKey;
use serde_json::{Value, json};

/// Names a Python that has model-signing.
const PYTHON: &str = "DEADWEIGHT_SIGNING_PYTHON";
const FILES: &[&str] = &["manifest.json", "model.safetensors", "words/vocabulary.txt", "words.txt"];

// ---------------------------------------------------------------- what is given

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/signing").join(name)
}

fn text(name: &str) -> String {
    fs::read_to_string(data(name)).unwrap()
}

fn private_key() -> PrivateKey {
    PrivateKey::read(&data("test_only.pem")).unwrap()
}

fn public_key() -> PublicKey {
    PublicKey::from_pem("release", &text("test_only.pub.pem")).unwrap()
}

fn other_key() -> PublicKey {
    PublicKey::from_pem("other", &text("other.pub.pem")).unwrap()
}

fn resources_of(folder: &Path, files: &[&str]) -> Vec<Resource> {
    let one = |name: &&str| {
        Resource::new(*name, Sha256::of(fs::read(folder.join(name)).unwrap())).unwrap()
    };
    files.iter().map(one).collect()
}

fn resources() -> Vec<Resource> {
    resources_of(&data("model"), FILES)
}

/// The bundle that Python signed.
fn python_bundle() -> Vec<u8> {
    fs::read(data("model.sig")).unwrap()
}

fn our_bundle() -> Vec<u8> {
    signing::sign(&private_key(), "model", &resources()).unwrap()
}

fn payload_of(bundle: &[u8]) -> Value {
    let bundle: Value = serde_json::from_slice(bundle).unwrap();
    let payload = bundle["dsseEnvelope"]["payload"].as_str().unwrap();
    serde_json::from_slice(&STANDARD.decode(payload).unwrap()).unwrap()
}

/// A bundle around any payload, rightly signed by the key that is trusted.
fn signed(payload: &[u8]) -> Vec<u8> {
    let key =
        SigningKey::from_pkcs8_pem(text("test_only.pem").split_once('\n').unwrap().1).unwrap();
    let kind = "application/vnd.in-toto+json";
    let mut encoded = format!("DSSEv1 {} {kind} {} ", kind.len(), payload.len()).into_bytes();
    encoded.extend(payload);
    let signature: DerSignature = key.sign(&encoded);
    let mut bundle: Value = serde_json::from_slice(&our_bundle()).unwrap();
    bundle["dsseEnvelope"]["payload"] = STANDARD.encode(payload).into();
    bundle["dsseEnvelope"]["signatures"][0]["sig"] = STANDARD.encode(signature.as_bytes()).into();
    bundle.to_string().into_bytes()
}

/// Why a bundle is refused, with what to do, which every error has to say.
fn refusal(bundle: &[u8], keys: &[PublicKey], resources: &[Resource]) -> SigningError {
    let error = signing::verify(bundle, keys, resources).unwrap_err();
    said(&error);
    error
}

/// The sentence of an error, after a look at what every one of them has to have.
fn said(error: &SigningError) -> String {
    let sentence = error.to_string();
    assert!(sentence.len() < 1000 && !sentence.contains('\n'), "{sentence}");
    assert!(error.remedy().len() > 15, "{sentence}: {}", error.remedy());
    sentence
}

/// The sentence with which the trusted key's signature of the test model is refused.
fn refused(bundle: &[u8]) -> String {
    refusal(bundle, &[public_key()], &resources()).to_string()
}

/// The sentence with which a change of our bundle outside of the signed bytes is refused.
fn refused_bundle(change: impl FnOnce(&mut Value)) -> String {
    let mut bundle: Value = serde_json::from_slice(&our_bundle()).unwrap();
    change(&mut bundle);
    refused(bundle.to_string().as_bytes())
}

/// The sentence with which a statement is refused that was signed with a change.
fn refused_statement(change: impl FnOnce(&mut Value)) -> String {
    let mut payload = payload_of(&our_bundle());
    change(&mut payload);
    refused(&signed(payload.to_string().as_bytes()))
}

// ---------------------------------------------------------------- Python's and ours

#[test]
fn the_signature_of_python_is_verified() {
    let verified =
        signing::verify(&python_bundle(), &[other_key(), public_key()], &resources()).unwrap();
    assert_eq!((verified.key(), verified.model_name()), ("release", "model"));
    assert_eq!(verified.fingerprint(), private_key().fingerprint());
}

#[test]
fn ours_states_what_python_states() {
    let (ours, python) = (our_bundle(), python_bundle());
    let (mut ours_payload, mut payload) = (payload_of(&ours), payload_of(&python));
    // What is left out differs: nothing but the signature, here.
    let ignored = ours_payload["predicate"]["serialization"]["ignore_paths"].take();
    payload["predicate"]["serialization"]["ignore_paths"].take();
    assert_eq!(ignored, json!(["model.sig"]));
    assert_eq!(ours_payload, payload);

    let shape = |bundle: &[u8]| {
        let mut bundle: Value = serde_json::from_slice(bundle).unwrap();
        bundle["dsseEnvelope"]["payload"] = "".into();
        bundle["dsseEnvelope"]["signatures"][0]["sig"] = "".into();
        bundle
    };
    assert_eq!(shape(&ours), shape(&python));
}

#[test]
fn signing_does_not_depend_on_order_or_chance() {
    let mut reversed = resources();
    reversed.reverse();
    let again = signing::sign(&private_key(), "model", &reversed).unwrap();
    assert_eq!(again, our_bundle());
    let sec1 = PrivateKey::from_pem(&text("test_only_sec1.pem")).unwrap();
    assert_eq!(signing::sign(&sec1, "model", &resources()).unwrap(), again);
    let verified = signing::verify(&again, &[public_key()], &reversed).unwrap();
    assert_eq!(verified.model_name(), "model");
}

/// The Python of the environment; without one its tests are skipped with a word.
fn python() -> Option<String> {
    let python = std::env::var(PYTHON);
    if python.is_err() {
        eprintln!("skipped: {PYTHON} does not name a Python; scripts/provision_signing makes one");
    }
    python.ok()
}

fn ask_python(python: &str, model: &Path, signature: &Path, key: &Path) -> Output {
    Command::new(python)
        .args(["-m", "model_signing", "verify", "key"])
        .arg(model)
        .arg("--signature")
        .arg(signature)
        .arg("--public_key")
        .arg(key)
        .output()
        .unwrap()
}

#[test]
fn python_verifies_ours() {
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().unwrap();
    let model = folder.path().join("any name");
    fs::create_dir_all(model.join("a")).unwrap();
    let files = ["a/ü b.bin", "a.bin", "manifest.json", "model.safetensors"];
    for (index, name) in files.iter().enumerate() {
        fs::write(model.join(name), vec![7; index << 17]).unwrap();
    }
    let bundle = signing::sign(&private_key(), "tiny", &resources_of(&model, &files)).unwrap();
    let key = data("test_only.pub.pem");
    // Inside of the model and beside it.
    for signature in [model.join(signing::SIGNATURE_FILE), folder.path().join("beside.sig")] {
        fs::write(&signature, &bundle).unwrap();
        let output = ask_python(&python, &model, &signature, &key);
        assert!(output.status.success(), "{output:?}");
        assert!(String::from_utf8_lossy(&output.stdout).contains("Verification succeeded"));

        // It says no, too: another key, and another byte.
        let output = ask_python(&python, &model, &signature, &data("other.pub.pem"));
        assert!(String::from_utf8_lossy(&output.stderr).contains("Key mismatch"), "{output:?}");
        fs::write(model.join("a.bin"), vec![8; 1 << 17]).unwrap();
        let output = ask_python(&python, &model, &signature, &key);
        assert!(String::from_utf8_lossy(&output.stderr).contains("a.bin"), "{output:?}");
        fs::write(model.join("a.bin"), vec![7; 1 << 17]).unwrap();
    }
}

#[test]
fn what_python_signs_now_is_verified_and_damage_is_refused_by_both() {
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().unwrap();
    let model = folder.path().join("tiny");
    fs::create_dir_all(&model).unwrap();
    for (name, bytes) in [("manifest.json", "{}"), ("model.safetensors", "weights")] {
        fs::write(model.join(name), bytes).unwrap();
    }
    let signature = model.join(signing::SIGNATURE_FILE);
    let output = Command::new(&python)
        .args(["-m", "model_signing", "sign", "key"])
        .arg(&model)
        .arg("--private_key")
        .arg(data("test_only.pem"))
        .arg("--signature")
        .arg(&signature)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let files = ["manifest.json", "model.safetensors"];
    let key = data("test_only.pub.pem");
    let bundle = fs::read(&signature).unwrap();
    let verified = signing::verify(&bundle, &[public_key()], &resources_of(&model, &files));
    assert_eq!(verified.unwrap().model_name(), "tiny");
    assert!(ask_python(&python, &model, &signature, &key).status.success());

    // A byte of the model, and a byte of the bundle: of the signature itself, near its end.
    let damages = [model.join("model.safetensors"), signature.clone()];
    for damaged in damages {
        let right = fs::read(&damaged).unwrap();
        let mut bytes = right.clone();
        let text = String::from_utf8(right.clone()).unwrap();
        let at = text.find("\"sig\"").map_or(0, |at| at + 20);
        bytes[at] = if bytes[at] == b'x' { b'y' } else { b'x' };
        fs::write(&damaged, &bytes).unwrap();
        refusal(&fs::read(&signature).unwrap(), &[public_key()], &resources_of(&model, &files));
        let output = ask_python(&python, &model, &signature, &key);
        assert!(!output.status.success(), "{}: {output:?}", damaged.display());
        fs::write(&damaged, &right).unwrap();
    }
    assert!(ask_python(&python, &model, &signature, &key).status.success());
}

// ---------------------------------------------------------------- tampering

#[test]
fn no_byte_of_a_bundle_can_be_changed() {
    let (keys, resources) = ([public_key()], resources());
    for bundle in [our_bundle(), python_bundle()] {
        for at in 0..bundle.len() {
            let mut changed = bundle.clone();
            changed[at] ^= 1;
            refusal(&changed, &keys, &resources);
        }
    }
}

#[test]
fn no_beginning_of_a_bundle_is_one() {
    let bundle = our_bundle();
    for end in 0..bundle.len() {
        let sentence = refused(&bundle[..end]);
        assert!(sentence.starts_with("bundle: line 1, column"), "{end}: {sentence}");
    }
    let twice = refused(&[&*bundle, &*bundle].concat());
    assert!(twice.ends_with("trailing characters"), "{twice}");
}

#[test]
fn the_payload_the_signature_and_the_key_belong_together() {
    let other = payload_of(&our_bundle()).to_string() + " ";
    let sentence = refused_bundle(|bundle| {
        bundle["dsseEnvelope"]["payload"] = STANDARD.encode(other).into();
    });
    let start = "bundle: expected a signature of its statement by \"release\" (";
    assert!(sentence.starts_with(start), "{sentence}");
    assert!(sentence.ends_with("found one that does not fit"), "{sentence}");

    let error = refusal(&our_bundle(), &[other_key()], &resources());
    let hint = public_key().fingerprint().to_string();
    assert!(matches!(&error, SigningError::UntrustedKey { hint: found, .. } if *found == hint));
    assert!(error.remedy().contains("public key of the signer"));
    // Who only says that it was the trusted key has not signed with it.
    let forged =
        signing::sign(&PrivateKey::from_pem(&text("other.pem")).unwrap(), "model", &resources());
    let mut forged: Value = serde_json::from_slice(&forged.unwrap()).unwrap();
    forged["verificationMaterial"]["publicKey"]["hint"] = hint.into();
    let error = refusal(forged.to_string().as_bytes(), &[other_key(), public_key()], &resources());
    assert!(matches!(error, SigningError::WrongSignature { .. }), "{error}");
    assert!(error.remedy().starts_with("do not load the model"));
    assert!(matches!(refusal(&our_bundle(), &[], &resources()), SigningError::NoKeys));
}

#[test]
fn a_signature_of_another_curve_is_refused() {
    let bundle = fs::read(data("p384.sig")).unwrap();
    let error = refusal(&bundle, &[public_key()], &resources());
    let start = "bundle dsseEnvelope.signatures[0].sig: expected 1 to 72 bytes, found 10";
    assert!(error.to_string().starts_with(start), "{error}");
}

#[test]
fn what_is_not_signed_has_no_room() {
    let envelope =
        |bundle: &mut Value, key: &str, value: Value| bundle["dsseEnvelope"][key] = value;
    let material = |bundle: &mut Value, key: &str, value: Value| {
        bundle["verificationMaterial"][key] = value;
    };
    let second = refused_bundle(|bundle| {
        let list = bundle["dsseEnvelope"]["signatures"].as_array_mut().unwrap();
        list.push(list[0].clone());
    });
    assert_eq!(second, "bundle dsseEnvelope.signatures: expected one signature, found 2");
    let none = refused_bundle(|bundle| envelope(bundle, "signatures", json!([])));
    assert_eq!(none, "bundle dsseEnvelope.signatures: expected one signature, found 0");
    let kind = refused_bundle(|bundle| envelope(bundle, "payloadType", json!("text/plain")));
    assert_eq!(
        kind,
        "bundle dsseEnvelope.payloadType: expected \"application/vnd.in-toto+json\", found \"text/plain\""
    );
    for (key, value) in [
        ("certificate", json!({"rawBytes": ""})),
        ("x509CertificateChain", json!({"certificates": []})),
        ("tlogEntries", json!([{}])),
        ("timestampVerificationData", json!({})),
    ] {
        let sentence = refused_bundle(|bundle| material(bundle, key, value));
        assert_eq!(
            sentence,
            format!(
                "bundle verificationMaterial.{key}: expected none, as in a signature by a key, found a signature by a certificate or with a log"
            )
        );
    }
    let keyid =
        refused_bundle(|bundle| bundle["dsseEnvelope"]["signatures"][0]["keyid"] = "a".into());
    assert_eq!(keyid, "bundle dsseEnvelope.signatures[0].keyid: expected \"\", found \"a\"");
    for place in [
        "",
        "/verificationMaterial",
        "/verificationMaterial/publicKey",
        "/dsseEnvelope",
        "/dsseEnvelope/signatures/0",
    ] {
        let sentence =
            refused_bundle(|bundle| bundle.pointer_mut(place).unwrap()["new"] = json!(1));
        assert!(sentence.contains("unknown field `new`"), "{place}: {sentence}");
    }
    let message = refused_bundle(|bundle| bundle["messageSignature"] = json!({}));
    assert_eq!(message, "bundle messageSignature: expected none, found one");
}

#[test]
fn base64_has_one_spelling() {
    let bundle = String::from_utf8(our_bundle()).unwrap();
    let signature = bundle.split("\"sig\":\"").nth(1).unwrap().split('"').next().unwrap();
    for changed in [
        signature.trim_end_matches('=').to_owned() + "====",
        format!("{signature}="),
        format!("{}\\n{}", &signature[..4], &signature[4..]),
        String::new(),
        STANDARD.encode([0x30; 73]),
    ] {
        let sentence = refused(bundle.replace(signature, &changed).as_bytes());
        assert!(
            sentence.starts_with("bundle dsseEnvelope.signatures[0].sig: expected"),
            "{sentence}"
        );
    }
}

#[test]
fn bounds_are_kept_before_anything_is_parsed() {
    let large = refused(&vec![b'['; 10 << 20]);
    assert_eq!(large, "bundle: expected at most 4194304 bytes, found 10485760");
    let deep = refused(&vec![b'['; MAX_BUNDLE_BYTES]);
    assert_eq!(deep, "bundle: byte 32: expected at most 32 levels of nesting, found more");
    let deep = refused(&signed(format!("{{\"x\":{}", "[".repeat(1 << 20)).as_bytes()));
    assert!(deep.starts_with("statement: byte 36: expected at most 32 levels"), "{deep}");
    let long = refused(format!("{{\"{}\": 1}}", "ü".repeat(1 << 20)).as_bytes());
    assert!(long.starts_with("bundle: line 1, column"), "{long}");
    for nothing in [&b""[..], b"\0", b"null", b"[]", b"\xff\xfe{", b"{}"] {
        assert!(refused(nothing).starts_with("bundle: line"), "{nothing:?}");
    }
}

#[test]
fn a_signed_statement_must_be_of_the_right_form() {
    let kind = refused_statement(|statement| {
        statement["_type"] = "https://in-toto.io/Statement/v0.1".into()
    });
    assert!(
        kind.starts_with("statement _type: expected \"https://in-toto.io/Statement/v1\""),
        "{kind}"
    );
    let kind = refused_statement(|statement| {
        statement["predicateType"] = "https://model_signing/Digests/v0.1".into();
    });
    assert_eq!(
        kind,
        "statement predicateType: expected \"https://model_signing/signature/v1.0\", found \"https://model_signing/Digests/v0.1\""
    );
    for (key, wrong) in [("method", "shards"), ("hash_type", "blake3")] {
        let sentence = refused_statement(|s| s["predicate"]["serialization"][key] = wrong.into());
        let start = format!("statement predicate.serialization.{key}: expected");
        assert!(sentence.starts_with(&start) && sentence.contains(wrong), "{sentence}");
    }
    let algorithm =
        refused_statement(|s| s["predicate"]["resources"][0]["algorithm"] = "md5".into());
    assert_eq!(
        algorithm,
        "statement predicate.resources \"manifest.json\" algorithm: expected \"sha256\", found \"md5\""
    );
    let digest = refused_statement(|s| s["subject"][0]["digest"]["sha256"] = "0".repeat(64).into());
    assert!(digest.starts_with("statement subject[0].digest.sha256: expected"), "{digest}");
    let subjects = refused_statement(|s| {
        let subject = s["subject"][0].clone();
        s["subject"].as_array_mut().unwrap().push(subject);
    });
    assert_eq!(subjects, "statement subject: expected one subject, found 2");
    let name =
        refused_statement(|s| s["predicate"]["resources"][0]["name"] = "../manifest.json".into());
    assert!(name.starts_with("resource \"../manifest.json\": expected a path"), "{name}");
    let missing =
        refused_statement(|s| s["predicate"]["serialization"] = json!({"method": "files"}));
    assert!(missing.contains("missing field `hash_type`"), "{missing}");
}

#[test]
fn a_signed_statement_lists_each_file_once() {
    let listed = |resources: Value| {
        let mut payload = payload_of(&our_bundle());
        let digests = resources.as_array().unwrap().iter().flat_map(|resource| {
            let digest: Sha256 = resource["digest"].as_str().unwrap().parse().unwrap();
            *digest.as_bytes()
        });
        payload["subject"][0]["digest"]["sha256"] =
            Sha256::of(digests.collect::<Vec<u8>>()).to_string().into();
        payload["predicate"]["resources"] = resources;
        signed(payload.to_string().as_bytes())
    };
    let right = payload_of(&our_bundle())["predicate"]["resources"].clone();
    signing::verify(&listed(right.clone()), &[public_key()], &resources()).unwrap();

    let mut twice = right.clone();
    twice.as_array_mut().unwrap().push(right[0].clone());
    assert_eq!(
        refused(&listed(twice)),
        "statement: expected each resource once, found \"manifest.json\" again"
    );
    let many: Vec<Value> = (0..=MAX_RESOURCES)
        .map(|index| json!({"name": format!("{index}"), "algorithm": "sha256", "digest": right[0]["digest"]}))
        .collect();
    assert_eq!(
        refused(&listed(many.into())),
        "statement: expected at most 10000 resources, found 10001"
    );
    assert_eq!(
        refused(&listed(json!([]))),
        "statement: expected at least one resource, found none"
    );
}

#[test]
fn the_model_is_the_one_that_was_signed() {
    let against = |resources: &[Resource]| {
        let error = refusal(&python_bundle(), &[public_key()], resources);
        assert!(error.remedy().starts_with("do not load the model"), "{error}");
        error.to_string()
    };
    let right = resources();
    assert_eq!(
        against(&right[1..]),
        "resource \"manifest.json\": expected it in the model, found it in the signed statement alone"
    );
    let mut more = right.clone();
    more.push(Resource::new("custom_code.py", Sha256::of("import os")).unwrap());
    assert_eq!(
        against(&more),
        "resource \"custom_code.py\": expected it in the signed statement, found it in the model alone"
    );
    let mut changed = right.clone();
    changed[1] = Resource::new("model.safetensors", Sha256::of("other weights")).unwrap();
    assert_eq!(
        against(&changed),
        format!(
            "resource \"model.safetensors\": expected the signed SHA-256 {}, found {}",
            right[1].sha256(),
            changed[1].sha256()
        )
    );
    let mut twice = right.clone();
    twice.push(right[0].clone());
    assert_eq!(
        against(&twice),
        "files of the model: expected each resource once, found \"manifest.json\" again"
    );
    // Names that were exchanged are other files.
    let mut exchanged = right.clone();
    exchanged[0] = Resource::new(right[1].name(), right[0].sha256()).unwrap();
    exchanged[1] = Resource::new(right[0].name(), right[1].sha256()).unwrap();
    assert!(against(&exchanged).starts_with("resource \"model.safetensors\": expected the signed"));
    assert!(against(&[]).starts_with("resource \"manifest.json\": expected it in the model"));
}

// ---------------------------------------------------------------- what cannot be signed

#[test]
fn what_would_not_be_verified_is_not_signed() {
    let refused = |name: &str, resources: &[Resource]| {
        said(&signing::sign(&private_key(), name, resources).unwrap_err())
    };
    let one = |name: &str| Resource::new(name, Sha256::of("")).unwrap();
    assert_eq!(refused("m", &[]), "resources to sign: expected at least one resource, found none");
    assert_eq!(
        refused("m", &[one("a"), one("b"), one("a")]),
        "resources to sign: expected each resource once, found \"a\" again"
    );
    assert!(
        refused("m", &[one("model.sig")])
            .starts_with("resource \"model.sig\": expected another name")
    );
    assert!(refused("", &[one("a")]).starts_with("model \"\": expected"));
    let many: Vec<Resource> = (0..=MAX_RESOURCES).map(|i| one(&i.to_string())).collect();
    assert_eq!(
        refused("m", &many),
        "resources to sign: expected at most 10000 resources, found 10001"
    );
    let long: Vec<Resource> = (0..1000).map(|i| one(&format!("{i}{}", "a".repeat(4000)))).collect();
    assert!(refused("m", &long).starts_with("bundle: expected at most 4194304 bytes, found "));
    let most: Vec<Resource> =
        (0..MAX_RESOURCES).map(|i| one(&format!("layers/{i:05}.bin"))).collect();
    let bundle = signing::sign(&private_key(), "m", &most).unwrap();
    signing::verify(&bundle, &[public_key()], &most).unwrap();
}

// ---------------------------------------------------------------- keys

/// A key that was made for this test.
const SECP256K1: &str = "\
-----BEGIN EC PRIVATE KEY-----\n\
MHQCAQEEIFI2c8ZWold9uYwmtzeRXG/YBYH5giig/AzXxiVmspd4oAcGBSuBBAAK\n\
oUQDQgAEJt3k609k+hZQAxMqQwTEyigIZIw2Mcm6BtduKOWzfBadZzCX8vJpi1X+\n\
h7JWQOgk9q1nlpBXEcc5ibyP4TnAoQ==\n\
-----END EC PRIVATE KEY-----\n\n";
/// A key that was made for this test.
const ED25519: &str = "\
-----BEGIN PUBLIC KEY-----\n\
MCowBQYDK2VwAyEAwkmsmJ+lEfMSdlsy4cCLivVkPirwD8cnoTw+sOr1xko=\n\
-----END PUBLIC KEY-----\n\n";

#[test]
fn keys_that_cannot_sign_say_why() {
    let private = |text: &str| said(&PrivateKey::from_pem(text).unwrap_err());
    let start = "private key: expected one private key of the curve P-256 in PEM, found ";
    assert_eq!(private(&text("p384.pem")), format!("{start}one of P-384"));
    assert_eq!(private(&text("test_only.pub.pem")), format!("{start}\"PUBLIC KEY\" in PEM"));
    assert_eq!(private("nothing"), format!("{start}no PEM block"));
    assert_eq!(private(""), format!("{start}no PEM block"));
    assert_eq!(private(&text("test_only.pem").repeat(2)), format!("{start}several blocks"));
    let pem = text("test_only.pem");
    let cut = &pem[..pem.len() - 30];
    assert_eq!(private(cut), format!("{start}no END line of \"PRIVATE KEY\""));
    let encrypted = PrivateKey::from_pem(&text("test_only_encrypted.pem")).unwrap_err();
    assert!(
        matches!(encrypted, SigningError::EncryptedKey { .. })
            && encrypted.remedy().contains("openssl pkey")
    );

    // Of the same length as P-256.
    assert_eq!(private(SECP256K1), format!("{start}one of secp256k1"));

    // A public half that is not that of the private number.
    let (_, ours) = pem.split_once("-----\n").unwrap();
    let other = text("other.pem");
    let lines: Vec<&str> = ours.lines().collect();
    let theirs: Vec<&str> = other.split_once("-----\n").unwrap().1.lines().collect();
    let mixed = format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n{}\n{}\n-----END PRIVATE KEY-----\n",
        lines[0], theirs[1], theirs[2]
    );
    assert!(private(&mixed).starts_with(start));

    let public = |text: &str| said(&PublicKey::from_pem("a", text).unwrap_err());
    let start = "public key \"a\": expected one public key of the curve P-256 in PEM, found ";
    assert_eq!(public(&text("p384.pub.pem")), format!("{start}one of P-384"));
    assert_eq!(public(ED25519), format!("{start}one of Ed25519"));
    assert_eq!(public(&text("test_only.pem")), format!("{start}\"PRIVATE KEY\" in PEM"));
}

#[test]
fn a_private_key_does_not_show_itself() {
    let (pem, key) = (text("test_only.pem"), private_key());
    assert_eq!(format!("{key:?}"), format!("PrivateKey({})", public_key().fingerprint()));
    // No change of one character makes an error that repeats the key.
    let secrets = [&pem.lines().nth(2).unwrap()[40..48], &pem.lines().nth(3).unwrap()[..8]];
    for at in 0..pem.len() {
        let mut changed = pem.clone().into_bytes();
        changed[at] = b'*';
        if let Err(error) = PrivateKey::from_pem(std::str::from_utf8(&changed).unwrap()) {
            let sentence = said(&error);
            assert!(!secrets.iter().any(|secret| sentence.contains(secret)), "{sentence}");
        }
    }
}

#[test]
fn files_of_keys_have_bounds() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key.pem");
    let read = || said(&PrivateKey::read(&path).unwrap_err());
    assert!(read().contains("key.pem: cannot read the private key: "));
    fs::write(&path, vec![b' '; (64 << 10) + 1]).unwrap();
    assert!(read().ends_with("key.pem: private key: expected at most 65536 bytes, found more"));
    fs::write(&path, [0xff; 10]).unwrap();
    assert!(read().ends_with("key.pem: expected a private key as UTF-8 text, found other bytes"));
    // What endless files give is cut off as well.
    let endless = PublicKey::read(Path::new("/dev/zero")).unwrap_err();
    assert!(matches!(endless, SigningError::TooLarge { .. }), "{endless}");
}

// ---------------------------------------------------------------- policies

const POLICY: &str = r#"
version = 1
default = "deny"

[keys.release]
file = "test_only.pub.pem"

[keys.audit]
file = "other.pub.pem"

[[rules]]
models = ["tiny", "fraud-*"]
signed_by = ["audit", "release"]

[[rules]]
models = ["audited-*"]
signed_by = ["audit"]

[[rules]]
models = ["*-scratch", "audited-*"]
unsigned = true
"#;

fn policy(text: &str) -> Result<Policy, SigningError> {
    Policy::parse(text, &data(""))
}

#[test]
fn the_first_rule_that_names_a_model_decides() {
    let policy = policy(POLICY).unwrap();
    let bundle = our_bundle();
    let admit = |model: &str, bundle: Option<&[u8]>| policy.admit(model, bundle, &resources());
    for model in ["tiny", "fraud-eu", "fraud-"] {
        let Ok(Admission::Signed(verified)) = admit(model, Some(&bundle)) else {
            panic!("{model} was not admitted");
        };
        assert_eq!(verified.key(), "release");
    }
    assert_eq!(admit("my-scratch", None).unwrap(), Admission::Unsigned);
    let sentence = said(&admit("fraud-eu", None).unwrap_err());
    assert!(
        sentence.starts_with("model \"fraud-eu\": expected a signature by \"audit\" ("),
        "{sentence}"
    );
    assert!(matches!(admit("audited-a", Some(&bundle)), Err(SigningError::UntrustedKey { .. })));
    assert!(matches!(admit("audited-a", None), Err(SigningError::NotSigned { .. })));
    for model in ["other", "tiny2", "Tiny", "fraud", ""] {
        let error = admit(model, Some(&bundle)).unwrap_err();
        assert!(matches!(error, SigningError::Denied { .. }), "{model}: {error}");
        said(&error);
    }
    let changed = policy.admit("tiny", Some(&bundle), &resources()[1..]).unwrap_err();
    assert!(matches!(changed, SigningError::Missing { .. }), "{changed}");
}

#[test]
fn a_policy_may_admit_what_no_rule_names() {
    let policy = policy(&POLICY.replace("\"deny\"", "\"allow\"")).unwrap();
    assert_eq!(policy.admit("other", None, &resources()).unwrap(), Admission::Unsigned);
    assert!(policy.admit("tiny", None, &resources()).is_err());
}

#[test]
fn a_policy_that_is_not_understood_admits_nothing() {
    for (from, to, expected) in [
        ("version = 1", "version = 2", "policy text: version: expected 1, found 2"),
        ("version = 1", "", "policy text, line 1: missing field `version`"),
        ("default = \"deny\"", "", "policy text, line 1: missing field `default`"),
        (
            "\"deny\"",
            "\"warn\"",
            "policy text, line 3: unknown variant `warn`, expected `deny` or `allow`",
        ),
        ("unsigned = true", "unsinged = true", "policy text, line 21: unknown field `unsinged`"),
        ("[keys.audit]", "[key.audit]", "policy text, line 8: unknown field `key`"),
        ("version = 1", "version = 1\nversion = 1", "policy text, line 3: duplicate key"),
        ("version = 1", "version 1", "policy text, line 2: "),
        (
            "\"audit\", \"release\"",
            "\"audits\"",
            "policy text, rule 1: signed_by: expected a name of [keys], found \"audits\"",
        ),
        (
            "\"tiny\", ",
            "\"tin?\", ",
            "policy text, rule 1: models: expected a name in which * is any run of characters, found \"tin?\"",
        ),
        (
            "\"tiny\", \"fraud-*\"",
            "",
            "policy text, rule 1: models: expected at least one name, found none",
        ),
        (
            "unsigned = true",
            "unsigned = false",
            "policy text, rule 3: expected either signed_by with at least one key or unsigned = true, found unsigned = false",
        ),
        (
            "unsigned = true",
            "",
            "policy text, rule 3: expected either signed_by with at least one key or unsigned = true, found neither",
        ),
        (
            "unsigned = true",
            "unsigned = true\nsigned_by = [\"audit\"]",
            "policy text, rule 3: expected either signed_by with at least one key or unsigned = true, found both",
        ),
        (
            "\"audit\", \"release\"",
            "",
            "policy text, rule 1: expected either signed_by with at least one key or unsigned = true, found signed_by = []",
        ),
        (
            "file = \"other.pub.pem\"",
            "",
            "policy text, key \"audit\": expected either file or pem, found neither",
        ),
        (
            "file = \"other.pub.pem\"",
            "file = \"a\"\npem = \"b\"",
            "policy text, key \"audit\": expected either file or pem, found both",
        ),
        (
            "file = \"other.pub.pem\"",
            "pem = \"b\"",
            "public key \"audit\": expected one public key of the curve P-256 in PEM, found no PEM block",
        ),
    ] {
        assert!(POLICY.contains(from), "{from}");
        let error = policy(&POLICY.replacen(from, to, 1)).unwrap_err();
        let sentence = said(&error);
        assert!(sentence.starts_with(expected), "{to}:\n{sentence}\n{expected}");
    }
    let p384 = said(&policy(&POLICY.replace("other.pub.pem", "p384.pub.pem")).unwrap_err());
    assert!(p384.ends_with("found one of P-384"), "{p384}");
    let absent = said(&policy(&POLICY.replace("other.pub.pem", "absent.pem")).unwrap_err());
    assert!(absent.contains("absent.pem: cannot read the public key: "), "{absent}");
    let large = said(&policy(&" ".repeat((1 << 20) + 1)).unwrap_err());
    assert!(large.starts_with("policy text: expected at most 1048576 bytes"), "{large}");
    let deep = said(&policy(&format!("x = {}", "[".repeat(1 << 19))).unwrap_err());
    assert!(deep.starts_with("policy text, line 1: "), "{deep}");
}

#[test]
fn a_policy_finds_its_keys_beside_itself_or_in_itself() {
    let folder = tempfile::tempdir().unwrap();
    let inline = POLICY
        .replace("file = \"other.pub.pem\"", &format!("pem = '''\n{}'''", text("other.pub.pem")));
    fs::create_dir(folder.path().join("keys")).unwrap();
    fs::copy(data("test_only.pub.pem"), folder.path().join("keys/release.pem")).unwrap();
    let path = folder.path().join("policy.toml");
    fs::write(&path, inline.replace("test_only.pub.pem", "keys/release.pem")).unwrap();
    let policy = Policy::read(&path).unwrap();
    assert!(matches!(
        policy.admit("tiny", Some(&our_bundle()), &resources()).unwrap(),
        Admission::Signed(verified) if verified.fingerprint() == public_key().fingerprint()
    ));
    fs::write(&path, "x = 1").unwrap();
    let sentence = said(&Policy::read(&path).unwrap_err());
    assert!(
        sentence.starts_with("policy ")
            && sentence.contains("policy.toml, line 1: unknown field `x`")
    );
}
