//! `wan-relay`: a wide-area network between network namespaces, for tests on one machine.
//!
//! Each site has a TUN device; what it sends goes through this program to the site with the destination address, after
//! the path's delay, or not at all.

mod command;
mod device;
mod lines;
mod path;
mod queue;
mod relay;
mod site;
mod stats;
mod wan;

use anyhow::{ensure, Context, Result};
use clap::Parser;
use relay::Relay;
use rustix::thread::set_current_timer_slack;
use site::Site;
use std::collections::BTreeSet;
use std::num::NonZeroU64;
use wan::Wan;

/// Relays IP packets between network namespaces with delay, jitter, loss and partitions.
///
/// Makes a TUN device for each site, says {"ready":true}, and reads commands from standard input, one a line. Each is
/// answered by one line of JSON: {"ok":true}, {"error":"..."}, or figures. Devices go away when standard input ends or
/// the program does.
///
///   delay [A [B]] MS       one way, up to three decimals; of all paths, those of a site, or those between two
///   jitter [A [B]] MS      greatest additional delay, drawn for each packet; keeps the order of packets
///   reorder [A [B]] yes|no whether jitter lets packets overtake each other
///   loss [A [B]] BP        lost packets in ten thousand
///   slow A MS              additional delay of all that A sends or gets
///   cut A | cut A B        nothing passes, and what is under way is lost
///   heal [A [B]]           undoes the same cut, or all of them
///   stats                  counters by site, and how late packets were written
///
/// Example:
///   wan-relay --site here:wan0:10.9.0.1/24 --site north:wan0:10.9.0.2/24:ns-north
#[derive(Parser)]
#[command(name = "wan-relay", version, max_term_width = 120, verbatim_doc_comment)]
struct Options {
    /// NAME:DEVICE:ADDRESS/BITS[:NAMESPACE], once for each site; all in one IPv4 subnet.
    #[arg(long = "site", required = true)]
    sites: Vec<Site>,
    /// Bytes of the largest packet.
    #[arg(long, default_value_t = 1_500, value_parser = clap::value_parser!(u16).range(576..))]
    mtu: u16,
    /// Deals losses and jitter: the nth packet of a path has the same luck again.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// MiB that each site may have under way.
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..))]
    under_way_mib: u16,
}

fn main() -> Result<()> {
    let options = Options::parse();
    let names: BTreeSet<_> = options.sites.iter().map(|site| &site.name).collect();
    let addresses: BTreeSet<_> = options.sites.iter().map(|site| site.address).collect();
    let count = options.sites.len();
    ensure!(names.len() == count && addresses.len() == count, "each site has a name and an address of its own");
    // Otherwise the kernel wakes this thread up to 50 microseconds late, to do more at once.
    set_current_timer_slack(NonZeroU64::new(1)).context("the timer can't be made exact")?;
    let devices = options.sites.iter().map(|site| device::make(site, options.mtu)).collect::<Result<_>>()?;
    let sites: Vec<_> = options.sites.into_iter().map(|site| (site.name, site.address)).collect();
    Relay::new(Wan::new(&sites, options.seed, usize::from(options.under_way_mib) << 20), devices).run()
}
