//! The examples do what they say.

#[path = "../examples/library.rs"]
mod library;

#[test]
fn the_library_example_runs() {
    library::main().unwrap();
}
