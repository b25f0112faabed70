//! What happened last, in words, for whoever replays a seed.

use std::collections::VecDeque;

/// Lines kept: the last ones are what a failure follows from.
const KEPT: usize = 400;

/// The last events, if they are asked for.
#[derive(Default)]
pub struct Trace {
    lines: Option<VecDeque<String>>,
}

impl Trace {
    /// A trace that keeps lines, or none.
    pub fn new(wanted: bool) -> Self {
        Self { lines: wanted.then(VecDeque::new) }
    }

    /// Adds a line; `text` is only called when somebody wants it.
    pub fn add(&mut self, now: u64, text: impl FnOnce() -> String) {
        let Some(lines) = &mut self.lines else { return };
        if lines.len() == KEPT {
            lines.pop_front();
        }
        lines.push_back(format!("{now:>7} ms  {}", text()));
    }

    /// The lines, oldest first.
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().flatten().map(String::as_str)
    }
}
