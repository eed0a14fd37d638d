//! A bar for bytes that go to or come from a store; only on a terminal.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressStyle};

/// Transfers below this are over before a bar is seen.
const VISIBLE: u64 = 4 << 20;

/// A bar that is taken away when it is dropped.
pub struct Bar(Option<ProgressBar>);

impl Bar {
    /// A bar that appears with the first bytes, if there are many.
    pub fn new() -> Self {
        Bar(std::io::stderr().is_terminal().then(|| {
            let template = " {bar:20} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left";
            let style = ProgressStyle::with_template(template);
            let bar = ProgressBar::hidden();
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar
        }))
    }

    /// Is told how many bytes of how many are done.
    pub fn update(&self, done: u64, size: u64) {
        let Some(bar) = &self.0 else { return };
        if size >= VISIBLE {
            if bar.is_hidden() {
                bar.set_draw_target(indicatif::ProgressDrawTarget::stderr());
            }
            bar.set_length(size);
            bar.set_position(done);
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}
