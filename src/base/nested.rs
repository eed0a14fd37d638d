//! Models inside models: how parameters hold the parameters of others.
//!
//! A slot has a name, `steps` or `init`. What a child says of itself (kind, layout version,
//! metadata and, in a list, its name) is the metadata entry of that name; its arrays are those of
//! the parent that are called `steps.0.coef` or `init.coef`. So a pipeline is one flat list of
//! arrays for every format, and no format knows of pipelines.

use super::parameters::{CONTENT_KEY, Parameters, ParametersError, wrong_type};
use super::value::{Metadata, Value};

const NAME: &str = "name";
const KIND: &str = "kind";
const LAYOUT: &str = "layout_version";
const METADATA: &str = "metadata";

impl Parameters {
    /// Puts a model into a slot.
    ///
    /// # Errors
    /// [`ParametersError::Duplicate`] when an array of that name is there already.
    pub fn set_child(&mut self, slot: &str, child: Parameters) -> Result<(), ParametersError> {
        let description = describe(None, &child);
        self.adopt(slot, child)?;
        self.set(slot, description);
        Ok(())
    }

    /// Puts a list of models with their names into a slot.
    ///
    /// # Errors
    /// As [`Parameters::set_child`].
    pub fn set_children(
        &mut self,
        slot: &str,
        children: Vec<(String, Parameters)>,
    ) -> Result<(), ParametersError> {
        let mut descriptions = Vec::with_capacity(children.len());
        for (index, (name, child)) in children.into_iter().enumerate() {
            descriptions.push(Value::Map(describe(Some(name), &child)));
            self.adopt(&format!("{slot}.{index}"), child)?;
        }
        self.set(slot, descriptions);
        Ok(())
    }

    fn adopt(&mut self, prefix: &str, child: Parameters) -> Result<(), ParametersError> {
        child
            .arrays()
            .try_for_each(|(name, array)| self.insert(format!("{prefix}.{name}"), array.clone()))
    }

    /// The model in a slot; its arrays are shared. It has the content of its parent.
    ///
    /// # Errors
    /// When there is none, or its description is not one.
    pub fn child(&self, slot: &str) -> Result<Parameters, ParametersError> {
        let (_, mut child) = self.described(slot, self.entry(slot, "map")?)?;
        let prefix = format!("{slot}.");
        for (name, array) in self.arrays() {
            if let Some(name) = name.strip_prefix(&prefix) {
                child.insert(name, array.clone())?;
            }
        }
        Ok(child)
    }

    /// The models of a slot with their names, in order; their arrays are shared.
    ///
    /// # Errors
    /// As [`Parameters::child`].
    pub fn children(&self, slot: &str) -> Result<Vec<(String, Parameters)>, ParametersError> {
        let mut children = self
            .list(slot)?
            .iter()
            .map(|value| self.described(slot, value))
            .collect::<Result<Vec<_>, _>>()?;
        let prefix = format!("{slot}.");
        for (name, array) in self.arrays() {
            let Some(rest) = name.strip_prefix(&prefix) else { continue };
            let Some((number, name)) = rest.split_once('.') else { continue };
            let index = number.parse::<usize>().ok().filter(|i| i.to_string() == number);
            if let Some((_, child)) = index.and_then(|index| children.get_mut(index)) {
                child.insert(name, array.clone())?;
            }
        }
        Ok(children)
    }

    /// A child without its arrays, from what stands about it in the metadata.
    fn described(
        &self,
        slot: &str,
        value: &Value,
    ) -> Result<(String, Parameters), ParametersError> {
        let Value::Map(map) = value else { return Err(wrong_type(slot, "map", value)) };
        let inside = |key: &str| format!("{slot}.{key}");
        let get = |key: &'static str, expected| {
            map.get(key).ok_or(ParametersError::MissingMetadata { name: inside(key), expected })
        };
        let kind = match get(KIND, "text")? {
            Value::Text(kind) => kind,
            other => return Err(wrong_type(&inside(KIND), "text", other)),
        };
        let layout = match get(LAYOUT, "integer")? {
            Value::Integer(layout) => u32::try_from(*layout).unwrap_or(u32::MAX),
            other => return Err(wrong_type(&inside(LAYOUT), "integer", other)),
        };
        let metadata = match get(METADATA, "map")? {
            Value::Map(metadata) => metadata.clone(),
            other => return Err(wrong_type(&inside(METADATA), "map", other)),
        };
        let name = match map.get(NAME) {
            Some(Value::Text(name)) => name.clone(),
            _ => String::new(),
        };
        let child = Parameters::new(kind, layout)
            .with_metadata(metadata)
            .with(CONTENT_KEY, self.content().id());
        Ok((name, child))
    }
}

fn describe(name: Option<String>, child: &Parameters) -> Metadata {
    let mut metadata = child.metadata().clone();
    // The parent says it for all.
    metadata.shift_remove(CONTENT_KEY);
    let mut description = Metadata::new();
    if let Some(name) = name {
        description.insert(NAME.into(), name.into());
    }
    description.insert(KIND.into(), child.kind().into());
    description.insert(LAYOUT.into(), i64::from(child.layout_version()).into());
    description.insert(METADATA.into(), metadata.into());
    description
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Array;

    fn linear(values: &[f64]) -> Parameters {
        let mut parameters = Parameters::new("linear_regression", 1)
            .with(CONTENT_KEY, "predict")
            .with("class", "Ridge");
        let coef = Array::from_vec(values.to_vec(), &[1, values.len()]).unwrap();
        parameters.insert("coef", coef).unwrap();
        parameters
    }

    #[test]
    fn children_come_back_as_they_were() {
        let mut parent = Parameters::new("pipeline", 1).with(CONTENT_KEY, "predict");
        let children =
            vec![("first".to_owned(), linear(&[1.0])), ("second".to_owned(), linear(&[2.0, 3.0]))];
        parent.set_children("steps", children).unwrap();
        parent.set_child("init", linear(&[4.0])).unwrap();
        let names: Vec<&str> = parent.arrays().map(|(name, _)| name).collect();
        assert_eq!(names, ["steps.0.coef", "steps.1.coef", "init.coef"]);
        let children = parent.children("steps").unwrap();
        assert_eq!(children[1].0, "second");
        assert_eq!(children[1].1.slice::<f64>("coef").unwrap(), [2.0, 3.0]);
        assert_eq!(children[1].1.text("class").unwrap(), "Ridge");
        assert_eq!(parent.child("init").unwrap().slice::<f64>("coef").unwrap(), [4.0]);
        assert_eq!(parent.child("init").unwrap().content().id(), "predict");
    }

    #[test]
    fn descriptions_that_are_none_are_named() {
        let parent = Parameters::new("pipeline", 1).with("steps", vec![Value::Null]);
        let error = parent.children("steps").unwrap_err().to_string();
        assert_eq!(error, "metadata entry \"steps\" is null, expected map");
        let mut map = Metadata::new();
        map.insert("kind".into(), "linear_regression".into());
        let parent = Parameters::new("pipeline", 1).with("init", map);
        let error = parent.child("init").unwrap_err().to_string();
        assert!(error.contains("\"init.layout_version\" is missing"), "{error}");
    }
}
