//! The library in one page: parameters, a format, a view, a model.

use deadweight::base::{Array, PagePolicy, Parameters, Storage};
use deadweight::formats::{DecodeOptions, registry};
use deadweight::models::Predictions;
use deadweight::models::registry::from_parameters;
use ndarray::array;

pub fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Parameters: named arrays of a kind. This one predicts 0.5 a - 2 b + 1.
    let mut parameters = Parameters::new("linear_regression", 1);
    parameters.insert("coef", Array::from_vec(vec![0.5, -2.0], &[1, 2])?)?;
    parameters.insert("intercept", Array::from_vec(vec![1.0], &[1])?)?;

    // A format turns them into bytes and back, bit for bit.
    let format = registry::find("raw").ok_or("no such format")?;
    let mut bytes = Vec::new();
    format.encode(&parameters, &mut bytes)?;
    let owned = format.decode(&bytes, &DecodeOptions::default())?;
    assert_eq!(owned.first_difference(&parameters), None);

    // A view borrows from the bytes instead of copying them.
    let source = Storage::copy_of(&bytes, PagePolicy::Auto)?;
    let view = format.view(&source, &DecodeOptions::default())?;

    // Parameters of any origin become a model that predicts.
    let model = from_parameters(&view)?;
    let predictions = model.predict(array![[4.0, 1.0]].view().into())?;
    assert_eq!(predictions, Predictions::Values(array![[1.0]]));
    Ok(())
}
