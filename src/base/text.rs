//! Text that came from a stranger.

/// Text of a stranger for people: what would steer a terminal or turn a line is shown, not obeyed.
pub fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match steers(c) {
            true => shown.extend(c.escape_default()),
            false => shown.push(c),
        }
    }
    shown
}

/// True for control characters, those of 8 bits among them, and for what turns the direction of a
/// line, ends it, or cannot be seen: the lines that people read would not be those that are there.
fn steers(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{061c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_is_shown() {
        assert_eq!(
            printable("a\x1b[31m\u{9b}31m\u{202e}b\u{2028}é\n"),
            "a\\u{1b}[31m\\u{9b}31m\\u{202e}b\\u{2028}é\\n"
        );
    }
}
