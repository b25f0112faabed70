//! A load that follows its setpoint with a response delay and a ramp, like a real plant does.

use super::{Actuator, Setting};
use loadstone_core::{Direction, Millis, Watts, BASIS_POINTS};
use serde::Deserialize;
use std::{cell::RefCell, collections::VecDeque, rc::Rc};

/// Settings that wait for their delay at most; far more than orders come in one delay.
const MAX_WAITING: usize = 64;

/// `[actuator] driver = "ramp"`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RampConfig {
    /// How fast the load moves, in watts per second; 0 moves it at once.
    pub ramp_w_per_s: u32,
    /// How long nothing happens after a new setting, in milliseconds.
    #[serde(default)]
    pub response_delay_ms: u32,
    /// Load that can't be shed, in watts.
    #[serde(default)]
    pub floor_w: i64,
    /// Part of the ordered change that is not delivered, in basis points.
    #[serde(default)]
    pub tracking_bp: u32,
}

/// The load's physics, shared by the actuator that sets it and the meter that sees it.
#[derive(Debug)]
pub struct Plant {
    config: RampConfig,
    /// Settings with the moment from which they act, oldest first.
    waiting: VecDeque<(Millis, Option<Setting>)>,
    acting: Option<Setting>,
    last: Option<Setting>,
    /// How far the load stands from what it would be, in milliwatts.
    shift_mw: i64,
    moved_at: Option<Millis>,
}

impl Plant {
    /// At rest.
    pub fn shared(config: &RampConfig) -> Rc<RefCell<Self>> {
        Rc::new(RefCell::new(Self {
            config: config.clone(),
            waiting: VecDeque::new(),
            acting: None,
            last: None,
            shift_mw: 0,
            moved_at: None,
        }))
    }

    /// The load at `at`, where it would be `natural` without any setting.
    pub fn load(&mut self, at: Millis, natural: Watts) -> Watts {
        while let Some((from, setting)) = self.waiting.front().copied().filter(|(from, _)| *from <= at) {
            self.waiting.pop_front();
            self.advance(from, natural);
            self.acting = setting;
        }
        self.advance(at, natural);
        let least = self.config.floor_w.min(natural.0);
        Watts(natural.0.saturating_add(self.shift_mw / 1_000).max(least))
    }

    fn set(&mut self, now: Millis, setting: Option<Setting>) {
        if setting == self.last {
            return;
        }
        self.last = setting;
        if self.waiting.len() == MAX_WAITING {
            self.waiting.pop_front();
        }
        self.waiting.push_back((now.after(self.config.response_delay_ms as u64), setting));
    }

    /// Moves the load toward the acting setting for the time until `at`.
    fn advance(&mut self, at: Millis, natural: Watts) {
        let elapsed_ms = self.moved_at.map_or(0, |moved| at.since(moved));
        self.moved_at = self.moved_at.max(Some(at));
        let change = match self.acting {
            Some(Setting { direction: Direction::Down, watts }) => watts.0.saturating_sub(natural.0).min(0),
            Some(Setting { direction: Direction::Up, watts }) => watts.0.saturating_sub(natural.0).max(0),
            None => 0,
        };
        let followed = BASIS_POINTS.saturating_sub(self.config.tracking_bp) as i128;
        let wanted_mw = change as i128 * 1_000 * followed / BASIS_POINTS as i128;
        let wanted_mw = i64::try_from(wanted_mw).unwrap_or(i64::MIN);
        let step_mw = match self.config.ramp_w_per_s {
            0 => i64::MAX,
            ramp => (ramp as i64).saturating_mul(i64::try_from(elapsed_ms).unwrap_or(i64::MAX)),
        };
        let gap = wanted_mw.saturating_sub(self.shift_mw);
        self.shift_mw = self.shift_mw.saturating_add(gap.clamp(-step_mw, step_mw));
    }
}

/// The actuator's side of the plant.
pub struct Shed {
    plant: Rc<RefCell<Plant>>,
}

impl Shed {
    /// Acts on `plant`.
    pub fn new(plant: Rc<RefCell<Plant>>) -> Self {
        Self { plant }
    }
}

impl Actuator for Shed {
    fn hold(&mut self, now: Millis, setting: Setting) {
        self.plant.borrow_mut().set(now, Some(setting));
    }

    fn release(&mut self, now: Millis) {
        self.plant.borrow_mut().set(now, None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plant(ramp_w_per_s: u32, response_delay_ms: u32, floor_w: i64, tracking_bp: u32) -> Rc<RefCell<Plant>> {
        Plant::shared(&RampConfig { ramp_w_per_s, response_delay_ms, floor_w, tracking_bp })
    }

    fn down(watts: i64) -> Setting {
        Setting { direction: Direction::Down, watts: Watts(watts) }
    }

    #[test]
    fn the_load_waits_then_ramps_then_holds_and_returns() {
        // GIVEN a load of 5,000 W that ramps 1,000 W a second after half a second
        let plant = plant(1_000, 500, 0, 0);
        let mut shed = Shed::new(plant.clone());
        let load = |second: u64| plant.borrow_mut().load(Millis(second * 1_000), Watts(5_000)).0;
        assert_eq!(load(0), 5_000);
        // WHEN it is told 3,000 W at second 1, again and again
        for ms in [1_000, 1_100, 2_000] {
            shed.hold(Millis(ms), down(3_000));
        }
        // THEN it starts at 1.5 s and arrives two seconds later
        assert_eq!([load(1), load(2), load(3), load(4)], [5_000, 4_500, 3_500, 3_000]);
        // WHEN it is released THEN it ramps back
        shed.release(Millis(4_000));
        assert_eq!([load(5), load(6), load(7)], [3_500, 4_500, 5_000]);
    }

    #[test]
    fn a_load_below_its_setpoint_stays_and_the_floor_holds() {
        // GIVEN a load that can't be shed below 1,000 W and moves at once
        let plant = plant(0, 0, 1_000, 0);
        let mut shed = Shed::new(plant.clone());
        shed.hold(Millis(0), down(200));
        // THEN the floor holds, and a natural load below the floor is left alone
        assert_eq!(plant.borrow_mut().load(Millis(1), Watts(5_000)), Watts(1_000));
        assert_eq!(plant.borrow_mut().load(Millis(2), Watts(600)), Watts(600));
        // AND a setpoint above the load raises nothing
        shed.hold(Millis(3), down(9_000));
        assert_eq!(plant.borrow_mut().load(Millis(4), Watts(5_000)), Watts(5_000));
    }

    #[test]
    fn filling_valleys_raises_the_load_and_an_imprecise_plant_misses_a_part() {
        // GIVEN a plant that delivers nine tenths of what is asked
        let plant = plant(0, 0, 0, 1_000);
        let mut shed = Shed::new(plant.clone());
        // WHEN it is told to consume 3,000 W instead of 1,000 W
        shed.hold(Millis(0), Setting { direction: Direction::Up, watts: Watts(3_000) });
        // THEN it reaches 2,800 W
        assert_eq!(plant.borrow_mut().load(Millis(1), Watts(1_000)), Watts(2_800));
    }
}
