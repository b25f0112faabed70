//! The strategies by name: what goes wrong in a run besides the network.

use clap::ValueEnum;

/// Who lies, and how. The text of each is shown by `dag-sim --help`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Kind {
    /// Nobody lies: delay, loss, disorder, partition and crashes alone.
    Honest,
    /// Members lose what they wrote: restored from old copies, or with nothing left.
    Amnesia,
    /// Members that never say anything.
    Silent,
    /// Members that send witnesses without the bodies of their units, and answer no request.
    Withhold,
    /// Members with two chains of witnesses, one for each half of the others.
    Equivocate,
    /// Members that stay many levels behind and name as few and as old witnesses as they may.
    Lazy,
    /// Members that grow a private branch with rival units, and release it late.
    Parasite,
    /// Members that feed rival units to two halves and time their votes to keep the balance.
    Split,
    /// Members that flood the others with useless witnesses, garbage, oversized frames and requests.
    Flood,
    /// Members that send again what was said long ago, on other chains, or in other epochs.
    Replay,
    /// Members that propose, sign and submit wrong anchors.
    FalseAnchors,
    /// Members that propose anchors on the oldest and smallest frontiers that they can.
    StaleAnchors,
    /// Members that live twice, once in each half of a divided committee.
    Collude,
    /// Members that lie about their final witnesses while epochs close.
    Finals,
    /// Devices that sign two units for one place and hand them to different gateways.
    Fork,
    /// Devices that nobody registered, also through gateways of Byzantine members.
    Sybil,
    /// Devices whose first gateways are all Byzantine and drop what they accept.
    Eclipse,
    /// Devices that send far more than their quota.
    Spam,
}

/// What the Byzantine part of the committee needs to be too large by, in a canary run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stake {
    /// The rest lacks a quorum.
    Block,
    /// With either half of the rest it makes a quorum.
    Divide,
}

impl Kind {
    /// All, in the order in which seeds are dealt over them.
    pub fn all() -> &'static [Self] {
        Self::value_variants()
    }

    /// Those that a canary run is dealt over.
    pub const CANARIES: [(Self, Stake); 3] =
        [(Self::Collude, Stake::Divide), (Self::Silent, Stake::Block), (Self::Withhold, Stake::Block)];

    /// As typed.
    pub fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_string()).unwrap_or_default()
    }

    /// Whether some members are Byzantine.
    pub fn has_villains(self) -> bool {
        !matches!(self, Self::Honest | Self::Amnesia | Self::Fork | Self::Spam)
    }

    /// Whether some devices fork: what attacks on agreement feed on.
    pub fn has_forks(self) -> bool {
        matches!(
            self,
            Self::Fork
                | Self::Equivocate
                | Self::Parasite
                | Self::Split
                | Self::Collude
                | Self::Finals
                | Self::Withhold
        )
    }
}
