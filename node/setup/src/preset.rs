//! How fast a chain goes: settings that fit together, by the network that its validators share.
//!
//! A slot must hold what happens in it: gathering transactions, filling a block, and the block's way to the next
//! author, which is announcement, request and answer, so one and a half round trips. The genesis settles the
//! slot's length; the rest is each node's own and may be changed at any time.

use clap::ValueEnum;
use loadstone_author::Timing;
use serde::Deserialize;
use std::time::Duration;

/// Greatest time between two blocks while an order is in force or an event runs; load nodes allow three.
const HEARTBEAT: Duration = Duration::from_secs(2);

/// Greatest time between two blocks of a chain where nothing is under way.
const REST: Duration = Duration::from_secs(20);

/// Greatest time for filling a block: its weight is sized to that.
const BUILD: Duration = Duration::from_millis(60);

/// Bytes of a block that is made for an order: a hundred transactions and the order.
const ORDER_BLOCK_BYTES: usize = 24 * 1_024;

/// How long a voter waits for a block before it votes for the last final one again. Longer than blocks are apart.
const VOTER_PATIENCE: Duration = Duration::from_secs(60);

/// Finality that lags behind for so long stands still, at least.
const LEAST_STANDSTILL: Duration = Duration::from_secs(2);

/// Settings for a kind of network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Preset {
    /// One site or city: round trips of a few milliseconds. Slots of 200 ms.
    Lan,
    /// A province: round trips up to 30 ms. Slots of 300 ms.
    Province,
    /// Several provinces: round trips up to 100 ms. Slots of 600 ms.
    Wan,
    /// Substrate's own settings, to compare with: slots of 500 ms, a block in each, votes two blocks behind the
    /// best one after 333 ms of gossip. Nothing for daily use.
    Stock,
}

/// The settings of a preset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Expected time for a vote to cross the network: GRANDPA waits twice as long before it prevotes and four
    /// times before it precommits, unless it has waited for a block for longer already.
    pub gossip: Duration,
    /// When blocks are made; `None` for one at the beginning of every slot.
    pub timing: Option<Timing>,
    /// How long a voter with nothing to vote for waits.
    pub voter_patience: Duration,
    /// When finality stands still.
    pub standstill: Duration,
}

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

impl Preset {
    const ALL: [Self; 4] = [Self::Lan, Self::Province, Self::Wan, Self::Stock];

    /// Length of a slot in milliseconds that a new chain gets, and the least that the preset works with.
    pub const fn slot_ms(self) -> u64 {
        match self {
            Self::Lan => 200,
            Self::Province => 300,
            Self::Wan => 600,
            Self::Stock => 500,
        }
    }

    /// Greatest round trip in milliseconds that it is meant for.
    pub const fn round_trip_ms(self) -> u64 {
        match self {
            Self::Lan => 5,
            Self::Province => 30,
            Self::Wan | Self::Stock => 100,
        }
    }

    /// What a chain with slots of this length was most likely made for.
    pub fn for_slots_of(slot_ms: u64) -> Self {
        let fitting = [Self::Wan, Self::Province].into_iter().find(|preset| preset.slot_ms() <= slot_ms);
        fitting.unwrap_or(Self::Lan)
    }

    /// Its settings on a chain with slots of this length.
    ///
    /// # Errors
    /// What is wrong and what to do, if a slot is too short for what must happen in it.
    pub fn pace(self, slot_ms: u64) -> Result<Pace, String> {
        if slot_ms < self.slot_ms() {
            let fitting = Self::ALL.iter().find(|preset| preset.slot_ms() <= slot_ms);
            let remedy = fitting.map_or_else(
                || "start a chain with longer slots".into(),
                |preset| format!("use --preset {}, or start a chain with `preset = \"{self}\"`", preset),
            );
            return Err(format!(
                "preset {self} needs slots of {} ms and this chain's last {slot_ms} ms: a block would not reach the \
                 next author in time. Remedy: {remedy}",
                self.slot_ms()
            ));
        }
        let (gossip, timing) = match self {
            Self::Lan => (ms(20), Some((ms(20), ms(60), ms(110)))),
            Self::Province => (ms(30), Some((ms(65), ms(90), ms(160)))),
            Self::Wan => (ms(70), Some((ms(190), ms(200), ms(340)))),
            Self::Stock => (ms(333), None),
        };
        let timing = timing.map(|(settle, gather, cut_off)| Timing {
            settle,
            gather,
            cut_off,
            build: BUILD,
            heartbeat: HEARTBEAT,
            rest: REST,
            order_block_bytes: ORDER_BLOCK_BYTES,
        });
        let voter_patience = if timing.is_some() { VOTER_PATIENCE } else { Duration::ZERO };
        // Substrate's rules keep finality two blocks behind even when all is well.
        let standstill = LEAST_STANDSTILL.max(ms(slot_ms.saturating_mul(10)));
        Ok(Pace { gossip, timing, voter_patience, standstill })
    }
}

impl std::fmt::Display for Preset {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Lan => "lan",
            Self::Province => "province",
            Self::Wan => "wan",
            Self::Stock => "stock",
        })
    }
}

impl Pace {
    /// The same with another time for a vote to cross the network.
    ///
    /// # Errors
    /// If votes would take longer than a slot of `slot_ms` lasts.
    pub fn with_gossip(self, gossip_ms: u64, slot_ms: u64) -> Result<Self, String> {
        if gossip_ms == 0 || gossip_ms > slot_ms {
            return Err(format!(
                "--grandpa-gossip-ms {gossip_ms}: a vote must cross the network in 1 ms to a slot's length, {slot_ms} ms"
            ));
        }
        Ok(Self { gossip: ms(gossip_ms), ..self })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_every_preset_a_block_reaches_the_next_author_within_the_slot() {
        for preset in Preset::ALL {
            // GIVEN a preset on the chain that it makes
            let Some(timing) = preset.pace(preset.slot_ms()).unwrap().timing else { continue };
            // WHEN a block is begun at the last moment and takes as long as it may
            let made = timing.cut_off + timing.build;
            // THEN announcement, request and answer still fit into the slot
            let travel = ms(preset.round_trip_ms() * 3 / 2);
            assert!(made + travel <= ms(preset.slot_ms()), "{preset}");
            // THEN the one that was begun when gathering ends has arrived when the next author stops waiting for it
            let late = (timing.gather + timing.build + travel).saturating_sub(ms(preset.slot_ms()));
            assert!(late <= timing.settle && timing.settle <= timing.gather && timing.gather < timing.cut_off);
        }
    }

    #[test]
    fn a_preset_that_cannot_work_is_refused_with_a_remedy() {
        let error = Preset::Wan.pace(200).unwrap_err();
        assert!(error.contains("600 ms") && error.contains("--preset lan"), "{error}");
        assert!(Preset::Lan.pace(600).is_ok());
        let pace = Preset::Lan.pace(200).unwrap();
        assert_eq!(pace.with_gossip(10, 200).unwrap().gossip, ms(10));
        assert!(pace.with_gossip(0, 200).is_err() && pace.with_gossip(201, 200).is_err());
    }

    #[test]
    fn a_chain_is_taken_for_what_it_was_made_for() {
        for (slot_ms, preset) in
            [(200, Preset::Lan), (300, Preset::Province), (500, Preset::Province), (600, Preset::Wan)]
        {
            assert_eq!(Preset::for_slots_of(slot_ms), preset);
        }
    }
}
