//! A value as a subject of the benchmark: as many bytes as there are to store, for the floors, and
//! what the record says of it.

use crate::base::parameters::PLAIN_ARRAYS;
use crate::base::record::ModelRecord;
use crate::base::{Array, Parameters};
use crate::bench::subject::Subject;

use super::CompareError;
use crate::bench::BenchError;
use crate::formats::FormatError;

/// The name of a value without what a path or a row's id could not bear.
pub(super) fn id(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
    name.chars().take(60).map(plain).collect()
}

/// `reference` are the bytes of the value in the fixed-width encoding.
pub(super) fn of(
    id: String,
    name: &str,
    type_name: &str,
    reference: Vec<u8>,
) -> Result<Subject, CompareError> {
    let shape = [reference.len()];
    let mut parameters = Parameters::new(PLAIN_ARRAYS, 1);
    parameters
        .insert("value", Array::from_vec(reference, &shape)?)
        .map_err(|error| BenchError::from(FormatError::from(error)))?;
    let record = ModelRecord {
        id,
        title: format!("{name} ({type_name})"),
        kind: "value".to_owned(),
        size: None,
        data: "a value of its program's own; its bytes are those of bincode's fixed-width encoding"
            .to_owned(),
        hyper_parameters: Default::default(),
        metric: None,
        array_bytes: parameters.byte_len() as u64,
        array_count: 1,
        content: parameters.content().id().to_owned(),
        training_nanos: None,
        from_cache: false,
        checksum: format!("{:016x}", parameters.checksum()),
    };
    Ok(Subject { record, parameters, rows: None })
}
