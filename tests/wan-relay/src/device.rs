//! TUN devices: opened in a site's namespace, gone when this program is.

use crate::site::Site;
use anyhow::{ensure, Context, Result};
use rustix::fs::{open, Mode, OFlags};
use rustix::io::Errno;
use rustix::ioctl::{ioctl, opcode, Updater};
use rustix::thread::{move_into_link_name_space, LinkNameSpaceType};
use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::process::Command;
use std::thread;

const TUN: &str = "/dev/net/tun";
/// `ip netns` keeps its namespaces here.
const NAMESPACES: &str = "/run/netns";
/// Interface names have at most 15 bytes and a zero.
pub const NAME_BYTES: usize = 16;
/// `IFF_TUN | IFF_NO_PI`: whole IP packets and nothing before them.
const TUN_WITHOUT_HEADER: u16 = 0x1001;
/// Packets that the kernel keeps while this program is elsewhere; beyond, the sender's device drops.
const KERNEL_QUEUE: &str = "10000";

/// `struct ifreq` as `TUNSETIFF` reads it.
#[repr(C)]
struct Request {
    name: [u8; NAME_BYTES],
    flags: u16,
    padding: [u8; 22],
}

/// Makes the site's device, gives it its address and sets it up. It goes away with the returned file.
pub fn make(site: &Site, mtu: u16) -> Result<OwnedFd> {
    // A thread has a namespace of its own, and this one ends: the program stays where it was started.
    let device = thread::scope(|scope| {
        let opened =
            scope.spawn(|| site.namespace.as_deref().map_or(Ok(()), enter).and_then(|()| attach(&site.device)));
        opened.join().unwrap_or_else(|_| anyhow::bail!("the thread that opens the device has ended"))
    })
    .with_context(|| format!("no device `{}` for site `{}`", site.device, site.name))?;
    let address = format!("{}/{}", site.address, site.prefix);
    ip(site, &["addr", "add", &address, "dev", &site.device])?;
    ip(site, &["link", "set", &site.device, "mtu", &mtu.to_string(), "txqueuelen", KERNEL_QUEUE, "up"])?;
    Ok(device)
}

/// Moves the current thread.
fn enter(namespace: &str) -> Result<()> {
    let path = Path::new(NAMESPACES).join(namespace);
    let file = File::open(&path).with_context(|| format!("no namespace {}", path.display()))?;
    move_into_link_name_space(file.as_fd(), Some(LinkNameSpaceType::Network))
        .with_context(|| format!("{} can't be entered; be root, or inside `unshare -rmn`", path.display()))
}

fn attach(name: &str) -> Result<OwnedFd> {
    let device = open(TUN, OFlags::RDWR | OFlags::CLOEXEC | OFlags::NONBLOCK, Mode::empty())
        .with_context(|| format!("{TUN} can't be opened: it takes the kernel's module `tun`"))?;
    let mut request = Request { name: [0; NAME_BYTES], flags: TUN_WITHOUT_HEADER, padding: [0; 22] };
    ensure!(name.len() < NAME_BYTES, "`{name}` is longer than names of devices may be");
    request.name[..name.len()].copy_from_slice(name.as_bytes());
    set_interface(&device, &mut request).map_err(|error| match error {
        Errno::BUSY => anyhow::anyhow!("there is such a device already"),
        Errno::PERM => anyhow::anyhow!("not permitted: be root, or inside `unshare -rmn`"),
        error => error.into(),
    })?;
    Ok(device)
}

#[allow(unsafe_code)] // What an ioctl does can't be checked; TUNSETIFF reads and writes one `ifreq`.
fn set_interface(device: &OwnedFd, request: &mut Request) -> rustix::io::Result<()> {
    // SAFETY: `Request` has the layout and size of `ifreq`, and outlives the call.
    unsafe { ioctl(device, Updater::<{ opcode::write::<i32>(b'T', 202) }, Request>::new(request)) }
}

fn ip(site: &Site, words: &[&str]) -> Result<()> {
    let mut command = Command::new("ip");
    if let Some(namespace) = &site.namespace {
        command.args(["-n", namespace]);
    }
    let done = command.args(words).output().context("the program `ip` (iproute2) can't be run")?;
    ensure!(done.status.success(), "ip {}: {}", words.join(" "), String::from_utf8_lossy(&done.stderr).trim());
    Ok(())
}
