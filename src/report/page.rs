//! The page.

use maud::{DOCTYPE, html as markup};

use super::verdict;
use crate::base::record::BenchRecord;

/// One self-contained page.
pub fn html(record: &BenchRecord) -> String {
    let verdicts = verdict::verdicts(record);
    markup! {
        (DOCTYPE)
        html lang="en" {
            head { meta charset="utf-8"; title { "deadweight" } }
            body { ul { @for sentence in verdicts.sentences() { li { (sentence) } } } }
        }
    }
    .into_string()
}
