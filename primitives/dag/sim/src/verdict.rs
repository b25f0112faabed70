//! What a run comes to.

use std::fmt;

/// How a run ended; all but the first carry what was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// All that must hold holds.
    Ok,
    /// What honest devices handed to honest gateways was not anchored in bounded time after the
    /// network healed, or an honest member did not catch up.
    Stuck(String),
    /// Honest members disagree with each other, with the chain, or with what they said before; or
    /// accuse one that kept the rules.
    Diverged(String),
    /// A confirmed unit is in no anchor.
    Lost(String),
}

impl Verdict {
    /// Whether it is [`Verdict::Ok`].
    pub fn is_ok(&self) -> bool {
        matches!(self, Self::Ok)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ok => write!(f, "ok"),
            Self::Stuck(text) => write!(f, "no progress: {text}"),
            Self::Diverged(text) => write!(f, "diverged: {text}"),
            Self::Lost(text) => write!(f, "lost: {text}"),
        }
    }
}
