//! Panels of models that do not stand in the page as markup, but compressed.
//!
//! A standard run has thousands of rows, and everything about them written out is several megabytes of
//! markup that says much the same again and again. Where that would be too much, the page holds as markup
//! the model that its verdict is about, and the medians of the others for readers without a script; the
//! panels of the others are made here, too, by the same code, and stand in the page as base64 of gzip. The
//! page's script puts them in their places when they are asked for.
//!
//! How much is shown is decided by what the page weighs in the end, from [`Detail::Whole`] downwards.

use maud::{Markup, PreEscaped, html};

use super::lookup::Lookup;
use super::verdict::Verdicts;
use super::{embed, ladder, pareto, space, summary, tables};

/// A page that weighs no more is written as plain markup.
const WHOLE_BYTES: usize = 700_000;

/// A page that weighs more is made again with less detail.
const MOST_BYTES: usize = 4_500_000;

/// Bytes of markup that a timed row takes at least: whole pages of great records are not even tried.
const ROW_BYTES: usize = 250;

/// How much of a record the page shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detail {
    /// Everything, as markup.
    Whole,
    /// Everything; models other than the headline's, and its other operations, are folded.
    Folded,
    /// As folded, without strips of samples.
    WithoutStrips,
    /// As folded, with the medians of each operation side by side and no table for each.
    SideBySide,
}

impl Detail {
    /// From everything to the least.
    pub const ALL: [Detail; 4] =
        [Detail::Whole, Detail::Folded, Detail::WithoutStrips, Detail::SideBySide];

    /// True where panels are compressed.
    pub fn is_folded(self) -> bool {
        self > Detail::Whole
    }

    /// True where tables have strips.
    pub fn has_strips(self) -> bool {
        self <= Detail::Folded
    }

    /// True where each operation has a table.
    pub fn has_tables(self) -> bool {
        self <= Detail::WithoutStrips
    }

    /// True where it is no use trying: the rows alone weigh more.
    pub fn is_hopeless(self, rows: usize) -> bool {
        self == Detail::Whole && rows.saturating_mul(ROW_BYTES) > WHOLE_BYTES
    }

    /// True where a page of so many bytes is good enough.
    pub fn suits(self, bytes: usize) -> bool {
        match self {
            Detail::Whole => bytes <= WHOLE_BYTES,
            Detail::SideBySide => true,
            _ => bytes <= MOST_BYTES,
        }
    }
}

/// The place of the panels of a section, which the script adds to.
pub fn place(section: &str, lookup: &Lookup<'_>, panel: impl Fn(usize) -> Markup) -> Markup {
    html! {
        div data-s=(section) { @for index in lookup.plain() { (panel(index)) } }
    }
}

/// What is folded, a script element a model.
pub fn folds(lookup: &Lookup<'_>, verdicts: &Verdicts) -> Markup {
    html! {
        @if lookup.detail.is_folded() {
            @for index in 0..lookup.models.len() {
                script type="application/gzip" data-fold=(index) {
                    (PreEscaped(embed::packed(&panels(lookup, verdicts, index).into_string())))
                }
            }
        }
    }
}

/// All panels of a model; of the headline's only the one that the page does not have in full.
fn panels(lookup: &Lookup<'_>, verdicts: &Verdicts, index: usize) -> Markup {
    let timings = tables::panel(lookup, index, None);
    html! {
        @if index != lookup.headline {
            div data-s="verdict" { (summary::panel(lookup, verdicts, index)) }
            div data-s="pareto" { (pareto::panel(lookup, index)) }
            div data-s="ladder" { (ladder::panel(lookup, index)) }
            div data-s="sizes" { (space::sizes_panel(lookup, index)) }
            div data-s="memory" { (space::memory_panel(lookup, index)) }
        }
        div data-s="timings" { (timings) }
    }
}
