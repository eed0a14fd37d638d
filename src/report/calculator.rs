//! What a deployment costs: fetch, decompress, load, first prediction. The page's script computes
//! it from the record's own rows; here are the controls and the table that it fills.

use maud::{Markup, html};

use super::widgets::scroll;

/// The controls and an empty table. Without a script there is a sentence instead.
pub fn section() -> Markup {
    html! {
        section #calculator {
            h2 { "From the network to the first prediction" }
            h3 #cost-model {}
            p.hint {
                "The file is fetched and decompressed once, then loaded as often as you say; each load "
                "ends with its first prediction. For every format the codec with the least total is "
                "taken, of those whose size and time to decompress were measured. Only the bandwidth "
                "is assumed; everything else is from this run."
            }
            p.nojs { "The calculator needs JavaScript. Its inputs are the tables of sizes and timings." }
            div.tools.calc {
                label {
                    span { "Bandwidth " output #bandwidth-shown {} }
                    input #bandwidth type="range" min="0" max="100" step="1" value="60";
                }
                label {
                    span { "Loads of one fetched file " output #loads-shown {} }
                    input #loads type="range" min="0" max="60" step="1" value="0";
                }
                label {
                    span { "Way of loading" }
                    select #way {
                        option value="best" { "the faster of both" }
                        option value="decode" { "memory of its own" }
                        option value="view" { "view, where there is one" }
                    }
                }
            }
            (scroll("Cost of a deployment", html! {
                table.t.calc #cost {
                    thead { tr {
                        th scope="col" { "format" }
                        th scope="col" { "total" }
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
