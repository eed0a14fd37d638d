//! Pages of the book whose content is a matter of the code: what the arrays of each kind of model
//! are, what is inside each figure, which formats there are, which estimators are read, which attacks
//! there are.
//!
//! Each page is written from the code here and compared with the file. After a change of the code:
//!
//! ```text
//! UPDATE_DOCS=1 cargo test --release --test generated_pages
//! ```

use std::fmt::Write;
use std::path::Path;

use deadweight::attacks::registry::ATTACKS;
use deadweight::attacks::{Attack, Evidence, Expected, Matrix, Sign, Targets};
use deadweight::base::case::{Group, Operation};
use deadweight::base::kinds::{
    ArraySpec, ChildSpec, EntrySpec, EntryType, KINDS, KindSpec, Presence,
};
use deadweight::base::units;
use deadweight::formats::registry::FORMATS;
use deadweight::formats::{Descriptor, Format};
use deadweight::payloads::SEED;
use deadweight::payloads::registry::PAYLOADS;
use deadweight::pickle::sklearn::registry::FAMILIES;

const UPDATE: &str = "UPDATE_DOCS=1 cargo test --release --test generated_pages";

/// Compares a page with what the code says, or writes it.
fn compare(path: &str, expected: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, expected).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    let difference = first_difference(&found, expected);
    assert_eq!(difference, None, "{} is not what the code says; run {UPDATE}", path.display());
}

/// The first line that differs: its number, the line found, the line expected.
fn first_difference(found: &str, expected: &str) -> Option<(usize, String, String)> {
    let (mut found, mut expected) = (found.lines(), expected.lines());
    for number in 1.. {
        match (found.next(), expected.next()) {
            (None, None) => break,
            (a, b) if a == b => {}
            (a, b) => {
                let text = |line: Option<&str>| line.unwrap_or("(end)").to_owned();
                return Some((number, text(a), text(b)));
            }
        }
    }
    None
}

/// A cell of a table: a bar would end it, and `<` or `_` would be taken for markup.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;").replace('_', "\\_").replace('*', "\\*")
}

fn shape(array: &ArraySpec) -> String {
    let lengths: Vec<String> = array.shape.iter().map(ToString::to_string).collect();
    format!("({})", lengths.join(", "))
}

fn kind_section(page: &mut String, kind: &KindSpec) {
    let arrays = |array: &ArraySpec| {
        let dtypes: Vec<&str> = array.dtypes.iter().map(|dtype| dtype.name()).collect();
        let required = if array.is_required() { "yes" } else { "no" };
        let name = match array.presence {
            Presence::Numbered => format!("{}.0, ...", array.name),
            _ => array.name.to_owned(),
        };
        format!(
            "| `{}` | {} | {} | {required} | {} |\n",
            name,
            dtypes.join(" or "),
            cell(&shape(array)),
            cell(array.meaning)
        )
    };
    let entries = |entry: &EntrySpec| {
        let holds = match entry.holds {
            EntryType::Choice(choices) => {
                choices.iter().map(|text| format!("`{text}`")).collect::<Vec<_>>().join(", ")
            }
            EntryType::Number => "a number".to_owned(),
            EntryType::Boolean => "true or false".to_owned(),
            EntryType::Text => "a text".to_owned(),
            EntryType::List => "a list".to_owned(),
        };
        let required = if entry.required { "yes" } else { "no" };
        format!("| `{}` | {holds} | {required} | {} |\n", entry.name, cell(entry.meaning))
    };
    write!(page, "\n## {}\n\nLayout version {}.\n\n", kind.id, kind.layout_version).unwrap();
    page.push_str("| array | dtype | shape | required | what it holds |\n|---|---|---|---|---|\n");
    page.extend(kind.arrays.iter().map(arrays));
    if !kind.entries.is_empty() {
        page.push_str("\n| metadata | values | required | what it says |\n|---|---|---|---|\n");
        page.extend(kind.entries.iter().map(entries));
    }
    let children = |child: &ChildSpec| {
        let many = if child.many { ".0, ..." } else { "" };
        let required = if child.required { "yes" } else { "no" };
        format!("| `{}{many}` | {required} | {} |\n", child.name, cell(child.meaning))
    };
    if !kind.children.is_empty() {
        page.push_str("\n| models inside | required | what they do |\n|---|---|---|\n");
        page.extend(kind.children.iter().map(children));
    }
    write!(page, "\nPrediction: {}.\n", cell(kind.semantics)).unwrap();
}

#[test]
fn the_page_of_kinds_is_what_the_code_says() {
    let mut page = String::from(
        "# Kinds of models

A model is stored as named arrays and metadata. Trainers, formats and predictors agree on the names,
the shapes and the meaning through the specification in `src/base/kinds/`. This page is made from it.

A length that has a name, such as `trees`, is the same wherever the name stands. Arrays that a kind
does not name are allowed. Required arrays, metadata, dtypes and shapes are checked before a model is
made, in time that does not grow with the length of the arrays.
",
    );
    for kind in KINDS {
        kind_section(&mut page, kind);
    }
    compare("docs/kinds.md", &page);
}

fn group_title(group: Group) -> &'static str {
    match group {
        Group::Save => "Save",
        Group::Load => "Load: bytes in memory to parameters of their own",
        Group::View => "View: bytes in memory to parameters that borrow from them",
        Group::File => "File",
        Group::Compression => "Compression",
        Group::Floor => "Floors",
    }
}

#[test]
fn the_page_of_operations_is_what_the_code_says() {
    let mut page = String::from(
        "# Operations

Every timed row is one model, one format and one operation. Operations of one group are compared with
each other. Dropping the result is never part of a figure. This page is made from `src/base/case.rs`;
how the figures come about is in [Measuring](measuring.md).
",
    );
    let mut group = None;
    for operation in Operation::ALL {
        if group != Some(operation.group()) {
            group = Some(operation.group());
            write!(page, "\n## {}\n\n", group_title(operation.group())).unwrap();
            page.push_str("| id | in tables | what is inside the figure |\n|---|---|---|\n");
        }
        let (title, meaning) = (cell(operation.title()), cell(operation.meaning()));
        writeln!(page, "| `{}` | {title} | {meaning} |", operation.id()).unwrap();
    }
    compare("docs/operations.md", &page);
}

#[test]
fn the_page_of_payloads_is_what_the_code_says() {
    let mut page = String::from(
        "# Payloads

Numbers that are no models: what programs send and keep, each there because it shows something of a format
that weights do not. They are plain arrays, so the rungs that need a model have no rows. `deadweight bench
--payload ID` measures on one, `run --profile thorough` on all of them, and `--profile standard` on three.

They are made of a seed, and are the same to the bit on every machine; a record has their checksums. A
developer's own type is measured through the [library](library.md).

This page is made from the registry, `src/payloads/registry.rs`.

| id | what it is | size | why it is there | arrays |
|---|---|---|---|---|
",
    );
    for payload in PAYLOADS {
        let parameters = payload.make(SEED).unwrap();
        let mut arrays: Vec<String> = parameters
            .arrays()
            .take(6)
            .map(|(name, array)| format!("`{name}` {} {:?}", array.dtype().name(), array.shape()))
            .collect();
        if parameters.arrays().len() > arrays.len() {
            arrays.push(format!("... ({} in all)", parameters.arrays().len()));
        }
        let (title, why) = (cell(payload.title), cell(payload.why));
        let size = units::bytes(parameters.byte_len() as u64);
        let arrays = arrays.join(", ");
        writeln!(page, "| `{}` | {title} | {size} | {why} | {arrays} |", payload.id).unwrap();
    }
    compare("docs/payloads.md", &page);
}

/// Stem of the file, and so of the page, that a format's id belongs to: the longest that fits.
fn page_of(descriptor: &Descriptor) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/formats");
    let mut stem = descriptor.id;
    while !folder.join(stem.replace('-', "_")).with_extension("rs").exists() {
        stem = stem.rsplit_once('-').map(|(stem, _)| stem).unwrap_or_else(|| {
            panic!("format {} has no file in src/formats", descriptor.id);
        });
    }
    stem.replace('-', "_")
}

#[test]
fn the_page_of_formats_is_what_the_code_says() {
    let mut page = String::from(
        "# Formats

Each format turns the same parameters into bytes. The encoding says how an array is stored: `native` is
the one way the format has, `bytes` is one block of little-endian bytes with its dtype and shape,
`elements` puts each number through the codec, as a derive on a `Vec<f64>` does. A format with a view
can open a file without copying its arrays. `deadweight formats` prints the same list with the warnings.

This page is made from the registry, `src/formats/registry.rs`.

| id | title | loading can run code | encoding | crate | view | known problems |
|---|---|---|---|---|---|---|
",
    );
    let descriptors = || FORMATS.iter().map(|format: &&dyn Format| format.descriptor());
    for format in descriptors() {
        let code = if format.kind.id() == "data-only" { "no" } else { "yes" };
        let view = if format.view { "yes" } else { "no" };
        let mut problems: Vec<&str> = format.warnings.iter().map(|w| w.kind.id()).collect();
        problems.dedup();
        writeln!(
            page,
            "| [`{}`](formats/{}.md) | {} | {code} | {} | {} | {view} | {} |",
            format.id,
            page_of(format),
            cell(format.title),
            format.encoding.id(),
            format.crate_name.unwrap_or("our own"),
            problems.join(", ")
        )
        .unwrap();
    }
    page.push_str("\n## What a round trip does not keep\n\n");
    for format in descriptors() {
        for loss in format.losses {
            writeln!(page, "- `{}`: {}.", format.id, loss.text()).unwrap();
        }
    }
    page.push_str("\nEvery other format gives back what went in, bit for bit.\n");
    compare("docs/formats.md", &page);
}

#[test]
fn a_difference_is_found_with_its_line() {
    assert_eq!(first_difference("a\nb\n", "a\nb\n"), None);
    assert_eq!(first_difference("a\nb", "a\nc"), Some((2, "b".into(), "c".into())));
    assert_eq!(first_difference("a", "a\nb"), Some((2, "(end)".into(), "b".into())));
    assert_eq!(cell("a|b <= c_d"), "a\\|b &lt;= c\\_d");
}

#[test]
fn the_page_of_estimators_is_what_the_code_says() {
    let mut page = String::from(
        "# Estimators that are read\n\n\
         [Pickle and joblib files](pickle.md) that hold these, fitted by scikit-learn 0.20 to 1.9, are read and\n\
         become [kinds](kinds.md). Other estimators, and options that are not implemented, are refused by name.\n\n\
         | package | estimators |\n|---|---|\n",
    );
    let mut packages: Vec<(&str, Vec<&str>)> = Vec::new();
    for (package, class, _) in FAMILIES.iter().copied().flatten() {
        match packages.iter_mut().find(|(known, _)| known == package) {
            Some((_, classes)) => classes.push(class),
            None => packages.push((package, vec![class])),
        }
    }
    packages.sort_unstable_by_key(|(package, _)| *package);
    for (package, mut classes) in packages {
        classes.sort_unstable();
        let classes: Vec<String> = classes.iter().map(|class| format!("`{class}`")).collect();
        writeln!(page, "| `{package}` | {} |", classes.join(", ")).unwrap();
    }
    compare("docs/estimators.md", &page);
}

/// What an attack is built for, in words.
fn targets(attack: &Attack) -> String {
    let ids =
        |ids: Vec<&str>| ids.iter().map(|id| format!("`{id}`")).collect::<Vec<_>>().join(", ");
    match attack.targets {
        Targets::Python(loaders) => ids(loaders.iter().map(|loader| loader.id()).collect()),
        Targets::PythonWith(loaders, package) => {
            format!("{}, with {package}", ids(loaders.iter().map(|loader| loader.id()).collect()))
        }
        Targets::Formats(formats) => ids(formats.to_vec()),
        Targets::EveryFormat => "every data-only format".to_owned(),
    }
}

/// Code in a page: between bars it must not end a table.
fn code(text: &str) -> String {
    format!("`{}`", text.replace('|', "\\|"))
}

fn sign(sign: &Sign) -> String {
    match sign {
        Sign::Created(path) => format!("{} is made", code(path)),
        Sign::Changed(path) => format!("{} is changed", code(path)),
        Sign::Deleted(path) => format!("{} is gone", code(path)),
        Sign::Received(text) => format!("{} arrives at a listener", code(text)),
        Sign::Happened(kind, "") => format!("{} goes through", code(kind.id())),
        Sign::Happened(kind, text) => {
            format!("{} with {} goes through", code(kind.id()), code(text))
        }
        Sign::Ended(outcome) => format!("the load ends {}", code(outcome.id())),
    }
}

fn evidence(evidence: &Evidence) -> String {
    match evidence.text {
        "" => code(evidence.kind.id()),
        text => format!("{} with {}", code(evidence.kind.id()), code(text)),
    }
}

fn attack_section(page: &mut String, attack: &Attack) {
    let (title, summary) = (cell(attack.title), cell(attack.summary));
    write!(page, "\n### {}\n\n**{title}.** {summary}\n\n", attack.id).unwrap();
    writeln!(page, "- Severity: {}", attack.severity.id()).unwrap();
    writeln!(page, "- Built for: {}", targets(attack)).unwrap();
    for technique in attack.techniques {
        let matrix = match technique.matrix {
            Matrix::Attack => "MITRE ATT&CK",
            Matrix::Atlas => "MITRE ATLAS",
        };
        writeln!(page, "- Technique: {matrix} {}, {}", technique.id, technique.name).unwrap();
    }
    if !attack.cwe.is_empty() {
        let numbers: Vec<String> = attack.cwe.iter().map(|cwe| format!("CWE-{cwe}")).collect();
        writeln!(page, "- Weakness: {}", numbers.join(", ")).unwrap();
    }
    for reference in attack.references {
        writeln!(page, "- Reference: [{}]({})", cell(reference.title), reference.url).unwrap();
    }
    match attack.expected {
        Expected::Effect { aquarium, policy } => {
            let signs: Vec<String> = aquarium.iter().map(sign).collect();
            writeln!(page, "- Let loose: {}", signs.join("; ")).unwrap();
            let evidence: Vec<String> = policy.iter().map(evidence).collect();
            writeln!(page, "- Recorded under the policy: {}", evidence.join("; ")).unwrap();
        }
        Expected::Refused => {
            page.push_str("- Expected: refused with an error, and nothing attempted\n");
        }
        Expected::Inert => {
            page.push_str("- Expected: stays data, or is refused; nothing attempted\n");
        }
    }
}

#[test]
fn the_page_of_attacks_is_what_the_code_says() {
    let mut page = String::from(
        "# Attacks

`deadweight demo` builds these files and really loads them, in [the sandbox](sandbox.md). Each attack says
what must be seen: in the aquarium, where it is let loose among planted things, and under the policy, where
every attempt is stopped and recorded. A file for a data-only format has nothing to let loose: its loader must
attempt nothing. Names of events, such as `exec`, are explained in [the sandbox](sandbox.md#events). Paths are
those of the planted things.

The payloads touch only the planted things, speak only to the machine they run on, and are bounded.

This page is made from the registry, `src/attacks/registry.rs`.

| id | title | severity | built for | quick |
|---|---|---|---|---|
",
    );
    for attack in ATTACKS {
        let (id, title, severity) = (attack.id, cell(attack.title), attack.severity.id());
        let quick = if attack.quick { "yes" } else { "" };
        writeln!(
            page,
            "| [`{id}`](#{id}) | {title} | {severity} | {} | {quick} |",
            targets(attack)
        )
        .unwrap();
    }
    page.push_str("\nA quick run shows those that are marked.\n");
    for (title, executable) in [("Files that run code", true), ("Files that are only data", false)]
    {
        write!(page, "\n## {title}\n").unwrap();
        for attack in ATTACKS.iter().filter(|attack| attack.is_executable() == executable) {
            attack_section(&mut page, attack);
        }
    }
    compare("docs/attacks.md", &page);
}
