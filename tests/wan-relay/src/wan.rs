//! The network between the sites: who is where, what each path does, and what has happened to packets so far.

use crate::command::{Command, Scope};
use crate::path::{Conditions, Path};
use crate::queue::{Queue, Waiting};
use crate::stats::{Counters, Lateness, Stats};
use std::collections::BTreeMap;
use std::net::Ipv4Addr;

/// A name in a command that no site has, or the same twice.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// No such site.
    #[error("there is no site `{0}`")]
    NoSite(String),
    /// A site has no path to itself.
    #[error("`{0}` is named twice")]
    Twice(String),
}

/// A site's state.
struct Site {
    name: String,
    isolated: bool,
    slow_us: u32,
    counters: Counters,
}

/// The network between the sites. Knows neither clock nor device: times are microseconds since the start.
pub struct Wan {
    sites: Vec<Site>,
    by_address: BTreeMap<Ipv4Addr, usize>,
    /// The path from one site to another is at `from * sites + to`.
    paths: Vec<Path>,
    queue: Queue,
    lateness: Lateness,
}

impl Wan {
    /// A network without delay or loss. Each sender may have `bytes_max` under way.
    pub fn new(sites: &[(String, Ipv4Addr)], seed: u64, bytes_max: usize) -> Self {
        let site =
            |name: &String| Site { name: name.clone(), isolated: false, slow_us: 0, counters: Counters::default() };
        Self {
            by_address: sites.iter().enumerate().map(|(index, (_, address))| (*address, index)).collect(),
            paths: (0..sites.len() * sites.len()).map(|number| Path::new(seed, number as u64)).collect(),
            queue: Queue::new(sites.len(), bytes_max),
            sites: sites.iter().map(|(name, _)| site(name)).collect(),
            lateness: Lateness::default(),
        }
    }

    /// A packet that the site `from` sends at `now_us`. What becomes of it shows in the counters.
    pub fn admit(&mut self, now_us: u64, from: usize, packet: &[u8]) {
        let to = destination(packet).and_then(|address| self.by_address.get(&address).copied());
        let open = to.is_some_and(|to| self.is_open(from, to));
        let slow_us = self.slow_us(from) + to.map_or(0, |to| self.slow_us(to));
        let index = to.map(|to| self.index(from, to));
        let Some(Site { counters, .. }) = self.sites.get_mut(from) else { return };
        counters.sent += 1;
        counters.sent_bytes += packet.len() as u64;
        let (Some(to), Some(path)) = (to, index.and_then(|index| self.paths.get_mut(index))) else {
            counters.unroutable += 1;
            return;
        };
        if !open {
            counters.cut += 1;
            return;
        }
        match path.due_us(now_us, slow_us) {
            None => counters.lost += 1,
            Some(due_us) if !self.queue.push(due_us, from, to, packet) => counters.overflowed += 1,
            Some(_) => (),
        }
    }

    /// When the next packet arrives.
    pub fn next_due_us(&self) -> Option<u64> {
        self.queue.next_due_us()
    }

    /// The next packet that has arrived by `now_us`, to be written to the site `to`.
    pub fn arrived(&mut self, now_us: u64) -> Option<Waiting> {
        while let Some(waiting) = self.queue.pop(now_us) {
            if self.is_open(waiting.from, waiting.to) {
                self.lateness.note(now_us - waiting.due_us);
                return Some(waiting);
            }
            if let Some(site) = self.sites.get_mut(waiting.from) {
                site.counters.cut += 1;
            }
        }
        None
    }

    /// Whether the site took an arrived packet of this length.
    pub fn note_delivery(&mut self, to: usize, bytes: usize, taken: bool) {
        let Some(Site { counters, .. }) = self.sites.get_mut(to) else { return };
        if taken {
            counters.received += 1;
            counters.received_bytes += bytes as u64;
        } else {
            counters.refused += 1;
        }
    }

    /// Carries out a command; `Stats` alone has an answer.
    pub fn apply(&mut self, command: Command) -> Result<Option<Stats>, Refused> {
        match command {
            Command::Stats => return Ok(Some(self.stats())),
            Command::Slow(name, micros) => {
                let site = self.find(&name)?;
                if let Some(site) = self.sites.get_mut(site) {
                    site.slow_us = micros;
                }
            }
            Command::Cut(Scope::Site(name)) => self.isolate(&name, true)?,
            Command::Heal(Scope::Site(name)) => self.isolate(&name, false)?,
            Command::Cut(scope) => self.change(&scope, |conditions| conditions.cut = true)?,
            Command::Heal(scope) => {
                self.change(&scope, |conditions| conditions.cut = false)?;
                if scope == Scope::All {
                    self.sites.iter_mut().for_each(|site| site.isolated = false);
                }
            }
            Command::Delay(scope, micros) => self.change(&scope, |conditions| conditions.delay_us = micros)?,
            Command::Jitter(scope, micros) => self.change(&scope, |conditions| conditions.jitter_us = micros)?,
            Command::Loss(scope, share) => self.change(&scope, |conditions| conditions.loss_bp = share)?,
            Command::Reorder(scope, choice) => self.change(&scope, |conditions| conditions.reorders = choice)?,
        }
        Ok(None)
    }

    fn stats(&self) -> Stats {
        let sites = self.sites.iter().enumerate().map(|(index, site)| {
            let under_way_bytes = self.queue.bytes_of(index);
            (site.name.clone(), Counters { under_way_bytes, ..site.counters })
        });
        Stats { sites: sites.collect(), lateness: self.lateness }
    }

    fn isolate(&mut self, name: &str, isolated: bool) -> Result<(), Refused> {
        let site = self.find(name)?;
        if let Some(site) = self.sites.get_mut(site) {
            site.isolated = isolated;
        }
        Ok(())
    }

    fn change(&mut self, scope: &Scope, change: impl Fn(&mut Conditions)) -> Result<(), Refused> {
        let (one, other) = match scope {
            Scope::All => (None, None),
            Scope::Site(name) => (Some(self.find(name)?), None),
            Scope::Pair(one, other) if one == other => return Err(Refused::Twice(one.clone())),
            Scope::Pair(one, other) => (Some(self.find(one)?), Some(self.find(other)?)),
        };
        let count = self.sites.len();
        for (index, path) in self.paths.iter_mut().enumerate() {
            let ends = [index / count, index % count];
            if [one, other].iter().flatten().all(|site| ends.contains(site)) {
                change(&mut path.conditions);
            }
        }
        Ok(())
    }

    fn find(&self, name: &str) -> Result<usize, Refused> {
        self.sites.iter().position(|site| site.name == name).ok_or_else(|| Refused::NoSite(name.into()))
    }

    fn index(&self, from: usize, to: usize) -> usize {
        from * self.sites.len() + to
    }

    fn is_open(&self, from: usize, to: usize) -> bool {
        let isolated = |site: usize| self.sites.get(site).is_none_or(|site| site.isolated);
        let cut = self.paths.get(self.index(from, to)).is_none_or(|path| path.conditions.cut);
        !(isolated(from) || isolated(to) || cut)
    }

    fn slow_us(&self, site: usize) -> u32 {
        self.sites.get(site).map_or(0, |site| site.slow_us)
    }
}

/// Where an IPv4 packet wants to go; nothing for anything else.
fn destination(packet: &[u8]) -> Option<Ipv4Addr> {
    let header = packet.first_chunk::<20>()?;
    (header[0] >> 4 == 4).then(|| Ipv4Addr::new(header[16], header[17], header[18], header[19]))
}

#[cfg(test)]
mod tests;
