//! Random parameters through every format: arrays of any bits, any shape up to three dimensions,
//! names and metadata of any characters.

use deadweight::base::{Array, DType, Metadata, PagePolicy, Parameters, Value};
use deadweight::formats::registry::FORMATS;
use proptest::collection::{btree_set, vec};
use proptest::prelude::*;

use super::round_trip;

fn shapes() -> impl Strategy<Value = Vec<usize>> {
    vec(0usize..5, 0..4)
}

fn arrays() -> impl Strategy<Value = Array> {
    (0..DType::ALL.len(), shapes()).prop_flat_map(|(code, shape)| {
        let dtype = DType::ALL[code];
        let elements: usize = shape.iter().product();
        match dtype.item_size() {
            None => vec(any::<String>(), elements)
                .prop_map(move |texts| Array::from_texts(&texts, &shape).unwrap())
                .boxed(),
            Some(size) => vec(any::<u8>(), elements * size)
                .prop_map(move |mut bytes| {
                    if dtype == DType::Bool {
                        bytes.iter_mut().for_each(|byte| *byte &= 1);
                    }
                    Array::copied_from(dtype, &shape, &bytes, PagePolicy::Heap).unwrap()
                })
                .boxed(),
        }
    })
}

fn values() -> impl Strategy<Value = Value> {
    let float = any::<u64>().prop_map(|bits| Value::Float(f64::from_bits(bits)));
    let key = prop_oneof![4 => any::<String>(), 1 => Just("$float".to_owned()), 1 => Just("$map".to_owned())];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Integer),
        float,
        any::<String>().prop_map(Value::Text),
    ];
    leaf.prop_recursive(6, 24, 4, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::List),
            vec((key.clone(), inner), 0..4)
                .prop_map(|entries| Value::Map(entries.into_iter().collect::<Metadata>())),
        ]
    })
}

fn parameters() -> impl Strategy<Value = Parameters> {
    let names = btree_set(any::<String>(), 0..6).prop_shuffle_into();
    let metadata = vec((any::<String>(), values()), 0..5);
    (any::<String>(), any::<u32>(), metadata, names).prop_flat_map(
        |(kind, layout_version, metadata, names)| {
            vec(arrays(), names.len()).prop_map(move |arrays| {
                let mut parameters = Parameters::new(kind.clone(), layout_version)
                    .with_metadata(metadata.iter().cloned().collect());
                for (name, array) in names.iter().zip(arrays) {
                    parameters.insert(name.clone(), array).unwrap();
                }
                parameters
            })
        },
    )
}

/// Names in any order, not only in that of the alphabet.
trait ShuffleInto {
    fn prop_shuffle_into(self) -> BoxedStrategy<Vec<String>>;
}

impl<S: Strategy<Value = std::collections::BTreeSet<String>> + 'static> ShuffleInto for S {
    fn prop_shuffle_into(self) -> BoxedStrategy<Vec<String>> {
        self.prop_map(|names| names.into_iter().collect::<Vec<_>>()).prop_shuffle().boxed()
    }
}

proptest! {
    // A failure is shown with the smallest parameters that have it; no file is kept of it.
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_parameters_come_back_to_the_bit(parameters in parameters()) {
        for format in FORMATS {
            let problems = round_trip::problems(*format, "random", &parameters);
            prop_assert!(problems.is_empty(), "{problems:?}");
        }
    }
}
