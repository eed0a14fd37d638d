//! The examples do what they say.

#[path = "../examples/compare.rs"]
mod compare;
#[path = "../examples/library.rs"]
mod library;

#[test]
fn the_library_example_runs() {
    library::main().unwrap();
}

#[test]
fn the_comparison_example_runs() {
    compare::main().unwrap();
}
