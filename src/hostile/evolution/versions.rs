//! The types of two versions, once for each set of derives.

use super::{Cell, Field};

/// A version of the type: a value to write, and what its fields mean.
pub(super) trait Shape {
    /// What is written.
    fn sample() -> Self;
    /// The fields by their meaning.
    fn fields(&self) -> Vec<Field>;
}

/// The value of a field by which readers are compared.
pub(super) trait Value {
    /// It.
    fn cell(&self) -> Cell;
}

impl Value for u32 {
    fn cell(&self) -> Cell {
        Cell::Number((*self).into())
    }
}

impl Value for u64 {
    fn cell(&self) -> Cell {
        Cell::Number(*self as f64)
    }
}

impl Value for f64 {
    fn cell(&self) -> Cell {
        Cell::Number(*self)
    }
}

impl Value for String {
    fn cell(&self) -> Cell {
        Cell::Text(self.clone())
    }
}

impl Value for Vec<f64> {
    fn cell(&self) -> Cell {
        Cell::Numbers(self.clone())
    }
}

impl Value for Option<String> {
    fn cell(&self) -> Cell {
        self.as_ref().map_or(Cell::Absent, |text| Cell::Text(text.clone()))
    }
}

/// A version: its fields in the order of the file, their meaning and what is written.
macro_rules! version {
    (
        { $(#[$attribute:meta])* }
        $name:ident { $($(#[$field_attribute:meta])* $field:ident: $type:ty = $meaning:literal, $value:expr;)* }
    ) => {
        $(#[$attribute])*
        struct $name {
            $($(#[$field_attribute])* $field: $type,)*
        }

        impl $crate::hostile::evolution::versions::Shape for $name {
            fn sample() -> Self {
                $name { $($field: $value,)* }
            }

            fn fields(&self) -> Vec<$crate::hostile::evolution::Field> {
                vec![$((
                    $meaning,
                    $crate::hostile::evolution::versions::Value::cell(&self.$field),
                ),)*]
            }
        }
    };
}

/// All versions with these attributes: `renamed` is for the field that has another name.
macro_rules! versions {
    ($attributes:tt, renamed: { $(#[$renamed:meta])* }) => {
        use $crate::hostile::evolution::versions::version;

        version!($attributes Old {
            name: String = "name", "forest".into();
            count: u32 = "count", 300;
            rate: f64 = "rate", 0.25;
            limit: f64 = "limit", 4.5;
            weights: Vec<f64> = "weights", vec![1.0, -2.0, 3.5];
        });
        version!($attributes AddedAtEnd {
            name: String = "name", "forest".into();
            count: u32 = "count", 300;
            rate: f64 = "rate", 0.25;
            limit: f64 = "limit", 4.5;
            weights: Vec<f64> = "weights", vec![1.0, -2.0, 3.5];
            momentum: f64 = "momentum", 0.875;
        });
        version!($attributes AddedInMiddle {
            name: String = "name", "forest".into();
            count: u32 = "count", 300;
            momentum: f64 = "momentum", 0.875;
            rate: f64 = "rate", 0.25;
            limit: f64 = "limit", 4.5;
            weights: Vec<f64> = "weights", vec![1.0, -2.0, 3.5];
        });
        version!($attributes Removed {
            name: String = "name", "forest".into();
            count: u32 = "count", 300;
            limit: f64 = "limit", 4.5;
            weights: Vec<f64> = "weights", vec![1.0, -2.0, 3.5];
        });
        version!($attributes Reordered {
            name: String = "name", "forest".into();
            count: u32 = "count", 300;
            limit: f64 = "limit", 4.5;
            rate: f64 = "rate", 0.25;
            weights: Vec<f64> = "weights", vec![1.0, -2.0, 3.5];
        });
        version!($attributes Renamed {
            name: String = "name", "forest".into();
            count: u32 = "count", 300;
            $(#[$renamed])* learning_rate: f64 = "rate", 0.25;
            limit: f64 = "limit", 4.5;
            weights: Vec<f64> = "weights", vec![1.0, -2.0, 3.5];
        });
        version!($attributes Widened {
            name: String = "name", "forest".into();
            count: u64 = "count", 300;
            rate: f64 = "rate", 0.25;
            limit: f64 = "limit", 4.5;
            weights: Vec<f64> = "weights", vec![1.0, -2.0, 3.5];
        });
        version!($attributes Optional {
            name: String = "name", "forest".into();
            note: Option<String> = "note", None;
            count: u32 = "count", 300;
            weights: Vec<f64> = "weights", vec![1.0, -2.0, 3.5];
        });
        version!($attributes Required {
            name: String = "name", "forest".into();
            note: String = "note", "a".into();
            count: u32 = "count", 300;
            weights: Vec<f64> = "weights", vec![1.0, -2.0, 3.5];
        });
        $crate::hostile::evolution::versions::reader!();
    };
}

/// Which pair of versions a change is about.
macro_rules! reader {
    () => {
        /// What the reader of one version makes of the file of the other.
        pub(super) fn read(
            change: $crate::base::hostility::Change,
            old_reads_new: bool,
        ) -> $crate::base::hostility::Reading {
            use $crate::base::hostility::Change;
            match change {
                Change::AddedAtEnd => pair::<Old, AddedAtEnd>(old_reads_new),
                Change::AddedInMiddle => pair::<Old, AddedInMiddle>(old_reads_new),
                Change::Removed => pair::<Old, Removed>(old_reads_new),
                Change::Reordered => pair::<Old, Reordered>(old_reads_new),
                Change::Renamed => pair::<Old, Renamed>(old_reads_new),
                Change::Widened => pair::<Old, Widened>(old_reads_new),
                Change::OptionalMadeRequired => pair::<Optional, Required>(old_reads_new),
            }
        }
    };
}

/// A pair by the plain derive: one type writes, the other one reads.
macro_rules! plain_pair {
    ([$($bound:tt)*], $encode:expr, $decode:expr) => {
        fn pair<O, N>(old_reads_new: bool) -> $crate::base::hostility::Reading
        where
            O: $crate::hostile::evolution::versions::Shape + $($bound)*,
            N: $crate::hostile::evolution::versions::Shape + $($bound)*,
        {
            fn one<W, R>() -> $crate::base::hostility::Reading
            where
                W: $crate::hostile::evolution::versions::Shape + $($bound)*,
                R: $crate::hostile::evolution::versions::Shape + $($bound)*,
            {
                let written = W::sample();
                $crate::hostile::evolution::reading(&written.fields(), &mut || {
                    let bytes: Vec<u8> = $encode(&written)?;
                    let read: R = $decode(&bytes)?;
                    Ok(read.fields())
                })
            }
            match old_reads_new {
                true => one::<N, O>(),
                false => one::<O, N>(),
            }
        }
    };
}

/// A pair behind an enum of versions, which is what crates without names in their bytes recommend: the
/// old program knows the first variant alone, the new one both.
macro_rules! versioned_pair {
    ({ $(#[$attribute:meta])* }, [$($bound:tt)*], $encode:expr, $decode:expr) => {
        $(#[$attribute])*
        enum OldFile<O> {
            First(O),
        }

        $(#[$attribute])*
        enum NewFile<O, N> {
            First(O),
            Second(N),
        }

        fn pair<O, N>(old_reads_new: bool) -> $crate::base::hostility::Reading
        where
            O: $crate::hostile::evolution::versions::Shape + $($bound)*,
            N: $crate::hostile::evolution::versions::Shape + $($bound)*,
        {
            if old_reads_new {
                let fields = N::sample().fields();
                return $crate::hostile::evolution::reading(&fields, &mut || {
                    let bytes: Vec<u8> = $encode(&NewFile::<O, N>::Second(N::sample()))?;
                    let OldFile::First(read): OldFile<O> = $decode(&bytes)?;
                    Ok(read.fields())
                });
            }
            let fields = O::sample().fields();
            $crate::hostile::evolution::reading(&fields, &mut || {
                let bytes: Vec<u8> = $encode(&OldFile::First(O::sample()))?;
                let read: NewFile<O, N> = $decode(&bytes)?;
                match read {
                    NewFile::First(read) => {
                        // The program makes its new type of the old one: what was not there is default.
                        let known = read.fields();
                        let new = N::sample().fields().into_iter().map(|(meaning, _)| {
                            let found = known.iter().find(|(other, _)| *other == meaning);
                            let absent = $crate::hostile::evolution::Cell::Absent;
                            (meaning, found.map_or(absent, |(_, cell)| cell.clone()))
                        });
                        Ok(new.collect())
                    }
                    NewFile::Second(read) => Ok(read.fields()),
                }
            })
        }
    };
}

pub(super) use {plain_pair, reader, version, versioned_pair, versions};
