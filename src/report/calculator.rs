//! What a deployment costs in a day: fetch, decompress, load, first prediction. The page's script computes
//! it from the record's own rows; here are the controls and the table that it fills.

use std::collections::BTreeSet;

use maud::{Markup, html};

use super::lookup::Lookup;
use super::space::in_order;
use super::widgets::scroll;

/// The controls and an empty table. Without a script there is a sentence instead.
pub fn section(lookup: &Lookup<'_>) -> Markup {
    html! {
        section #calculator {
            h2 { "Which format for this deployment" }
            h3 #cost-model {}
            p.hint {
                "What all loads of a day take: fetch and decompress the file, load it, predict once. For every "
                "format the codec with the least total is taken, of those whose size and time to decompress were "
                "measured. Only what you set here is assumed; everything else is from this run."
            }
            p.nojs { "The calculator needs JavaScript. Its inputs are the tables of sizes and timings." }
            (controls(lookup))
            p.lead #cost-answer aria-live="polite" hidden {}
            (scroll("Cost of a deployment", html! {
                table.t.calc #cost {
                    thead { tr {
                        th scope="col" { "format" }
                        th scope="col" { "total a day" }
                        th scope="col" { "× best" }
                        th scope="col" .l { "bottleneck" }
                        th scope="col" .l { "codec" }
                        th scope="col" { span.sw.s0 {} "fetch" }
                        th scope="col" { span.sw.s1 {} "decompress" }
                        th scope="col" { span.sw.s2 {} "load" }
                        th scope="col" { span.sw.s3 {} "to prediction" }
                        th scope="col" .l { "parts of the total" }
                    } }
                    tbody {}
                }
            }))
            p.none #cost-missing {}
        }
    }
}

fn controls(lookup: &Lookup<'_>) -> Markup {
    let sizes = lookup.record.sizes.iter();
    let codecs: BTreeSet<&str> =
        sizes.flat_map(|size| size.compressed_bytes.keys().map(String::as_str)).collect();
    html! {
        div.tools.calc {
            label {
                span { "Bandwidth " output #bandwidth-shown {} }
                input #bandwidth type="range" min="0" max="100" step="1" value="60";
            }
            label {
                span { "Loads a day " output #loads-shown {} }
                input #loads type="range" min="0" max="90" step="1" value="30";
            }
            label.short { span { "The file is fetched" } select #fetches {
                option value="once" { "once a day, and kept" }
                option value="each" { "for every load" }
            } }
            label.short { span { "Compression" } select #codec {
                option value="best" { "the best for each format" }
                option value="none" { "none" }
                @for codec in in_order(codecs) { option value=(codec) { (codec) } }
            } }
            label.short { span { "Way of loading" } select #way {
                option value="best" { "the faster of both" }
                option value="decode" { "memory of its own" }
                option value="view" { "view, where there is one" }
            } }
            label.check { input #readable type="checkbox"; "must be readable from Python" }
            label.check { input #untrusted type="checkbox"; "files come from untrusted sources" }
        }
    }
}
