//! The loop: reads devices and commands, writes packets when they are due. One thread does it all.

use crate::command::Command;
use crate::lines::Lines;
use crate::wan::Wan;
use anyhow::{bail, Context, Result};
use rustix::event::{poll, PollFd, PollFlags, Timespec};
use rustix::io::{read, write, Errno};
use serde_json::{json, Value};
use std::io::Write;
use std::os::fd::{AsFd, OwnedFd};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Packets read from one device before the others and what is due have their turn.
const BATCH: usize = 64;
/// Rest after packets have moved: those of a burst are then handled at once, and not each with a wake-up of its own.
const REST: Duration = Duration::from_micros(100);
/// The longest IP packet.
const PACKET_BYTES: usize = 65_536;

/// Relays until standard input ends.
pub struct Relay {
    wan: Wan,
    devices: Vec<OwnedFd>,
    start: Instant,
    packet: Vec<u8>,
}

impl Relay {
    /// The devices are those of the network's sites, in the same order.
    pub fn new(wan: Wan, devices: Vec<OwnedFd>) -> Self {
        Self { wan, devices, start: Instant::now(), packet: vec![0; PACKET_BYTES] }
    }

    /// Ends with standard input; fails when a device has gone, or nobody reads the answers.
    pub fn run(mut self) -> Result<()> {
        answer(&json!({ "ready": true }))?;
        let mut lines = Lines::default();
        loop {
            let has_delivered = self.deliver();
            let (is_spoken_to, readable) = self.wait().context("waiting for packets failed")?;
            let has_moved = has_delivered || !readable.is_empty();
            for site in readable {
                self.collect(site)?;
            }
            if is_spoken_to {
                let mut chunk = [0; 1_024];
                let count = read(std::io::stdin(), &mut chunk).context("standard input can't be read")?;
                if count == 0 {
                    return Ok(());
                }
                for line in lines.take(chunk.get(..count).unwrap_or_default()) {
                    let reply =
                        line.map_or_else(|error| json!({ "error": error.to_string() }), |line| self.obey(&line));
                    answer(&reply)?;
                }
            }
            if has_moved {
                sleep(REST);
            }
        }
    }

    fn now_us(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// Writes what is due; whether there was anything.
    fn deliver(&mut self) -> bool {
        let mut any = false;
        while let Some(waiting) = self.wan.arrived(self.now_us()) {
            let device = self.devices.get(waiting.to);
            let taken = device.is_some_and(|device| write(device, &waiting.packet).is_ok());
            self.wan.note_delivery(waiting.to, waiting.packet.len(), taken);
            any = true;
        }
        any
    }

    /// Sleeps until there is something to read or a packet is due: whether there is a command, and whose packets.
    fn wait(&self) -> rustix::io::Result<(bool, Vec<usize>)> {
        let timeout = self.wan.next_due_us().map(|due| {
            let micros = due.saturating_sub(self.now_us());
            // Nanoseconds below a second fit.
            Timespec { tv_sec: (micros / 1_000_000) as i64, tv_nsec: (micros % 1_000_000 * 1_000) as i64 }
        });
        let input = std::io::stdin();
        let mut watched = vec![PollFd::from_borrowed_fd(input.as_fd(), PollFlags::IN)];
        watched.extend(self.devices.iter().map(|device| PollFd::new(device, PollFlags::IN)));
        match poll(&mut watched, timeout.as_ref()) {
            Ok(_) | Err(Errno::INTR) => (),
            Err(error) => return Err(error),
        }
        let mut ready = watched.iter().map(|watched| !watched.revents().is_empty());
        let is_spoken_to = ready.next().unwrap_or(false);
        Ok((is_spoken_to, ready.enumerate().filter_map(|(site, ready)| ready.then_some(site)).collect()))
    }

    /// Takes what a site has sent.
    fn collect(&mut self, site: usize) -> Result<()> {
        for _ in 0..BATCH {
            let Some(device) = self.devices.get(site) else { break };
            match read(device, &mut self.packet[..]) {
                Ok(count) => {
                    let now = self.now_us();
                    self.wan.admit(now, site, self.packet.get(..count).unwrap_or_default());
                }
                Err(Errno::AGAIN) => break,
                Err(Errno::INTR) => (),
                Err(error) => bail!("the device of site number {site} is gone: {error}"),
            }
        }
        Ok(())
    }

    fn obey(&mut self, line: &str) -> Value {
        let done = match line.parse::<Command>() {
            Ok(command) => self.wan.apply(command).map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        match done {
            Ok(None) => json!({ "ok": true }),
            Ok(Some(stats)) => json!(stats),
            Err(error) => json!({ "error": error }),
        }
    }
}

fn answer(value: &Value) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{value}").and_then(|()| out.flush()).context("nobody reads the answers")
}
