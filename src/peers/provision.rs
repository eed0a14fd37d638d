//! temporary
use super::python::*;
pub fn home() -> std::path::PathBuf {
    "target/python".into()
}
pub(super) fn obtain(
    a: &Surroundings,
    h: &std::path::Path,
    _t: &(dyn Fn(&Told) + Sync),
) -> Result<Python, Unavailable> {
    let _ = (a, h);
    Err(Unavailable::NoInterpreter("x".into()))
}
