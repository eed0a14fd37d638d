//! The examples do what they say.

#[path = "../examples/compare.rs"]
mod compare;
#[path = "../examples/library.rs"]
mod library;
#[path = "../examples/server.rs"]
#[allow(dead_code)]
mod server;

#[test]
fn the_library_example_runs() {
    library::main().unwrap();
}

#[test]
fn the_comparison_example_runs() {
    compare::main().unwrap();
}

#[test]
fn the_server_changes_models_without_a_gap() {
    let said = server::prove(100, std::time::Duration::from_millis(5)).unwrap();
    assert!(
        said.contains("while 100 swaps happened") && said.contains("failed: 0, mixed: 0"),
        "{said}"
    );
}
