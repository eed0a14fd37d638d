//! Files of another version of a program: what each codec's reader makes of a type that changed.

use maud::{Markup, html};

use super::hostile_story::shown;
use super::widgets::scroll;
use crate::base::hostility::{Change, EvolutionRecord, Reading};

/// The matrix: a row for each way to use a codec, a column for each change.
pub fn matrix(rows: &[EvolutionRecord]) -> Markup {
    let mut codecs: Vec<&EvolutionRecord> = Vec::new();
    for row in rows {
        if !codecs.iter().any(|known| known.codec == row.codec) {
            codecs.push(row);
        }
    }
    html! {
        h3 #evolution { "Files of other versions" }
        p.hint {
            "A type changes between two versions of a program. Above, what the old reader makes of a new file; below, "
            "what the new reader makes of an old one. The second row of a codec follows its recommended way. A default "
            "is the value of a field that was not in the file."
        }
        (scroll("Files of other versions", html! {
            table.cm {
                thead { tr {
                    th scope="col" .l { "codec" }
                    @for change in Change::ALL { th scope="col" .l { (change.title()) } }
                } }
                tbody {
                    @for codec in &codecs {
                        tr {
                            th scope="row" .l {
                                (shown(&codec.codec))
                                br; small { (shown(codec.implementation.as_deref().unwrap_or_default())) }
                                br; small { (shown(&codec.way)) }
                            }
                            @for change in Change::ALL {
                                td.l {
                                    @if let Some(row) =
                                        rows.iter().find(|row| row.codec == codec.codec && row.change == change)
                                    {
                                        (reading("old", &row.old_reads_new)) br;
                                        (reading("new", &row.new_reads_old))
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }))
        (examples(rows))
    }
}

fn reading(who: &str, reading: &Reading) -> Markup {
    let (sign, word, class) = match reading {
        Reading::Right => ("✓", "right", ""),
        Reading::Default => ("✓", "default", ""),
        Reading::Error { .. } => ("–", "error", ""),
        Reading::SilentWrong { .. } => ("≠", "silent wrong", "no"),
        Reading::Panic { .. } => ("✗", "panic", "bad"),
        Reading::Death { .. } => ("✗", "process dies", "bad"),
    };
    html! { span class=(class) { (who) ": " (sign) " " (word) } }
}

/// What was read wrong.
fn examples(rows: &[EvolutionRecord]) -> Markup {
    let mut lines = Vec::new();
    for row in rows {
        for (who, reading) in
            [("old reads new", &row.old_reads_new), ("new reads old", &row.new_reads_old)]
        {
            let said = match reading {
                Reading::SilentWrong { example } => example,
                Reading::Panic { message } | Reading::Death { message } => message,
                _ => continue,
            };
            lines.push(format!("{}, {}, {who}: {said}", row.codec, row.change.title()));
        }
    }
    html! {
        @if !lines.is_empty() {
            details {
                summary { (lines.len()) " pairs that are read wrong without an error, or end the reader" }
                ul { @for line in &lines { li { (shown(line)) } } }
            }
        }
    }
}
