//! The small models that valid files are made of: a linear model, a forest whose arrays are indices,
//! a classifier of texts, and arrays whose names have one length, so that they can change places.

use crate::base::{Array, Element, Parameters, ParametersError};

/// A model, and its name in messages.
pub type Sample = (&'static str, Parameters);

/// Every sample.
///
/// # Errors
/// None that can happen: the arrays fit their shapes.
pub fn samples() -> Result<Vec<Sample>, ParametersError> {
    Ok(vec![
        ("linear", linear()?),
        ("forest", forest()?),
        ("texts", texts()?),
        ("arrays", arrays()?),
    ])
}

fn add<T: Element>(
    parameters: &mut Parameters,
    name: &str,
    values: &[T],
    shape: &[usize],
) -> Result<(), ParametersError> {
    let array = Array::from_vec(values.to_vec(), shape)
        .map_err(|source| ParametersError::Array { name: name.into(), source })?;
    parameters.insert(name, array)
}

fn add_texts(
    parameters: &mut Parameters,
    name: &str,
    texts: &[&str],
) -> Result<(), ParametersError> {
    let array = Array::from_texts(texts, &[texts.len()])
        .map_err(|source| ParametersError::Array { name: name.into(), source })?;
    parameters.insert(name, array)
}

/// The first one is that of the attacks: they find their way in its bytes.
fn linear() -> Result<Parameters, ParametersError> {
    crate::attacks::data_file::small_model()
}

/// Two trees of three nodes each.
fn forest() -> Result<Parameters, ParametersError> {
    let mut forest = Parameters::new("random_forest_classifier", 1)
        .with("comparator", "less_or_equal")
        .with("input_cast", "f32")
        .with("missing", "refused")
        .with("aggregation", "mean_probability")
        .with("n_features", 2i64);
    add(&mut forest, "tree_offsets", &[0u64, 3, 6], &[3])?;
    add(&mut forest, "feature", &[0i32, -1, -1, 1, -1, -1], &[6])?;
    add(&mut forest, "threshold", &[0.5f64, 0.0, 0.0, 1.25, 0.0, 0.0], &[6])?;
    add(&mut forest, "left", &[1u32, 0, 0, 1, 0, 0], &[6])?;
    add(&mut forest, "right", &[2u32, 0, 0, 2, 0, 0], &[6])?;
    let value = [0.5f64, 0.5, 1.0, 0.0, 0.25, 0.75, 0.5, 0.5, 0.125, 0.875, 0.75, 0.25];
    add(&mut forest, "value", &value, &[6, 2])?;
    add(&mut forest, "classes", &[10i64, 20], &[2])?;
    Ok(forest)
}

/// Classes that are texts, one of them not ASCII.
fn texts() -> Result<Parameters, ParametersError> {
    let mut model = Parameters::new("logistic_regression", 1)
        .with("multi_class", "multinomial")
        .with("origin_library", "scikit-learn");
    add(&mut model, "coef", &[0.5f64, -1.5, 2.0, 0.25, -0.75, 1.0], &[3, 2])?;
    add(&mut model, "intercept", &[0.125f64, -0.25, 0.375], &[3])?;
    add_texts(&mut model, "classes", &["ham", "naïve", "spam"])?;
    Ok(model)
}

/// Several dtypes, names of one length.
fn arrays() -> Result<Parameters, ParametersError> {
    let mut plain = Parameters::new("arrays", 1).with("note", "ü").with("number", 7i64);
    add(&mut plain, "alpha", &[1.5f32, -2.5, 3.5, 4.5], &[2, 2])?;
    add(&mut plain, "gamma", &[1u8, 2, 3, 250, 251, 252, 253], &[7])?;
    add(&mut plain, "delta", &[-1i16, 2, 300, -400], &[4])?;
    add(&mut plain, "omega", &[1u64 << 40, 3, 5], &[3, 1])?;
    Ok(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::registry::from_parameters;

    #[test]
    fn the_models_among_them_are_valid() {
        for (name, parameters) in samples().unwrap() {
            if name == "arrays" {
                continue;
            }
            let model = from_parameters(&parameters).unwrap_or_else(|e| panic!("{name}: {e}"));
            model.validate().unwrap_or_else(|e| panic!("{name}: {e}"));
        }
    }
}
