//! Models that nobody trained: small files that would cost a reader its stack, its memory or minutes.
//!
//! Each file is written opcode by opcode. No test looks at a clock: the sizes are such that work in
//! proportion to their square, or to a number in the file, would not end.

use deadweight::base::{Limits, PagePolicy, Parameters, Storage};
use deadweight::pickle::sklearn::{ReadError, Source, outline, read};
use deadweight::pickle::{Assembler, Document, Op};

/// Writes one value.
type Part<'a> = &'a dyn Fn(&mut Assembler);

fn pickle(write: impl FnOnce(&mut Assembler)) -> Storage {
    let mut assembler = Assembler::new();
    assembler.proto(2);
    write(&mut assembler);
    Storage::adopt(assembler.op(Op::Stop).finish().unwrap())
}

fn text(value: &str) -> impl Fn(&mut Assembler) {
    move |a| {
        a.text(value);
    }
}

fn int(value: i64) -> impl Fn(&mut Assembler) {
    move |a| {
        a.int(value);
    }
}

fn none(a: &mut Assembler) {
    a.op(Op::None);
}

fn tuple(a: &mut Assembler, members: &[Part]) {
    a.op(Op::Mark);
    members.iter().for_each(|member| member(a));
    a.op(Op::Tuple);
}

fn dict(a: &mut Assembler, entries: impl FnOnce(&mut Assembler)) {
    a.op(Op::EmptyDict).op(Op::Mark);
    entries(a);
    a.op(Op::SetItems);
}

/// An object of a class of scikit-learn 1.5.2 with these attributes.
fn object(a: &mut Assembler, module: &str, name: &str, attributes: &[(&str, Part)]) {
    a.global(module, name).op(Op::EmptyTuple).op(Op::NewObj);
    dict(a, |a| {
        a.text("_sklearn_version").text("1.5.2");
        for (name, value) in attributes {
            a.text(name);
            value(a);
        }
    });
    a.op(Op::Build);
}

/// A list with the same value again and again, at the cost of two bytes each.
fn repeated(a: &mut Assembler, count: usize, value: Part) {
    a.op(Op::EmptyList).op(Op::Mark);
    value(a);
    a.index(Op::BinPut, 200);
    for _ in 1..count {
        a.index(Op::BinGet, 200);
    }
    a.op(Op::Appends);
}

fn columns(a: &mut Assembler, attributes: &[(&str, Part)]) {
    object(a, "sklearn.compose._column_transformer", "ColumnTransformer", attributes);
}

fn model(file: &Storage) -> Result<Parameters, String> {
    let limits = Limits::default();
    let document = Document::read(file, &[], &limits).map_err(|error| error.to_string())?;
    let source = Source::new(&document, PagePolicy::Auto);
    read(&source, None)
        .map(|(parameters, _)| parameters)
        .map_err(|error: ReadError| error.to_string())
}

fn error(write: impl FnOnce(&mut Assembler)) -> String {
    model(&pickle(write)).map(|model| model.kind().to_owned()).unwrap_err()
}

/// The way to the value and the end of the message, for what is used too often.
const TOO_OFTEN: &str = "the parts of this file are used too often in each other";

/// Objects of a class that is known and no model, in a list below `depth` tuples.
fn below_tuples(depth: usize, count: usize) -> Storage {
    pickle(|a| {
        a.op(Op::EmptyList).op(Op::Mark);
        for _ in 0..count {
            object(a, "sklearn.linear_model._base", "LinearRegression", &[("coef_", &none)]);
        }
        a.op(Op::Appends);
        (0..depth).for_each(|_| {
            a.op(Op::Tuple1);
        });
    })
}

#[test]
fn a_model_below_a_million_tuples_has_a_way_that_can_be_read() {
    let file = below_tuples(1_000_000, 20_000);
    let error = model(&file).unwrap_err();
    assert!(error.starts_with("the file holds 20000 models: [0][0]"), "{error}");
    assert!(error.contains("[0]...(999937 steps)...[0]"), "{error}");
    assert!(error.ends_with("[0][11], ..."), "{error}");
    assert!(error.len() < 10_000);
    let document = Document::read(&file, &[], &Limits::default()).unwrap();
    let entries = outline(&Source::new(&document, PagePolicy::Auto));
    assert_eq!(entries.len(), 10_000, "as many as an outline has");
    assert!(entries.iter().all(|entry| entry.path.len() < 300));
}

#[test]
fn long_keys_are_cut_in_ways() {
    let key = "k".repeat(2_000);
    let file = pickle(|a| {
        a.text(&key).index(Op::BinPut, 1).op(Op::Pop).op(Op::EmptyList).op(Op::Mark);
        for _ in 0..20_000 {
            dict(a, |a| {
                a.index(Op::BinGet, 1);
                object(a, "sklearn.linear_model._base", "LinearRegression", &[]);
            });
        }
        a.op(Op::Appends);
    });
    let error = model(&file).unwrap_err();
    let half = "k".repeat(64);
    let first = format!("the file holds 20000 models: [0][\"{half}\"...\"{half}\"], [1]");
    assert!(error.starts_with(&first), "{error}");
}

#[test]
fn a_slice_of_columns_that_nobody_has_is_not_written_out() {
    for (count, step) in [(1_000_000_000_000, 1), (i64::MAX, -1), (100_000_000, 2)] {
        let error = error(|a| {
            let slice = |a: &mut Assembler| {
                a.global("builtins", "slice").op(Op::None).op(Op::None).int(step);
                a.op(Op::Tuple3).op(Op::Reduce);
            };
            columns(
                a,
                &[
                    ("n_features_in_", &int(count)),
                    ("transformers_", &|a| {
                        a.op(Op::EmptyList);
                        tuple(a, &[&text("a"), &text("passthrough"), &slice]);
                        a.op(Op::Append);
                    }),
                ],
            );
        });
        assert_eq!(error, format!("transformers_[0][2]: {TOO_OFTEN}"));
    }
}

#[test]
fn transformers_that_share_their_columns_are_counted() {
    let error = error(|a| {
        let entry = |a: &mut Assembler| {
            tuple(a, &[&text("a"), &text("drop"), &|a| repeated(a, 100_000, &int(1))]);
            a.op(Op::Dup).op(Op::Pop);
        };
        columns(
            a,
            &[
                ("n_features_in_", &int(4)),
                ("transformers_", &|a| {
                    a.op(Op::EmptyList).op(Op::Mark);
                    entry(a);
                    a.index(Op::BinPut, 201);
                    (1..100_000).for_each(|_| {
                        a.index(Op::BinGet, 201);
                    });
                    a.op(Op::Appends);
                }),
            ],
        );
    });
    assert!(error.starts_with("transformers_["), "{error}");
    assert!(error.ends_with(TOO_OFTEN), "{error}");
}

/// Entries `00000`, `00001`, ... with a value each.
fn numbered(a: &mut Assembler, count: usize, value: Part) {
    dict(a, |a| {
        for index in 0..count {
            a.text(&format!("{index:05}"));
            value(a);
        }
    });
}

#[test]
fn weights_and_columns_are_found_by_name_in_one_walk() {
    const COUNT: usize = 100_000;
    let names: Vec<String> = (0..COUNT).map(|index| format!("{index:06}")).collect();
    let pair = |name: &str, a: &mut Assembler, more: Part| {
        a.op(Op::Mark).text(name).text("passthrough");
        more(a);
        a.op(Op::Tuple);
    };
    let list = |a: &mut Assembler, more: Part| {
        a.op(Op::EmptyList).op(Op::Mark);
        names.iter().for_each(|name| pair(name, a, more));
        a.op(Op::Appends);
    };
    let weights = |a: &mut Assembler| {
        dict(a, |a| {
            names.iter().for_each(|name| {
                a.text(name).int(2);
            })
        });
    };
    let file = pickle(|a| {
        let attributes: [(&str, Part); 2] =
            [("transformer_list", &|a| list(a, &|_| ())), ("transformer_weights", &weights)];
        object(a, "sklearn.pipeline", "FeatureUnion", &attributes);
    });
    let parameters = model(&file).unwrap();
    assert_eq!(parameters.get("weights").unwrap().as_slice::<f64>().unwrap(), vec![2.0; COUNT]);

    // The places that 1.0 keeps by name, and before it the names themselves.
    let file = pickle(|a| {
        columns(
            a,
            &[
                ("n_features_in_", &int(4)),
                ("transformers_", &|a| list(a, &none)),
                ("_transformer_to_input_indices", &|a| {
                    dict(a, |a| {
                        names.iter().for_each(|name| {
                            a.text(name).op(Op::EmptyTuple);
                        });
                    });
                }),
            ],
        );
    });
    assert_eq!(model(&file).unwrap().children("transformers").unwrap().len(), 0);
    let file = pickle(|a| {
        let all = |a: &mut Assembler| {
            a.op(Op::EmptyList).op(Op::Mark);
            names.iter().for_each(|name| {
                a.text(name);
            });
            a.op(Op::Appends);
        };
        columns(
            a,
            &[
                ("feature_names_in_", &all),
                ("n_features_in_", &int(COUNT as i64)),
                ("transformers_", &|a| {
                    a.op(Op::EmptyList);
                    tuple(a, &[&text("a"), &text("passthrough"), &all]);
                    a.op(Op::Append);
                }),
            ],
        );
    });
    let parameters = model(&file).unwrap();
    assert_eq!(parameters.get("columns.0").unwrap().element_count(), COUNT);
}

#[test]
fn estimators_that_share_their_attributes_are_counted() {
    let estimator = |a: &mut Assembler| {
        a.global("sklearn.tree._classes", "DecisionTreeRegressor").op(Op::EmptyTuple);
        a.op(Op::NewObj);
        numbered(a, 10_000, &none);
        a.op(Op::Build);
    };
    let error = error(|a| {
        let attributes: [(&str, Part); 1] =
            [("estimators_", &|a| repeated(a, 1_000_000, &estimator))];
        object(a, "sklearn.ensemble._forest", "RandomForestRegressor", &attributes);
    });
    // The first of them has no tree; in the outline each would be read again.
    assert!(error.contains("attribute \"tree_\" is missing"), "{error}");
    let file = pickle(|a| {
        a.op(Op::None).index(Op::BinPut, 1).op(Op::Pop);
        numbered(a, 10_000, &none);
        a.index(Op::BinPut, 1).op(Op::Pop).op(Op::EmptyList).op(Op::Mark);
        a.global("sklearn.tree._classes", "DecisionTreeRegressor");
        a.index(Op::BinPut, 2).op(Op::Pop);
        for _ in 0..200_000 {
            a.index(Op::BinGet, 2).op(Op::EmptyTuple).op(Op::NewObj);
            a.index(Op::BinGet, 1).op(Op::Build);
        }
        a.op(Op::Appends);
    });
    let document = Document::read(&file, &[], &Limits::default()).unwrap();
    let entries = outline(&Source::new(&document, PagePolicy::Auto));
    assert_eq!(entries.len(), 10_000);
}

#[test]
fn long_integers_have_a_bound_and_are_not_written_out_again_and_again() {
    let digits = "9".repeat(4300);
    let line = format!("L{digits}L\n");
    let linear = |value: Part| {
        model(&pickle(|a| {
            object(a, "sklearn.linear_model._base", "LinearRegression", &[("many", value)]);
        }))
        .unwrap_err()
    };
    let error = linear(&|a| {
        repeated(a, 1_000_000, &|a| {
            a.raw(line.as_bytes());
        })
    });
    assert!(error.starts_with("many[") || error.contains("coef_"), "{error}");
    let longer = format!("L{digits}9L\n");
    let file = pickle(|a| {
        a.raw(longer.as_bytes());
    });
    let error = model(&file).unwrap_err();
    assert!(
        error.contains("LONG: argument: expected a decimal integer of at most 4300"),
        "{error}"
    );
}

#[test]
fn texts_and_names_that_are_repeated_are_counted() {
    // Plain arrays: everything else in the file is kept beside them.
    let long = "x".repeat(1_000_000);
    let beside = |value: Part| {
        pickle(|a| {
            dict(a, |a| {
                a.text("array").global("numpy.core.multiarray", "_reconstruct");
                a.global("numpy", "ndarray").int(0).op(Op::Tuple1).text("b").op(Op::Tuple3);
                a.op(Op::Reduce).op(Op::Mark).int(1).int(0).op(Op::Tuple1);
                a.global("numpy", "dtype").text("u1").op(Op::Tuple1).op(Op::Reduce);
                a.op(Op::NewFalse).bytes(b"").op(Op::Tuple).op(Op::Build).text("beside");
                value(a);
            });
        })
    };
    let file = beside(&|a| repeated(a, 1_000_000, &text(&long)));
    let error = model(&file).unwrap_err();
    assert!(error.starts_with("[\"beside\"]["), "{error}");
    assert!(error.ends_with(TOO_OFTEN), "{error}");
    // One key, and different bytes under it: each asks for a name that is not taken.
    let file = beside(&|a| {
        dict(a, |a| {
            for index in 0..200_000u32 {
                a.text("k").bytes(&index.to_le_bytes());
            }
        });
    });
    let parameters = model(&file).unwrap();
    assert!(parameters.get("attributes.beside.k").is_some());
    assert!(parameters.get("attributes.beside.k~200000").is_some());
}

#[test]
fn rows_without_columns_are_not_counted_for_nothing() {
    let error = error(|a| {
        let empty = |a: &mut Assembler| {
            a.global("numpy.core.multiarray", "_reconstruct").global("numpy", "ndarray");
            a.int(0).op(Op::Tuple1).text("b").op(Op::Tuple3).op(Op::Reduce).op(Op::Mark).int(1);
            a.int(1_000_000_000_000).int(0).op(Op::Tuple2).global("numpy", "dtype").text("f8");
            a.op(Op::Tuple1).op(Op::Reduce).op(Op::NewFalse).bytes(b"").op(Op::Tuple).op(Op::Build);
        };
        let attributes: [(&str, Part); 2] = [("coef_", &empty), ("intercept_", &int(0))];
        object(a, "sklearn.linear_model._base", "LinearRegression", &attributes);
    });
    assert_eq!(error, format!("intercept_: {TOO_OFTEN}"));
}
