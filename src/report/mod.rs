//! Records in, page out.
//!
//! ```text
//! BenchRecord -> lookup   the record turned round: by model, operation, format
//!             -> verdict  which format for which goal, and choice: what to use
//!             -> csv      tables for spreadsheets
//!             -> files    what lies in a report's directory
//!             -> html     one page that opens offline and asks the network for nothing
//! DemoRecord  ->          the page's section on hostile files
//! HostilityRecord ->      the page's section on changed files
//! two BenchRecords -> comparison  a page on what changed
//! ```
//!
//! The page is made of the record alone, so it can be made again without measuring. Names in a
//! record come from strangers: whatever comes from there is escaped, and the page's policy lets
//! only our own style and script run. A figure that was not measured is absent with its reason;
//! it is never zero.

mod calculator;
pub mod choice;
pub mod comparison;
mod compatibility;
mod criterion;
pub mod csv;
mod decision;
mod embed;
mod environment;
mod evolution;
pub mod files;
mod fold;
mod formats;
mod frame;
mod hostile;
mod hostile_story;
mod hostility;
mod instructions;
mod ladder;
pub mod lookup;
mod names;
mod page;
mod pareto;
mod plot;
mod python;
mod space;
mod strip;
mod summary;
mod tables;
pub mod verdict;
mod widgets;

pub use page::{html, html_with};
