//! The sigstore bundle of a signature: an envelope around the statement, and who signed it.
//!
//! In: a statement and its signature, or the bytes of a stranger. Out: JSON, or what is in it. The
//! form is `application/vnd.dev.sigstore.bundle.v0.3+json` with a DSSE envelope, signed by a key.
//! Nothing outside of the envelope's payload is covered by the signature, so nothing else is taken
//! there: no second signature, no certificate, no entry of a log, no field that is not known.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::MAX_BUNDLE_BYTES;
use super::error::{SigningError, shown};
use super::json;
use super::resource::Sha256;

const PLACE: &str = "bundle";
const MEDIA_TYPE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";
/// Longest signature: a sequence of two integers of 33 bytes in DER.
const MAX_SIGNATURE_BYTES: usize = 72;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Document {
    media_type: String,
    verification_material: Material,
    dsse_envelope: Option<Envelope>,
    message_signature: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Material {
    public_key: Option<Identifier>,
    certificate: Option<IgnoredAny>,
    x509_certificate_chain: Option<IgnoredAny>,
    #[serde(default)]
    tlog_entries: Vec<IgnoredAny>,
    timestamp_verification_data: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Identifier {
    hint: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Envelope {
    payload: String,
    payload_type: String,
    signatures: Vec<Signature>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Signature {
    sig: String,
    #[serde(default)]
    keyid: String,
}

/// What a bundle holds. Nothing of it is verified.
pub(super) struct Bundle {
    /// The fingerprint of the key that is said to have signed.
    pub(super) hint: Sha256,
    /// The bytes that are said to be a statement.
    pub(super) payload: Vec<u8>,
    /// The bytes that are said to be a signature in DER.
    pub(super) signature: Vec<u8>,
}

impl Bundle {
    /// The JSON of the bundle.
    ///
    /// # Errors
    /// When it would be larger than what is read.
    pub(super) fn write(&self) -> Result<Vec<u8>, SigningError> {
        // Digits and Base64 need no escapes.
        let json = format!(
            "{{\"mediaType\":\"{MEDIA_TYPE}\",\
             \"verificationMaterial\":{{\"publicKey\":{{\"hint\":\"{}\"}},\"tlogEntries\":[]}},\
             \"dsseEnvelope\":{{\"payload\":\"{}\",\"payloadType\":\"{PAYLOAD_TYPE}\",\
             \"signatures\":[{{\"sig\":\"{}\",\"keyid\":\"\"}}]}}}}",
            self.hint,
            STANDARD.encode(&self.payload),
            STANDARD.encode(&self.signature),
        );
        check_size(json.len())?;
        Ok(json.into_bytes())
    }

    /// Reads a bundle.
    ///
    /// # Errors
    /// When it is too large or too deep, no JSON, of another form, or has anything that a key's
    /// signature does not need.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, SigningError> {
        check_size(bytes.len())?;
        let document: Document = json::parse(PLACE, bytes)?;
        same("mediaType", MEDIA_TYPE, &document.media_type)?;
        let hint = document.verification_material.hint()?;
        if document.message_signature.is_some() {
            return Err(refused("messageSignature", "none", "one"));
        }
        let Some(envelope) = document.dsse_envelope else {
            return Err(refused("dsseEnvelope", "an envelope", "none"));
        };
        same("dsseEnvelope.payloadType", PAYLOAD_TYPE, &envelope.payload_type)?;
        let [signature] = envelope.signatures.as_slice() else {
            let found = envelope.signatures.len().to_string();
            return Err(refused("dsseEnvelope.signatures", "one signature", &found));
        };
        same("dsseEnvelope.signatures[0].keyid", "", &signature.keyid)?;
        let place = "dsseEnvelope.signatures[0].sig";
        let signature = decode(place, &signature.sig)?;
        if signature.is_empty() || signature.len() > MAX_SIGNATURE_BYTES {
            let found = format!("{} bytes", signature.len());
            return Err(refused(place, "1 to 72 bytes", &found));
        }
        let payload = decode("dsseEnvelope.payload", &envelope.payload)?;
        Ok(Bundle { hint, payload, signature })
    }
}

impl Material {
    /// The fingerprint of the key, after everything else was found to be absent.
    fn hint(&self) -> Result<Sha256, SigningError> {
        let absent = [
            ("verificationMaterial.certificate", self.certificate.is_none()),
            ("verificationMaterial.x509CertificateChain", self.x509_certificate_chain.is_none()),
            ("verificationMaterial.tlogEntries", self.tlog_entries.is_empty()),
            (
                "verificationMaterial.timestampVerificationData",
                self.timestamp_verification_data.is_none(),
            ),
        ];
        if let Some((place, _)) = absent.iter().find(|(_, absent)| !absent) {
            let expected = "none, as in a signature by a key";
            return Err(refused(place, expected, "a signature by a certificate or with a log"));
        }
        let Some(identifier) = &self.public_key else {
            return Err(refused("verificationMaterial.publicKey", "the hint of a key", "none"));
        };
        identifier.hint.parse().map_err(|_| {
            let expected = "64 lower-case hexadecimal digits";
            refused("verificationMaterial.publicKey.hint", expected, &shown(&identifier.hint))
        })
    }
}

/// The bytes that are signed: the type of the payload and the payload, each after its length, so
/// that no other pair gives the same bytes.
pub(super) fn pre_authentication_encoding(payload: &[u8]) -> Vec<u8> {
    let head = format!("DSSEv1 {} {PAYLOAD_TYPE} {} ", PAYLOAD_TYPE.len(), payload.len());
    [head.as_bytes(), payload].concat()
}

fn check_size(found: usize) -> Result<(), SigningError> {
    match found > MAX_BUNDLE_BYTES {
        true => Err(SigningError::too_large(PLACE, MAX_BUNDLE_BYTES, "bytes", found)),
        false => Ok(()),
    }
}

/// Base64 of the standard alphabet with its padding; each bytes have one text.
fn decode(place: &str, text: &str) -> Result<Vec<u8>, SigningError> {
    STANDARD.decode(text).map_err(|error| refused(place, "Base64 with padding", &error.to_string()))
}

fn same(place: &str, expected: &str, found: &str) -> Result<(), SigningError> {
    match found == expected {
        true => Ok(()),
        false => Err(refused(place, &shown(expected), &shown(found))),
    }
}

fn refused(place: &str, expected: &str, found: &str) -> SigningError {
    SigningError::value(format!("{PLACE} {place}"), expected, found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_signed_has_the_lengths_in_it() {
        // The example of the DSSE protocol has another type; the lengths are counted alike.
        assert_eq!(
            pre_authentication_encoding(b"hello world"),
            b"DSSEv1 28 application/vnd.in-toto+json 11 hello world"
        );
    }

    #[test]
    fn what_is_written_is_read() {
        let bundle =
            Bundle { hint: Sha256::of("key"), payload: b"{}".to_vec(), signature: vec![1, 2, 3] };
        let read = Bundle::read(&bundle.write().unwrap()).unwrap();
        assert_eq!(
            (read.hint, read.payload, read.signature),
            (bundle.hint, bundle.payload, bundle.signature)
        );
    }
}
