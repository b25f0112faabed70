//! smoldot's log lines, under its own targets.

use smoldot_light::platform::LogLevel;
use std::fmt::{Display, Write};

/// Logs `message; key=value, key=value`. Nothing is formatted for a level that nobody sees: smoldot tells of
/// every message of every connection.
pub(super) fn log<'a>(
    level: LogLevel,
    target: &str,
    message: &str,
    values: impl Iterator<Item = (&'a str, &'a dyn Display)>,
) {
    let level = match level {
        LogLevel::Error => log::Level::Error,
        LogLevel::Warn => log::Level::Warn,
        LogLevel::Info => log::Level::Info,
        LogLevel::Debug => log::Level::Debug,
        LogLevel::Trace => log::Level::Trace,
    };
    if log::log_enabled!(target: target, level) {
        log::log!(target: target, level, "{}", line(message, values));
    }
}

fn line<'a>(message: &str, values: impl Iterator<Item = (&'a str, &'a dyn Display)>) -> String {
    let mut line = message.to_owned();
    let mut separator = "; ";
    for (key, value) in values {
        // Writing to a string fails only where a value's own `Display` does.
        let _ = write!(line, "{separator}{key}={value}");
        separator = ", ";
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_follow_the_message() {
        // GIVEN a message with two values THEN they stand behind it, and alone it stands as it is
        let values: [(&str, &dyn Display); 2] = [("peer", &"12D3"), ("height", &7)];
        assert_eq!(line("block-announce", values.into_iter()), "block-announce; peer=12D3, height=7");
        assert_eq!(line("started", std::iter::empty()), "started");
    }
}
