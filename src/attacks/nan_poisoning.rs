//! A weight that is no number: every prediction that it takes part in is none either.

use base64::Engine;

use super::*;

/// The first coefficient becomes NaN.
pub const ATTACK: Attack = Attack {
    id: "nan-poisoning",
    title: "a weight that is not a number",
    summary: "One weight of the model is NaN. The file is well-formed and loads; what the model says is NaN, and every \
              comparison with that is false, so a check that something is too large lets it pass.",
    severity: Severity::Low,
    targets: Targets::Formats(&[
        "raw",
        "safetensors",
        "rkyv",
        "npz",
        "arrow",
        "parquet",
        "flatbuffers",
        "postcard",
        "postcard-elements",
        "bincode",
        "bincode-elements",
        "wincode",
        "wincode-elements",
        "bitcode",
        "borsh",
        "borsh-elements",
        "cbor",
        "cbor-elements",
        "msgpack",
        "msgpack-elements",
        "json",
        "json-elements",
    ]),
    techniques: &[techniques::STORED_DATA_MANIPULATION, techniques::ERODE_ML_MODEL_INTEGRITY],
    cwe: &[20, 682],
    references: &[Reference {
        title: "scikit-learn documentation: assert_all_finite, the check that a loader could make",
        url: "https://scikit-learn.org/stable/modules/generated/sklearn.utils.assert_all_finite.html",
    }],
    build,
    expected: Expected::Inert,
    quick: false,
};

fn build(scene: &Scene, target: Target) -> Result<Vec<u8>, BuildError> {
    let (coef, poisoned) =
        (data_file::coef(), data_file::bytes_of(&[f64::NAN, data_file::COEF[1]]));
    let base64 =
        |bytes: &[u8]| base64::engine::general_purpose::STANDARD.encode(bytes).into_bytes();
    let (old, new) = match target.id() {
        // The checksum of the entry is made to fit.
        "npz" => {
            let array = payload::npy("'<f8'", "(1, 2)", &poisoned);
            return payload::archive(&[("coef.npy", &array)])
                .map_err(|error| data_file::failed(ATTACK.id, target, error));
        }
        "json" => (base64(&coef), base64(&poisoned)),
        "json-elements" => (data_file::COEF[0].to_string().into_bytes(), br#""NaN""#.to_vec()),
        "cbor-elements" | "msgpack-elements" => {
            (data_file::COEF[0].to_be_bytes().to_vec(), f64::NAN.to_be_bytes().to_vec())
        }
        _ => (coef, poisoned),
    };
    data_file::replaced(&scene.valid, &old, &new)
        .ok_or_else(|| data_file::unlike(ATTACK.id, target))
}
