//! Where a request comes from: the address of its connection, or the address that a trusted proxy
//! reports.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use http::header::{FORWARDED, HeaderMap, HeaderName, HeaderValue};
use ipnet::IpNet;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ClientAddress {
    address: IpAddr,
    /// Whether a header shows that the request came through a proxy, trusted or not.
    proxied: bool,
    /// Whether the address is of a proxy that did not report its client, or is not trusted.
    is_proxy: bool,
}

impl ClientAddress {
    /// The address of a request that did not come over the network.
    pub(super) const IN_PROCESS: Self =
        Self { address: IpAddr::V6(Ipv6Addr::LOCALHOST), proxied: false, is_proxy: false };

    /// The address that the server noted when it received the request, or else
    /// [`Self::IN_PROCESS`].
    pub(super) fn of(extensions: &http::Extensions) -> Self {
        extensions.get().copied().unwrap_or(Self::IN_PROCESS)
    }

    /// Whether the request came from the server's own machine, and not through a proxy.
    pub(super) fn is_local(self) -> bool {
        self.address.is_loopback() && !self.proxied
    }

    /// Whether the client's own address is known and is in one of these networks.
    pub(super) fn is_in(self, networks: &[IpNet]) -> bool {
        let address = self.address.to_canonical();
        !self.is_proxy && networks.iter().any(|network| network.contains(&address))
    }

    /// The address under which the request is counted. None if the request came through an
    /// untrusted proxy on this machine, because all clients of the proxy would count as one.
    pub(super) fn counted(self) -> Option<IpAddr> {
        let unnamed_proxy = self.address.is_loopback() && self.proxied;
        (!unnamed_proxy).then(|| counted_as(self.address))
    }
}

impl fmt::Display for ClientAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.address.fmt(f)
    }
}

/// The address under which a client is counted. A client that has one address of an IPv6 /64
/// usually has the whole /64, so all addresses in a /64 count as one.
pub(super) fn counted_as(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)))
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ProxyReport {
    /// `X-Forwarded-For`.
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
    /// The PROXY protocol: a header at the start of each connection.
    ProxyProtocol,
}

/// The proxies whose reports about client addresses are trusted.
///
/// Only one kind of report is read, because a proxy sets one header and forwards the other header
/// as the client sent it.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies {
    pub networks: Vec<IpNet>,
    pub report: ProxyReport,
}

impl TrustedProxies {
    pub(super) fn trust(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.networks.iter().any(|network| network.contains(&address))
    }

    pub(super) fn send_proxy_protocol(&self, address: IpAddr) -> bool {
        self.report == ProxyReport::ProxyProtocol && self.trust(address)
    }

    /// The client of a request that `peer` sent. Each trusted proxy reports the hop before it, so
    /// the last hop that is not a trusted proxy is the client.
    pub(super) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> ClientAddress {
        let peer = peer.to_canonical();
        if !self.trust(peer) {
            let proxied = headers.contains_key(X_FORWARDED_FOR) || headers.contains_key(FORWARDED);
            return ClientAddress { address: peer, proxied, is_proxy: proxied };
        }
        let mut client = ClientAddress { address: peer, proxied: false, is_proxy: false };
        for hop in self.report.hops(headers).into_iter().rev() {
            // If a hop cannot be read, the proxy that reported it counts as the client.
            let Some(address) = hop else {
                client.is_proxy = true;
                break;
            };
            client = ClientAddress { address, proxied: true, is_proxy: false };
            if !self.trust(address) {
                break;
            }
        }
        client
    }
}

impl ProxyReport {
    /// The addresses in the header, the one closest to the client first. An invalid address is
    /// `None`.
    fn hops(self, headers: &HeaderMap) -> Vec<Option<IpAddr>> {
        let hops_of: fn(&str) -> Vec<Option<IpAddr>>;
        let name;
        match self {
            Self::XForwardedFor => {
                name = X_FORWARDED_FOR;
                hops_of = |line| line.split(',').map(address).collect();
            }
            Self::Forwarded => {
                name = FORWARDED;
                hops_of = |line| match split_outside_quotes(line, ',') {
                    Some(elements) => elements.into_iter().map(forwarded_for).collect(),
                    None => vec![None],
                };
            }
            // The address of the connection is already the client's.
            Self::ProxyProtocol => return Vec::new(),
        }
        let lines = headers.get_all(name).iter().map(HeaderValue::to_str);
        lines.flat_map(|line| line.map_or_else(|_| vec![None], hops_of)).collect()
    }
}

/// An address, with or without a port.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let with_port = || text.parse().ok().map(|socket: SocketAddr| socket.ip());
    bare.parse().ok().or_else(with_port).map(|address: IpAddr| address.to_canonical())
}

/// The address in the `for` parameter of an element of `Forwarded`. None if the parameter is
/// missing or is not an IP address.
fn forwarded_for(element: &str) -> Option<IpAddr> {
    split_outside_quotes(element, ';')?.into_iter().find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        let value = value.trim();
        let quoted = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
        name.trim().eq_ignore_ascii_case("for").then(|| address(quoted.unwrap_or(value)))?
    })
}

/// Splits a text at separators outside of quotes. None if a quote is not closed.
fn split_outside_quotes(text: &str, separator: char) -> Option<Vec<&str>> {
    let (mut quoted, mut escaped) = (false, false);
    let parts = text
        .split(|c| {
            if escaped {
                escaped = false;
                return false;
            }
            match c {
                '\\' if quoted => escaped = true,
                '"' => quoted = !quoted,
                _ => return c == separator && !quoted,
            }
            false
        })
        .collect();
    (!quoted).then_some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(proxies: &TrustedProxies, peer: &str, lines: &[(&'static str, &str)]) -> String {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, value.parse().unwrap());
        }
        proxies.client(peer.parse().unwrap(), &headers).to_string()
    }

    fn trusting(report: ProxyReport) -> TrustedProxies {
        let networks = ["10.0.0.0/8", "2001:db8:1::/48"];
        TrustedProxies { networks: networks.map(|it| it.parse().unwrap()).into(), report }
    }

    #[test]
    fn b2_only_a_trusted_proxy_reports_the_client() {
        let proxies = trusting(ProxyReport::XForwardedFor);
        let seen = |peer, lines: &[_]| client(&proxies, peer, lines);
        let line = |value| ("x-forwarded-for", value);
        assert_eq!(seen("192.0.2.9", &[line("198.51.100.1")]), "192.0.2.9", "not trusted");
        assert_eq!(seen("10.0.0.1", &[line("198.51.100.1")]), "198.51.100.1");
        assert_eq!(seen("::ffff:10.0.0.1", &[line("198.51.100.1:5000")]), "198.51.100.1");
        assert_eq!(seen("2001:db8:1::5", &[line("[2001:db8:9::1]:443")]), "2001:db8:9::1");
        // Proxies append to the header, so a client can only add fake hops in front.
        assert_eq!(seen("10.0.0.1", &[line("6.6.6.6, 198.51.100.1, 10.0.0.2")]), "198.51.100.1");
        assert_eq!(seen("10.0.0.1", &[line("6.6.6.6"), line("198.51.100.1")]), "198.51.100.1");
        assert_eq!(seen("10.0.0.1", &[line("6.6.6.6, unknown, 10.0.0.2")]), "10.0.0.2");
        assert_eq!(seen("10.0.0.1", &[("forwarded", "for=6.6.6.6")]), "10.0.0.1", "another header");
        assert_eq!(seen("10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn b2_quotes_in_forwarded_cannot_hide_the_client() {
        let proxies = trusting(ProxyReport::Forwarded);
        let seen = |lines: &[_]| client(&proxies, "10.0.0.1", lines);
        let line = |value| ("forwarded", value);
        assert_eq!(seen(&[line("for=198.51.100.1;proto=https")]), "198.51.100.1");
        assert_eq!(seen(&[line("by=x; For=\"[2001:db8:9::1]:443\"")]), "2001:db8:9::1");
        assert_eq!(seen(&[line("for=6.6.6.6, for=198.51.100.1, for=10.1.1.1")]), "198.51.100.1");
        let host = r#"for=198.51.100.1;host="a, for=6.6.6.6""#;
        assert_eq!(seen(&[line(host)]), "198.51.100.1");
        let escaped = r#"for=198.51.100.1;host="a\", for=6.6.6.6""#;
        assert_eq!(seen(&[line(escaped)]), "198.51.100.1");
        assert_eq!(seen(&[line("for=\"6.6.6.6, for=198.51.100.1")]), "10.0.0.1", "no end");
        assert_eq!(seen(&[line("for=\"6.6.6.6"), line("for=198.51.100.1")]), "198.51.100.1");
        assert_eq!(seen(&[line("for=_hidden")]), "10.0.0.1");
    }

    #[test]
    fn a_proxy_that_hides_its_client_is_in_no_network() {
        let proxies = trusting(ProxyReport::XForwardedFor);
        let networks: [IpNet; 2] = ["10.0.0.0/8", "192.0.2.0/24"].map(|it| it.parse().unwrap());
        let is_in = |peer: &str, hops: &'static str| {
            let mut headers = HeaderMap::new();
            if !hops.is_empty() {
                headers.append("x-forwarded-for", HeaderValue::from_static(hops));
            }
            proxies.client(peer.parse().unwrap(), &headers).is_in(&networks)
        };
        assert!(is_in("192.0.2.9", "") && is_in("::ffff:192.0.2.9", ""));
        assert!(is_in("10.0.0.1", "192.0.2.9"), "the client of a trusted proxy");
        assert!(!is_in("10.0.0.1", "198.51.100.1"));
        assert!(!is_in("10.0.0.1", "unknown"));
        assert!(!is_in("192.0.2.9", "192.0.2.8"), "a proxy that is not trusted");
        assert!(!is_in("198.51.100.1", ""));
    }

    #[test]
    fn b2_a_network_of_ipv6_counts_as_one_address() {
        let counted = |text: &str| counted_as(text.parse().unwrap());
        assert_eq!(counted("2001:db8::1"), counted("2001:db8::ffff:2"), "the same /64");
        assert_ne!(counted("2001:db8::1"), counted("2001:db8:0:1::1"));
        assert_eq!(counted("::ffff:192.0.2.1"), counted("192.0.2.1"));
    }

    #[test]
    fn b4_clients_of_an_unnamed_proxy_on_this_machine_do_not_count_as_one() {
        let (local, remote) = (IpAddr::from([127, 0, 0, 1]), IpAddr::from([192, 0, 2, 1]));
        let seen = |address, proxied| ClientAddress { address, proxied, is_proxy: false };
        assert!(seen(local, false).is_local() && ClientAddress::IN_PROCESS.is_local());
        assert!(!seen(local, true).is_local() && !seen(remote, false).is_local());
        assert_eq!(seen(local, false).counted(), Some(local));
        assert_eq!(seen(local, true).counted(), None);
        assert_eq!(seen(remote, true).counted(), Some(remote));
    }
}
