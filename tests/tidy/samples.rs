//! Small bad samples: each rule of the house must find what is wrong in its own.

use super::*;

fn file(path: &str, text: &str) -> File {
    File { path: path.into(), text: text.into() }
}

const PAGE: &str = "\
| other | table |
|---|---|
| base | models |

## Who may import whom

| module | may import |
|---|---|
| base | nothing |
| models | base |
| bench | base, models |
| cli | everything |

| later | table |
";

fn import_lines(path: &str, text: &str) -> Vec<String> {
    let problems = import_problems(&file(path, text), &import_table(PAGE));
    problems.into_iter().map(|problem| problem.split("; ").next().unwrap().to_owned()).collect()
}

#[test]
fn the_table_is_the_one_below_the_heading() {
    let table = import_table(PAGE);
    assert_eq!(table.keys().collect::<Vec<_>>(), ["base", "bench", "cli", "models"]);
    assert_eq!(table["base"], Some(BTreeSet::new()));
    assert_eq!(table["bench"], Some(BTreeSet::from(["base".into(), "models".into()])));
    assert_eq!(table["cli"], None);
}

#[test]
fn a_forbidden_import_is_found_however_it_is_written() {
    let forbidden = [
        "use crate::bench::plan;",
        "use crate::{base, bench::plan};",
        "pub(crate) use crate::bench as measuring;",
        "fn f() { crate::bench::go() }",
        "fn f() { println!(\"{}\", crate::bench::NAME) }",
        "use super::super::bench;",
        "use super::{Model, super::bench::plan};",
        "mod inner { use super::super::super::bench; }",
    ];
    for text in forbidden {
        let text = format!("\n{text}");
        assert_eq!(
            import_lines("src/models/tree.rs", &text),
            ["src/models/tree.rs:2: models may not import bench"],
            "{text}"
        );
    }
    assert_eq!(
        import_lines("src/models/mod.rs", "use super::bench;"),
        ["src/models/mod.rs:1: models may not import bench"]
    );
    assert_eq!(
        import_lines("src/base/array.rs", "use crate::models::Model;"),
        ["src/base/array.rs:1: base may not import models"]
    );
    assert_eq!(
        import_lines("src/models/tree.rs", "use crate::cli;"),
        ["src/models/tree.rs:1: models may not import cli"]
    );
}

#[test]
fn an_allowed_import_is_left_alone() {
    let allowed = "
        //! See `crate::bench`.
        use crate::base::{Array, value};
        use crate::{base, models};
        use super::{super::base, Model};
        use super::bench;
        use self::inner::bench;
        mod inner { use super::super::bench; }
        pub(crate) fn f() -> &'static str { \"crate::bench\" }
        #[cfg(test)]
        mod tests { use crate::bench::plan; }
        #[cfg(test)]
        use crate::bench::plan;
    ";
    assert_eq!(import_lines("src/models/tree.rs", allowed), Vec::<String>::new());
    assert_eq!(import_lines("src/cli/mod.rs", "use crate::bench;"), Vec::<String>::new());
}

#[test]
fn a_module_without_a_row_is_found() {
    assert_eq!(
        import_lines("src/store/mod.rs", ""),
        [
            "src/store/mod.rs: module store is not in the table \"Who may import whom\" of docs/architecture.md"
        ]
    );
}

#[test]
fn registry_and_files_must_agree() {
    let stems = ["raw".to_owned(), "json_simd".to_owned(), "postcard".to_owned()];
    let ids = ["raw", "json-simd", "postcard", "postcard-elements"];
    assert_eq!(registry_problems("format", &stems, &ids), Vec::<String>::new());
    assert_eq!(
        registry_problems("format", &stems, &["raw", "rawest", "json-simd"]),
        [
            "format postcard has a file and no line in its registry; add one",
            "format rawest is registered and has no file of its name; the stem of the file is the id",
        ]
    );
    let files = [
        file("src/formats/raw.rs", ""),
        file("src/formats/mod.rs", ""),
        file("src/formats/deep/raw.rs", ""),
        file("src/models/tree.rs", ""),
    ];
    assert_eq!(super::stems(&files, "src/formats/", ".rs", FORMAT_SUPPORT), ["raw"]);
}

#[test]
fn long_functions_and_files_are_found() {
    let body = "    let text = \"}\"; // }\n".repeat(MAX_FUNCTION_LINES - 2);
    let fits = format!("fn f() {{\n{body}}}\n");
    assert_eq!(size_problems(&file("a.rs", &fits)), Vec::<String>::new());
    let long = format!("struct A;\nimpl A {{\n    fn f() {{\n{body}\n}}\n}}\n");
    assert_eq!(
        size_problems(&file("a.rs", &long)),
        ["a.rs:3: function f has 71 lines, 70 are allowed; split it"]
    );
    let in_tests = format!("#[cfg(test)]\nmod tests {{\n{long}\n}}\n");
    assert_eq!(size_problems(&file("a.rs", &in_tests)), Vec::<String>::new());

    let lines = "const A: u8 = 0;\n".repeat(MAX_FILE_LINES);
    let tests = "#[cfg(test)]\nmod tests {\n\n\n}\n";
    assert_eq!(size_problems(&file("a.rs", &format!("{lines}{tests}"))), Vec::<String>::new());
    assert_eq!(
        size_problems(&file("a.rs", &format!("{lines}//\n{tests}"))),
        ["a.rs: 501 lines without tests, 500 are allowed; split it"]
    );
}

#[test]
fn unsafe_elsewhere_and_missing_essays_are_found() {
    let text = "// unsafe\nfn f() {\n    unsafe { g(\"unsafe\") }\n}\n";
    assert_eq!(unsafe_problems(&file("src/base/storage.rs", text)), Vec::<String>::new());
    let problems = unsafe_problems(&file("src/base/array.rs", text));
    assert_eq!(problems.len(), 1);
    assert!(problems[0].starts_with("src/base/array.rs:3: unsafe is allowed only in"));
    assert_eq!(essay_problems(&file("a.rs", "//! It is for this.\n")), Vec::<String>::new());
    assert_eq!(essay_problems(&file("a.rs", "use a;\n//! Late.\n")).len(), 1);
}

#[test]
fn paths_that_do_not_exist_are_found_in_code_and_links() {
    let page = "\
A `src/gone.rs`, `src/there.rs:12`, `cargo test`, src/plain.rs, `src/formats/<id>.rs`.

See [a](there.md#part), [b](../gone.md), [c](https://example.org/src/gone.rs), [d](#part).

```
scripts/gone format x   # src/there.rs
```
";
    let there = ["src/there.rs", "docs/there.md"];
    assert_eq!(
        path_problems(&file("docs/page.md", page), |path| there.contains(&path)),
        [
            "docs/page.md:1: src/gone.rs does not exist; correct the path or the text",
            "docs/page.md:3: gone.md does not exist; correct the path or the text",
            "docs/page.md:6: scripts/gone does not exist; correct the path or the text",
        ]
    );
}

#[test]
fn unlisted_pages_and_machine_texts_are_found() {
    let summary = file("docs/SUMMARY.md", "- [a](a.md)\n");
    let pages = ["docs/SUMMARY.md", "docs/a.md", "docs/b.md"].map(str::to_owned);
    assert_eq!(
        summary_problems(&summary, &pages),
        ["docs/b.md is not in docs/SUMMARY.md; add a line"]
    );
    let text = concat!("see /wo", "rk/main");
    let found = machine_problems(&file("a.md", text));
    assert_eq!(found, [concat!("a.md: mentions /wo", "rk/; say it without")]);
    assert_eq!(machine_problems(&file("a.md", "see the workbench/ folder")), Vec::<String>::new());
}
