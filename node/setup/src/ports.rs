//! Makes sure of the node's ports before anything starts.
//!
//! Left to itself the RPC server would move to a random port, and the network would share its port
//! with another node or go without: an operator would look for the node where it is not.

use sc_network::{multiaddr::Protocol, Multiaddr};
use sc_service::Configuration;
use std::{
    io::ErrorKind,
    net::{IpAddr, SocketAddr, TcpListener},
};

/// An address that the node wants to itself.
#[derive(Clone, Copy, Debug)]
struct Wanted {
    option: &'static str,
    address: SocketAddr,
    /// Whether the node does without when this machine has no such address, such as IPv6.
    dispensable: bool,
}

/// Refuses when a port of the node is taken, and forbids the RPC server to move to another one.
pub fn claim(config: &mut Configuration, gateway: Option<SocketAddr>) -> sc_cli::Result<()> {
    let mut wanted = Vec::new();
    for endpoint in config.rpc.addr.iter_mut().flatten() {
        endpoint.retry_random_port = false;
        wanted.push(Wanted { option: "--rpc-port", address: endpoint.listen_addr, dispensable: endpoint.is_optional });
    }
    for address in config.network.listen_addresses.iter().filter_map(socket_address) {
        wanted.push(Wanted { option: "--port or --listen-addr", address, dispensable: true });
    }
    if let Some(prometheus) = &config.prometheus_config {
        wanted.push(Wanted { option: "--prometheus-port", address: prometheus.port, dispensable: false });
    }
    wanted.extend(gateway.map(|address| Wanted { option: "--gateway-port", address, dispensable: false }));
    check(&wanted).map_err(sc_cli::Error::Input)
}

/// Address and TCP port of a libp2p address, if it has both.
fn socket_address(address: &Multiaddr) -> Option<SocketAddr> {
    let mut parts = address.iter();
    let ip: IpAddr = match parts.next()? {
        Protocol::Ip4(ip) => ip.into(),
        Protocol::Ip6(ip) => ip.into(),
        _ => return None,
    };
    match parts.next()? {
        Protocol::Tcp(port) => Some(SocketAddr::new(ip, port)),
        _ => None,
    }
}

fn check(wanted: &[Wanted]) -> Result<(), String> {
    for (position, one) in wanted.iter().enumerate() {
        if one.address.port() == 0 {
            continue;
        }
        if let Some(other) = wanted[..position].iter().find(|other| one.clashes_with(other)) {
            let port = one.address.port();
            return Err(format!("{} and {} are both given port {port}: change one", other.option, one.option));
        }
        one.try_out()?;
    }
    Ok(())
}

impl Wanted {
    fn clashes_with(&self, other: &Self) -> bool {
        let (own, others) = (self.address, other.address);
        let same_ip = own.ip() == others.ip() || own.ip().is_unspecified() || others.ip().is_unspecified();
        self.option != other.option && own.port() == others.port() && same_ip
    }

    /// Listens for a moment, without the sharing of ports that libp2p asks for.
    fn try_out(&self) -> Result<(), String> {
        let (option, address) = (self.option, self.address);
        match TcpListener::bind(address) {
            Ok(_) => Ok(()),
            Err(error) if error.kind() == ErrorKind::AddrInUse => Err(format!(
                "port {} ({option}) is taken on {}: stop the program that listens there, or give another port with {option}",
                address.port(),
                address.ip()
            )),
            Err(error) if self.dispensable && error.kind() != ErrorKind::PermissionDenied => Ok(()),
            Err(error) => Err(format!("can't listen on {address} ({option}): {error}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(option: &'static str, address: SocketAddr) -> Wanted {
        Wanted { option, address, dispensable: false }
    }

    #[test]
    fn a_taken_port_is_refused_with_its_number_and_option() {
        // GIVEN a port that another program listens on
        let other = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        let address = other.local_addr().expect("it listens");
        // WHEN the node wants it
        let text = check(&[wanted("--gateway-port", address)]).expect_err("the port is taken");
        // THEN the refusal names port and option
        assert!(text.contains(&address.port().to_string()) && text.contains("--gateway-port"), "{text}");
        // WHEN the other program is gone
        drop(other);
        // THEN the node may have it
        assert!(check(&[wanted("--gateway-port", address)]).is_ok());
    }

    #[test]
    fn two_options_with_one_port_are_refused() {
        // GIVEN a free port
        let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let address = free.expect("loopback has a free port");
        let anywhere = SocketAddr::new(IpAddr::from([0, 0, 0, 0]), address.port());
        // WHEN two services are to listen on it
        let text = check(&[wanted("--rpc-port", address), wanted("--gateway-port", anywhere)]);
        // THEN both options are named
        let text = text.expect_err("one port serves one service");
        assert!(text.contains("--rpc-port") && text.contains("--gateway-port"), "{text}");
        // WHEN the system chooses both ports
        let any = SocketAddr::new(IpAddr::from([127, 0, 0, 1]), 0);
        // THEN nothing clashes
        assert!(check(&[wanted("--rpc-port", any), wanted("--gateway-port", any)]).is_ok());
    }

    #[test]
    fn the_port_of_a_libp2p_address_is_found() {
        // GIVEN addresses as nodes take them
        let addresses = ["/ip4/127.0.0.1/tcp/30333/ws", "/ip6/::/tcp/30333", "/dns/example.org/tcp/30333"];
        // WHEN their ports are looked for
        let found = addresses.map(|text| socket_address(&text.parse().expect("a valid address")));
        // THEN those of this machine are known
        assert_eq!(found.map(|address| address.map(|address| address.port())), [Some(30333), Some(30333), None]);
    }
}
