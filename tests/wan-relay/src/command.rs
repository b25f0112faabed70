//! What can be said to the running relay, one line each.

use std::str::FromStr;

/// Greatest delay, jitter and slowness, in microseconds: a minute.
const GREATEST_US: u32 = 60_000_000;
/// Everything lost.
const BASIS_POINTS: u16 = 10_000;

/// Which paths a command is about; sites by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Every path.
    All,
    /// Whatever leaves or reaches this site.
    Site(String),
    /// Both directions between these.
    Pair(String, String),
}

/// One line of standard input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Nothing passes from now on, and what is under way there is lost.
    Cut(Scope),
    /// Undoes the cut of the same scope; of `All`, every one.
    Heal(Scope),
    /// Microseconds one way.
    Delay(Scope, u32),
    /// Microseconds of greatest additional delay.
    Jitter(Scope, u32),
    /// Lost packets in ten thousand.
    Loss(Scope, u16),
    /// Whether packets may overtake each other.
    Reorder(Scope, bool),
    /// Additional microseconds for whatever leaves or reaches a site.
    Slow(String, u32),
    /// What has passed so far.
    Stats,
}

/// Why a line is no command.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoCommand {
    /// No such word, or too few or too many after it.
    #[error("`{0}` is no command; --help lists them")]
    Unknown(String),
    /// The last word is no value in range.
    #[error("`{0}` is no {1}")]
    Value(String, &'static str),
}

impl FromStr for Command {
    type Err = NoCommand;

    fn from_str(line: &str) -> Result<Self, NoCommand> {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["stats"] => Ok(Self::Stats),
            ["cut", at @ ..] if !at.is_empty() => Ok(Self::Cut(scope(at)?)),
            ["heal", at @ ..] => Ok(Self::Heal(scope(at)?)),
            ["slow", site, time] => Ok(Self::Slow(site.to_string(), micros(time)?)),
            ["delay", at @ .., time] => Ok(Self::Delay(scope(at)?, micros(time)?)),
            ["jitter", at @ .., time] => Ok(Self::Jitter(scope(at)?, micros(time)?)),
            ["loss", at @ .., share] => Ok(Self::Loss(scope(at)?, basis_points(share)?)),
            ["reorder", at @ .., choice] => Ok(Self::Reorder(scope(at)?, yes_or_no(choice)?)),
            _ => Err(NoCommand::Unknown(line.into())),
        }
    }
}

fn scope(words: &[&str]) -> Result<Scope, NoCommand> {
    match words {
        [] => Ok(Scope::All),
        [site] => Ok(Scope::Site(site.to_string())),
        [one, other] => Ok(Scope::Pair(one.to_string(), other.to_string())),
        _ => Err(NoCommand::Unknown(words.join(" "))),
    }
}

/// Milliseconds with up to three decimals, as microseconds.
fn micros(word: &str) -> Result<u32, NoCommand> {
    let (whole, part) = word.split_once('.').unwrap_or((word, "0"));
    let digits = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
    let parsed = (digits(whole) && digits(part) && part.len() <= 3).then(|| {
        let whole = whole.parse::<u32>().ok()?.checked_mul(1_000)?;
        whole.checked_add(format!("{part:0<3}").parse().ok()?)
    });
    let refused = || NoCommand::Value(word.into(), "time in milliseconds from 0 to 60000");
    parsed.flatten().filter(|micros| *micros <= GREATEST_US).ok_or_else(refused)
}

fn basis_points(word: &str) -> Result<u16, NoCommand> {
    let refused = || NoCommand::Value(word.into(), "share in basis points from 0 to 10000");
    word.parse().ok().filter(|share| *share <= BASIS_POINTS).ok_or_else(refused)
}

fn yes_or_no(word: &str) -> Result<bool, NoCommand> {
    match word {
        "yes" => Ok(true),
        "no" => Ok(false),
        _ => Err(NoCommand::Value(word.into(), "yes or no")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair() -> Scope {
        Scope::Pair("a".into(), "b".into())
    }

    #[test]
    fn commands_are_read_with_their_scope_and_units() {
        // GIVEN lines WHEN they are read THEN each is the command that it says
        let site = Scope::Site("a".into());
        for (line, command) in [
            ("cut a", Command::Cut(site.clone())),
            ("cut a b", Command::Cut(pair())),
            ("heal", Command::Heal(Scope::All)),
            (" heal  a b ", Command::Heal(pair())),
            ("delay 7.5", Command::Delay(Scope::All, 7_500)),
            ("delay a b 60000", Command::Delay(pair(), 60_000_000)),
            ("jitter a 0.125", Command::Jitter(site, 125)),
            ("loss 200", Command::Loss(Scope::All, 200)),
            ("reorder a b yes", Command::Reorder(pair(), true)),
            ("slow a 500", Command::Slow("a".into(), 500_000)),
            ("stats", Command::Stats),
        ] {
            assert_eq!(line.parse(), Ok(command), "{line}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        // GIVEN lines that are no commands, or whose value is out of range WHEN they are read THEN they are refused
        for line in [
            "",
            "cut",
            "cut a b c",
            "delay",
            "delay a b c 1",
            "delay -1",
            "delay 60000.001",
            "delay 1.2345",
            "delay .5",
            "delay 1.",
            "delay 4294967296",
            "loss 10001",
            "loss 1.5",
            "reorder a b",
            "slow a",
            "slow 5",
            "stats a",
            "stop",
        ] {
            assert!(line.parse::<Command>().is_err(), "{line}");
        }
    }
}
