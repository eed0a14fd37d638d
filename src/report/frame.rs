//! What every page has: its head, its style, and a policy that lets nothing else run or be fetched.
//!
//! The content security policy names the hashes of the style and the scripts and allows nothing else, so
//! that a name from a record that slipped through the escaping still could not run or fetch anything. No
//! element has a style attribute or an event handler of its own: the policy would refuse both.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maud::{Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

const STYLE: &str = include_str!("page.css");

/// A source of the policy: the hash of an inline style or script.
fn hash(text: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)))
}

/// What the page may do: run and show what is written in it, and nothing else.
fn policy(scripts: &[&str]) -> String {
    let scripts = match scripts {
        [] => "'none'".to_owned(),
        scripts => scripts.iter().map(|text| hash(text)).collect::<Vec<_>>().join(" "),
    };
    let style = hash(STYLE);
    format!(
        "default-src 'none'; style-src {style}; script-src {scripts}; img-src data:; base-uri 'none'; form-action 'none'"
    )
}

/// The head of a page. The first of its scripts runs before anything is drawn.
pub fn head(title: &str, version: &str, scripts: &[&str]) -> Markup {
    html! {
        head {
            meta charset="utf-8";
            // By this a later run knows that the file is its own and may be replaced.
            meta name="generator" content={ "deadweight " (version) };
            meta http-equiv="Content-Security-Policy" content=(policy(scripts));
            meta name="viewport" content="width=device-width, initial-scale=1";
            meta name="color-scheme" content="light dark";
            meta name="referrer" content="no-referrer";
            // An empty icon of its own keeps browsers from asking a server for one.
            link rel="icon" href="data:,";
            title { (title) }
            style { (PreEscaped(STYLE)) }
            @if let Some(first) = scripts.first() { script { (PreEscaped(first)) } }
        }
    }
}
