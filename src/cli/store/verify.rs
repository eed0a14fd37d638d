//! `store verify`: reads everything, and names what is wrong.

use anyhow::anyhow;
use serde_json::json;

use super::progress::Bar;
use super::{Place, advised, print};
use crate::base::text::printable;
use crate::base::units;
use crate::cli::failure::Advise;
use crate::store::verify::Verified;

/// Prints what is wrong, and fails when anything is.
pub fn run(place: &Place) -> anyhow::Result<()> {
    let store = place.open()?;
    let bar = Bar::new();
    let verified = advised(store.verify(&|done, size| bar.update(done, size)));
    drop(bar);
    let verified = verified?;
    let problems = verified.problems.iter();
    let problems =
        problems.map(|problem| json!({"place": problem.place, "message": problem.message}));
    let document = json!({
        "schema": "deadweight.store.verify/1",
        "models": verified.models,
        "versions": verified.versions,
        "moves": verified.moves,
        "blobs": verified.blobs,
        "bytes": verified.bytes,
        "unreferenced": verified.unreferenced,
        "leftovers": verified.leftovers,
        "problems": problems.collect::<Vec<_>>(),
    });
    print(place, document, || lines(&verified))?;
    match verified.problems.len() {
        0 => Ok(()),
        wrong => Err(anyhow!(
            "{}: {wrong} thing{} wrong, everything else can be used",
            store.url(),
            if wrong == 1 { " is" } else { "s are" },
        ))
        .advise(
            "restore what is named from a copy; a blob is also restored by putting the model again",
        ),
    }
}

fn lines(verified: &Verified) -> String {
    let wrong = verified.problems.iter();
    let wrong = wrong.map(|problem| printable(&format!("{}: {}", problem.place, problem.message)));
    let mut lines: Vec<String> = wrong.collect();
    lines.push(format!(
        "{} models, {} versions, {} moves of aliases, {} blobs of {}: {}",
        verified.models,
        verified.versions,
        verified.moves,
        verified.blobs,
        units::bytes(verified.bytes),
        match verified.problems.len() {
            0 => "nothing is wrong".to_owned(),
            wrong => format!("{wrong} wrong"),
        }
    ));
    if verified.unreferenced + verified.leftovers > 0 {
        let (blobs, pieces) = (verified.unreferenced, verified.leftovers);
        lines.push(format!("{blobs} blobs without a version, {pieces} pieces of unfinished writes: `deadweight store gc` deletes them once they are old"));
    }
    lines.join("\n")
}
