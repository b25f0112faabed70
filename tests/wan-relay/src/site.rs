//! A site as given on the command line.

use std::net::Ipv4Addr;
use std::str::FromStr;

/// One site: a device in a namespace, and the address that others reach it at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// Its name in commands and statistics.
    pub name: String,
    /// The device to make.
    pub device: String,
    /// Its address. Sites know no others and no routes: all are in one subnet.
    pub address: Ipv4Addr,
    /// Bits of the subnet.
    pub prefix: u8,
    /// A namespace of `ip netns`; without one, that in which the program was started.
    pub namespace: Option<String>,
}

/// Why that is no site.
#[derive(Debug, thiserror::Error)]
#[error("give NAME:DEVICE:ADDRESS/BITS or NAME:DEVICE:ADDRESS/BITS:NAMESPACE, with an IPv4 address")]
pub struct NoSite;

impl FromStr for Site {
    type Err = NoSite;

    fn from_str(text: &str) -> Result<Self, NoSite> {
        let parts: Vec<&str> = text.split(':').collect();
        let (name, device, subnet, namespace) = match parts.as_slice() {
            [name, device, subnet] => (name, device, subnet, None),
            [name, device, subnet, namespace] => (name, device, subnet, Some(namespace)),
            _ => return Err(NoSite),
        };
        // Names end up in commands, and the namespace's in a path.
        let plain = |word: &str| {
            !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
        };
        let (address, prefix) = subnet.split_once('/').ok_or(NoSite)?;
        let prefix = prefix.parse().ok().filter(|bits| *bits <= 32).ok_or(NoSite)?;
        if !(plain(name) && plain(device) && namespace.is_none_or(|name| plain(name))) {
            return Err(NoSite);
        }
        Ok(Self {
            name: name.to_string(),
            device: device.to_string(),
            address: address.parse().map_err(|_| NoSite)?,
            prefix,
            namespace: namespace.map(|name| name.to_string()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sites_are_read_with_and_without_namespace() {
        // GIVEN two sites as given WHEN they are read THEN each part is where it belongs
        let north: Site = "north:wan0:10.9.0.2/24:ns-north".parse().expect("a site");
        assert_eq!((north.name.as_str(), north.device.as_str(), north.prefix), ("north", "wan0", 24));
        assert_eq!((north.address, north.namespace.as_deref()), (Ipv4Addr::new(10, 9, 0, 2), Some("ns-north")));
        assert_eq!("here:wan0:10.9.0.1/24".parse::<Site>().expect("a site").namespace, None);
    }

    #[test]
    fn anything_else_is_no_site() {
        // GIVEN parts missing, out of range, or with signs in names WHEN they are read THEN they are refused
        for text in
            ["", "a:b", "a:b:10.0.0.1", "a:b:10.0.0.1/33", "a:b:::1/64", "a b:c:10.0.0.1/24", "a:b:10.0.0.1/24:../x"]
        {
            assert!(text.parse::<Site>().is_err(), "{text}");
        }
    }
}
