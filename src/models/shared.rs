//! Kinds that differ in their name and in what they can be asked for, and share the rest.

/// Makes the model of a kind out of an implementation that several kinds share: a type of its own
/// name, and the methods that the kind has.
macro_rules! shared_kind {
    ($(#[$meta:meta])* $name:ident($inner:ident): $($method:ident),+) => {
        $(#[$meta])*
        pub struct $name($inner);

        impl $name {
            /// Makes the model; its arrays are shared, not copied.
            ///
            /// # Errors
            /// [`ModelError`](crate::models::ModelError) when the parameters do not fit the kind.
            pub fn from_parameters(
                parameters: &crate::base::Parameters,
            ) -> Result<Self, crate::models::ModelError> {
                $inner::from_parameters(parameters).map($name)
            }
        }

        impl crate::models::Model for $name {
            fn kind(&self) -> &'static str {
                self.0.kind()
            }

            fn n_features(&self) -> usize {
                self.0.n_features()
            }

            fn to_parameters(&self) -> crate::base::Parameters {
                self.0.to_parameters()
            }

            $(shared_kind!(@ $method);)+

            fn validate(&self) -> Result<(), crate::models::ModelError> {
                self.0.validate()
            }
        }
    };
    (@ predict) => {
        fn predict(
            &self,
            rows: crate::models::Rows<'_>,
        ) -> Result<crate::models::Predictions, crate::models::ModelError> {
            self.0.predict(rows)
        }
    };
    (@ predict_proba) => {
        fn predict_proba(
            &self,
            rows: crate::models::Rows<'_>,
        ) -> Result<ndarray::Array2<f64>, crate::models::ModelError> {
            self.0.predict_proba(rows)
        }
    };
    (@ decision_function) => {
        fn decision_function(
            &self,
            rows: crate::models::Rows<'_>,
        ) -> Result<ndarray::Array2<f64>, crate::models::ModelError> {
            self.0.decision_function(rows)
        }
    };
}

pub(super) use shared_kind;
