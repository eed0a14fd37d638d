//! The place where somebody else says whether a version may be used: a signature that must be there,
//! a kind that is not wanted. It is asked on every read of a manifest, before anything of it is used.

/// What a policy decides about.
#[derive(Debug, Clone, Copy)]
pub struct Admission<'a> {
    /// The model.
    pub name: &'a str,
    /// The version.
    pub version: u64,
    /// The bytes of its manifest as they are stored. They hold the SHA-256 of every blob.
    pub manifest: &'a [u8],
    /// The bytes of the file beside the manifest that is for its signature, where there is one.
    pub signature: Option<&'a [u8]>,
}

/// Decides whether a version may be used.
pub trait Policy: Send + Sync {
    /// Nothing when it may be; the reason when not.
    ///
    /// # Errors
    /// The reason, in words for people.
    fn admit(&self, version: &Admission<'_>) -> Result<(), String>;
}
