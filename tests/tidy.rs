//! The house rules that a compiler does not keep.
//!
//! Each rule is a function from text to a list of problems, and each problem is a sentence that
//! says where it is and what to do. The rules run over this repository here, and over small bad
//! samples in `tests/tidy/samples.rs`, so that a rule which can no longer fail is noticed.
//!
//! The table of imports stands in `docs/architecture.md` and nowhere else: this file reads it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};

use deadweight::base::kinds::KINDS;
use deadweight::formats::registry::FORMATS;
use proc_macro2::{Delimiter, LineColumn, TokenStream, TokenTree};
use pulldown_cmark::{Event, Parser, Tag, TagEnd};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

#[path = "tidy/samples.rs"]
mod samples;

/// Longest function, from its signature to its closing brace.
const MAX_FUNCTION_LINES: usize = 70;
/// Longest source file, its tests not counted.
const MAX_FILE_LINES: usize = 500;
/// Where the safe crates end.
const UNSAFE_FILES: &[&str] = &[
    "src/base/arena.rs",
    "src/base/guarded.rs",
    "src/base/storage.rs",
    "src/bench/memory.rs",
    "src/bench/file_io.rs",
    "src/sandbox/decode.rs",
    "src/sandbox/notify.rs",
    "src/sandbox/root.rs",
    "src/sandbox/system.rs",
];
/// Page with the one table of imports.
const ARCHITECTURE: &str = "docs/architecture.md";
/// Files of `src/formats` that are not a format.
const FORMAT_SUPPORT: &[&str] = &[
    // Read without running them, never written: no rows, no pages of their own.
    "joblib",
    "pickle",
    "mod",
    "error",
    "flat_reader",
    "parquet_layout",
    "shallow",
    "registry",
    "sniff",
    "wire",
    "codecs",
    "documents",
    "seal",
    "guards",
    "serde_documents",
    "envelope",
    "npy",
];
/// Files of `src/models` that are not a kind.
const MODEL_SUPPORT: &[&str] = &[
    "shared",
    "rows",
    "mod",
    "error",
    "registry",
    "recipes",
    "dataset",
    "labels",
    "linear",
    "activations",
    "kernel",
    "nearest",
    "neighbor_tree",
    "neighbors",
    "perceptron",
    "partition",
    "tree_ensemble",
    "tree_columns",
    "tree_order",
    "boosted_trees",
    "boosting_start",
    "tree_categories",
    "output_labels",
    "train_linear",
    "train_perceptron",
    "train_trees",
    "categories",
    "composition",
    "python_text",
    "scaling",
    "terms",
    "token_pattern",
    "weighting",
];
/// Beginnings by which a word in the written material is taken for a path of the repository.
const ROOTS: &[&str] = &[
    "src/",
    "tests/",
    "docs/",
    "scripts/",
    "fuzz/",
    "benches/",
    "examples/",
    "reports/sample",
    ".ci/",
];

// ---------------------------------------------------------------- reading

/// One file of the repository: its path with slashes, and its text.
struct File {
    path: String,
    text: String,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file of the repository, without what is built or generated.
fn files() -> Vec<File> {
    let (mut found, mut folders) = (Vec::new(), vec![PathBuf::new()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root().join(&folder)).unwrap() {
            let entry = entry.unwrap();
            let path = folder.join(entry.file_name());
            let name = path.to_str().unwrap().replace('\\', "/");
            if entry.file_type().unwrap().is_dir() {
                let generated = name.starts_with("reports/") && name != "reports/sample";
                if !generated && !["target", ".git", "docs/book"].contains(&name.as_str()) {
                    folders.push(path);
                }
            } else if name != ".git" {
                let bytes = fs::read(root().join(&path)).unwrap();
                found.push(File { path: name, text: String::from_utf8_lossy(&bytes).into() });
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn sources() -> Vec<File> {
    files().into_iter().filter(|f| f.path.starts_with("src/") && f.path.ends_with(".rs")).collect()
}

/// What the rules need to know of a source file.
struct Syntax {
    /// First and last line of what is compiled for tests alone.
    tests: Vec<(usize, usize)>,
    /// Name, first and last line of modules written inside the file.
    modules: Vec<(String, usize, usize)>,
    /// Name, first and last line of functions.
    functions: Vec<(String, usize, usize)>,
    tokens: TokenStream,
}

impl Syntax {
    fn of(text: &str) -> Self {
        let mut syntax = Syntax {
            tests: Vec::new(),
            modules: Vec::new(),
            functions: Vec::new(),
            tokens: text.parse().unwrap(),
        };
        syntax.visit_file(&syn::parse_file(text).unwrap());
        syntax
    }

    fn is_test(&self, line: usize) -> bool {
        self.tests.iter().any(|(first, last)| (*first..=*last).contains(&line))
    }

    fn note_tests(&mut self, attributes: &[syn::Attribute], item: impl Spanned) {
        let for_tests = |attribute: &syn::Attribute| match &attribute.meta {
            syn::Meta::List(list) if list.path.is_ident("cfg") => list.tokens.to_string() == "test",
            _ => false,
        };
        if attributes.iter().any(for_tests) {
            self.tests.push((item.span().start().line, item.span().end().line));
        }
    }

    fn note_function(&mut self, signature: &syn::Signature, block: &syn::Block) {
        let first = signature.span().start().line;
        self.functions.push((signature.ident.to_string(), first, block.span().end().line));
    }
}

impl<'ast> Visit<'ast> for Syntax {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        self.note_tests(&item.attrs, item);
        if item.content.is_some() {
            let (first, last) = (item.span().start().line, item.span().end().line);
            self.modules.push((item.ident.to_string(), first, last));
        }
        visit::visit_item_mod(self, item);
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.note_tests(&item.attrs, item);
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        self.note_tests(&item.attrs, item);
        visit::visit_item_impl(self, item);
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.note_tests(&item.attrs, item);
        self.note_function(&item.sig, &item.block);
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.note_tests(&item.attrs, item);
        self.note_function(&item.sig, &item.block);
        visit::visit_impl_item_fn(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        if let Some(block) = &item.default {
            self.note_function(&item.sig, block);
        }
        visit::visit_trait_item_fn(self, item);
    }
}

// ---------------------------------------------------------------- who may import whom

/// The table: a module and what it may import; `None` stands for everything.
type Imports = BTreeMap<String, Option<BTreeSet<String>>>;

/// Reads the first table below the heading "Who may import whom".
fn import_table(page: &str) -> Imports {
    let rows = page
        .lines()
        .skip_while(|line| !(line.starts_with('#') && line.contains("Who may import whom")))
        .skip_while(|line| !line.starts_with('|'))
        .take_while(|line| line.starts_with('|'))
        .skip(2);
    let mut table = Imports::new();
    for row in rows {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let allowed = match cells[1] {
            "everything" => None,
            "nothing" => Some(BTreeSet::new()),
            names => Some(names.split(',').map(|name| name.trim().to_owned()).collect()),
        };
        table.insert(cells[0].to_owned(), allowed);
    }
    table
}

/// The module that a source file is: `src/formats/raw.rs` is `[formats, raw]`.
fn module_path(path: &str) -> Vec<String> {
    let stem = path.trim_start_matches("src/").trim_end_matches(".rs");
    stem.trim_end_matches("/mod").split('/').map(str::to_owned).collect()
}

/// Notes the top-level modules that a path names. `base` is where it starts from, `tokens` what
/// follows; groups are opened.
fn resolve(mut base: Vec<String>, tokens: &[TokenTree], found: &mut Vec<(String, LineColumn)>) {
    for token in tokens {
        match token {
            TokenTree::Punct(punct) if punct.as_char() == ':' => {}
            TokenTree::Ident(ident) if ident == "super" => drop(base.pop()),
            TokenTree::Ident(ident) if ident == "self" => {}
            TokenTree::Ident(ident) => {
                if base.is_empty() {
                    found.push((ident.to_string(), ident.span().start()));
                }
                return;
            }
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                let inside: Vec<TokenTree> = group.stream().into_iter().collect();
                let comma =
                    |token: &TokenTree| matches!(token, TokenTree::Punct(p) if p.as_char() == ',');
                inside.split(comma).for_each(|part| resolve(base.clone(), part, found));
                return;
            }
            _ => return,
        }
    }
}

/// Every top-level module that code outside tests names, by `crate::` or by `super::`.
fn imports(module: &[String], syntax: &Syntax) -> Vec<(String, LineColumn)> {
    let (mut found, mut streams) = (Vec::new(), vec![syntax.tokens.clone()]);
    while let Some(stream) = streams.pop() {
        let tokens: Vec<TokenTree> = stream.into_iter().collect();
        for (at, token) in tokens.iter().enumerate() {
            let line = token.span().start().line;
            if syntax.is_test(line) {
                continue;
            }
            let colon = |at: usize| matches!(tokens.get(at), Some(TokenTree::Punct(p)) if p.as_char() == ':');
            match token {
                TokenTree::Group(group) => streams.push(group.stream()),
                TokenTree::Ident(ident) if ident == "crate" && colon(at + 1) => {
                    resolve(Vec::new(), &tokens[at + 1..], &mut found);
                }
                TokenTree::Ident(ident)
                    if ident == "super" && colon(at + 1) && !(at > 0 && colon(at - 1)) =>
                {
                    let inner = syntax.modules.iter().filter(|(_, a, b)| (*a..=*b).contains(&line));
                    let mut base = module.to_vec();
                    base.extend(inner.map(|(name, ..)| name.clone()));
                    resolve(base, &tokens[at..], &mut found);
                }
                _ => {}
            }
        }
    }
    found
}

fn import_problems(file: &File, table: &Imports) -> Vec<String> {
    let module = module_path(&file.path);
    let Some(allowed) = table.get(&module[0]) else {
        return vec![format!(
            "{}: module {} is not in the table \"Who may import whom\" of {ARCHITECTURE}; add a row",
            file.path, module[0]
        )];
    };
    let Some(allowed) = allowed else { return Vec::new() };
    let may = |name: &str| name == module[0] || allowed.contains(name);
    imports(&module, &Syntax::of(&file.text))
        .into_iter()
        .filter(|(name, _)| !may(name))
        .map(|(name, at)| {
            format!(
                "{}:{}: {} may not import {name}; move the code, or change the table of {ARCHITECTURE} if the design changes",
                file.path, at.line, module[0]
            )
        })
        .collect()
}

/// True for the two files that only put the modules together.
fn is_crate_root(path: &str) -> bool {
    path == "src/lib.rs" || path == "src/main.rs"
}

#[test]
fn modules_import_only_what_the_table_allows() {
    let table = import_table(&fs::read_to_string(root().join(ARCHITECTURE)).unwrap());
    let mut problems = Vec::new();
    let mut seen = BTreeSet::new();
    for file in sources().iter().filter(|file| !is_crate_root(&file.path)) {
        seen.insert(module_path(&file.path)[0].clone());
        problems.extend(import_problems(file, &table));
    }
    for name in table.keys().filter(|name| !seen.contains(*name)) {
        problems.push(format!("{ARCHITECTURE}: there is no module {name}; take its row out"));
    }
    none(problems);
}

// ---------------------------------------------------------------- registries are the files

/// Compares ids of a registry with the stems of files and of pages. An id belongs to the stem
/// that it is, or that it begins with before a dash (`postcard-elements`).
fn registry_problems(what: &str, stems: &[String], ids: &[&str]) -> Vec<String> {
    let belongs = |id: &str, stem: &str| {
        let stem = if ids.contains(&stem) { stem.to_owned() } else { stem.replace('_', "-") };
        id.strip_prefix(&stem).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    };
    let mut problems = Vec::new();
    for stem in stems.iter().filter(|stem| !ids.iter().any(|id| belongs(id, stem))) {
        problems.push(format!("{what} {stem} has a file and no line in its registry; add one"));
    }
    for id in ids.iter().filter(|id| !stems.iter().any(|stem| belongs(id, stem))) {
        problems.push(format!(
            "{what} {id} is registered and has no file of its name; the stem of the file is the id"
        ));
    }
    problems
}

/// Stems of the files of a folder with an ending, without `support`.
fn stems(files: &[File], folder: &str, ending: &str, support: &[&str]) -> Vec<String> {
    let stem = |file: &File| {
        let stem = file.path.strip_prefix(folder)?.strip_suffix(ending)?;
        (!stem.contains('/') && !support.contains(&stem)).then(|| stem.to_owned())
    };
    files.iter().filter_map(stem).collect()
}

#[test]
fn every_format_is_a_file_a_registry_line_and_a_page() {
    let files = files();
    let ids: Vec<&str> = FORMATS.iter().map(|format| format.descriptor().id).collect();
    let code = stems(&files, "src/formats/", ".rs", FORMAT_SUPPORT);
    let pages = stems(&files, "docs/formats/", ".md", &[]);
    let mut problems = registry_problems("format", &code, &ids);
    for stem in code.iter().filter(|stem| !pages.contains(stem)) {
        problems.push(format!("format {stem} has no page; write docs/formats/{stem}.md"));
    }
    for stem in pages.iter().filter(|stem| !code.contains(stem)) {
        problems.push(format!("docs/formats/{stem}.md is about no format; remove it"));
    }
    none(problems);
}

#[test]
fn every_kind_is_a_file_and_a_specification() {
    let ids: Vec<&str> = KINDS.iter().map(|kind| kind.id).collect();
    let stems = stems(&files(), "src/models/", ".rs", MODEL_SUPPORT);
    none(registry_problems("kind", &stems, &ids));
}

// ---------------------------------------------------------------- size, unsafe, essays

fn size_problems(file: &File) -> Vec<String> {
    let syntax = Syntax::of(&file.text);
    let mut problems = Vec::new();
    for (name, first, last) in &syntax.functions {
        let lines = last - first + 1;
        if lines > MAX_FUNCTION_LINES && !syntax.is_test(*first) {
            problems.push(format!(
                "{}:{first}: function {name} has {lines} lines, {MAX_FUNCTION_LINES} are allowed; split it",
                file.path
            ));
        }
    }
    let all = file.text.lines().count();
    let lines = (1..=all).filter(|line| !syntax.is_test(*line)).count();
    if lines > MAX_FILE_LINES {
        problems.push(format!(
            "{}: {lines} lines without tests, {MAX_FILE_LINES} are allowed; split it",
            file.path
        ));
    }
    problems
}

fn unsafe_problems(file: &File) -> Vec<String> {
    if UNSAFE_FILES.contains(&file.path.as_str()) {
        return Vec::new();
    }
    let (mut problems, mut streams) = (Vec::new(), vec![Syntax::of(&file.text).tokens]);
    while let Some(stream) = streams.pop() {
        for token in stream {
            match token {
                TokenTree::Ident(ident) if ident == "unsafe" => problems.push(format!(
                    "{}:{}: unsafe is allowed only in {}; use a safe call or move the code there",
                    file.path,
                    ident.span().start().line,
                    UNSAFE_FILES.join(", ")
                )),
                TokenTree::Group(group) => streams.push(group.stream()),
                _ => {}
            }
        }
    }
    problems
}

fn essay_problems(file: &File) -> Vec<String> {
    if file.text.starts_with("//!") {
        return Vec::new();
    }
    vec![format!(
        "{}: does not start with //!; say what it is for, what flows in and out, what it must never do",
        file.path
    )]
}

#[test]
fn functions_and_files_fit_on_a_screen() {
    none(sources().iter().flat_map(size_problems).collect());
}

#[test]
fn unsafe_code_stays_in_its_files() {
    none(sources().iter().flat_map(unsafe_problems).collect());
}

#[test]
fn every_module_starts_with_an_essay() {
    none(sources().iter().flat_map(essay_problems).collect());
}

// ---------------------------------------------------------------- the written material

fn is_written(path: &str) -> bool {
    let top = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"];
    top.contains(&path) || (path.starts_with("docs/") && path.ends_with(".md"))
}

/// Words of code that look like a path of the repository, without what follows it.
fn path_words(code: &str) -> Vec<String> {
    let word = |word: &str| {
        let word = word.trim_matches(|c| "`'\"(),;".contains(c)).trim_end_matches('.');
        let path = word.split([':', '#']).next().unwrap_or_default();
        let is_path = ROOTS.iter().any(|root| path.starts_with(root));
        (is_path && !path.contains(['<', '>', '*', '{', '$', '…'])).then(|| path.to_owned())
    };
    code.split_whitespace().filter_map(word).collect()
}

/// Paths that a page names, with the line: words of code from the repository's root, and links.
fn mentioned_paths(file: &File) -> Vec<(usize, String)> {
    let (mut found, mut in_block) = (Vec::new(), false);
    for (event, range) in Parser::new(&file.text).into_offset_iter() {
        let line = file.text[..range.start].matches('\n').count() + 1;
        match event {
            Event::Start(Tag::CodeBlock(_)) => in_block = true,
            Event::End(TagEnd::CodeBlock) => in_block = false,
            Event::Code(code) => found.extend(path_words(&code).into_iter().map(|p| (line, p))),
            Event::Text(text) if in_block => {
                found.extend(path_words(&text).into_iter().map(|p| (line, p)));
            }
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                let target = dest_url.split('#').next().unwrap_or_default();
                if !target.is_empty() && !target.contains("://") && !target.starts_with("mailto:") {
                    found.push((line, beside(&file.path, target)));
                }
            }
            _ => {}
        }
    }
    found
}

/// The path from the root of what `page` links to as `target`.
fn beside(page: &str, target: &str) -> String {
    let mut parts: Vec<String> = Vec::new();
    let folder = Path::new(page).parent().unwrap_or(Path::new(""));
    for part in folder.join(target).components() {
        match part {
            Component::ParentDir => drop(parts.pop()),
            Component::Normal(name) => parts.push(name.to_string_lossy().into()),
            _ => {}
        }
    }
    parts.join("/")
}

fn path_problems(file: &File, exists: impl Fn(&str) -> bool) -> Vec<String> {
    mentioned_paths(file)
        .into_iter()
        .filter(|(_, path)| !exists(path))
        .map(|(line, path)| {
            format!("{}:{line}: {path} does not exist; correct the path or the text", file.path)
        })
        .collect()
}

#[test]
fn every_path_that_is_written_about_exists() {
    let exists = |path: &str| root().join(path).exists();
    let written: Vec<File> = files().into_iter().filter(|file| is_written(&file.path)).collect();
    assert!(written.len() > 10, "the pages were not found");
    none(written.iter().flat_map(|file| path_problems(file, exists)).collect());
}

/// Pages that the summary does not list: mdBook leaves them out of the book.
fn summary_problems(summary: &File, pages: &[String]) -> Vec<String> {
    let listed: Vec<String> = mentioned_paths(summary).into_iter().map(|(_, path)| path).collect();
    let missing = pages.iter().filter(|page| **page != summary.path && !listed.contains(page));
    missing.map(|page| format!("{page} is not in {}; add a line", summary.path)).collect()
}

#[test]
fn every_page_is_in_the_summary() {
    let (mut pages, mut summary) = (Vec::new(), None);
    for file in files().into_iter().filter(|f| f.path.starts_with("docs/") && is_written(&f.path)) {
        pages.push(file.path.clone());
        if file.path == "docs/SUMMARY.md" {
            summary = Some(file);
        }
    }
    none(summary_problems(&summary.unwrap(), &pages));
}

/// Texts that tie the repository to one machine.
const MACHINE_TEXTS: &[&str] = &[
    concat!("/wo", "rk/"),
    concat!("/ro", "ot/"),
    concat!("crates", ".io"),
    concat!("pypi", ".org"),
    concat!("pythonhosted", ".org"),
    concat!("npmjs", ".org"),
    concat!("npmjs", ".com"),
    concat!("deb.debian", ".org"),
];

fn machine_problems(file: &File) -> Vec<String> {
    let found = MACHINE_TEXTS.iter().filter(|text| file.text.contains(**text));
    found.map(|text| format!("{}: mentions {text}; say it without", file.path)).collect()
}

#[test]
fn nothing_ties_the_repository_to_one_machine() {
    // Cargo writes the name of its registry into lock files by itself.
    let files = files().into_iter().filter(|file| !file.path.ends_with("Cargo.lock"));
    none(files.flat_map(|file| machine_problems(&file)).collect());
}

fn none(problems: Vec<String>) {
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
}
