//! A line for each step of a run, for people or for programs.

use crate::{
    fault::told,
    output::{complain, Output},
};
use loadstone_core::EventId;
use serde_json::{json, Value};
use std::time::{Duration, Instant};

/// Time after which the same trouble is told again.
const AGAIN: Duration = Duration::from_secs(60);

/// Says what a run does.
pub struct Steps {
    output: Output,
    told: Option<(String, Instant)>,
}

impl Steps {
    /// Lines in this form.
    pub fn new(output: Output) -> Self {
        Self { output, told: None }
    }

    /// Says a step. Where the line can't be written the run goes on all the same: a bid must be revealed, whoever listens.
    pub fn say(&self, step: &str, text: &str, fields: Value) {
        let mut line = json!({ "step": step, "text": text });
        if let (Value::Object(line), Value::Object(fields)) = (&mut line, fields) {
            line.extend(fields);
        }
        let _ = self.output.print(&line, || text.to_owned());
    }

    /// Says a step in an event.
    pub fn event(&self, step: &str, event: EventId, text: &str, fields: Value) {
        let mut fields = fields;
        fields["event"] = json!(event);
        self.say(step, &format!("event {event}: {text}"), fields);
    }

    /// Warns of something that needs a person.
    pub fn warn(&self, text: &str) {
        match self.output.json {
            true => self.say("warning", text, json!({})),
            false => complain(&format!("warning: {text}")),
        }
    }

    /// Warns of an error after which the run tries again; of the same one not more often than once a minute.
    pub fn trouble(&mut self, what: &str, error: &anyhow::Error) {
        let text = format!("{what}: {}; trying again", told(error));
        let is_new = self.told.as_ref().is_none_or(|(last, at)| *last != text || at.elapsed() >= AGAIN);
        if is_new {
            self.warn(&text);
            self.told = Some((text, Instant::now()));
        }
    }
}
