//! The limits of `nicelist serve`, and the proxies in front of it.

use std::net::IpAddr;
use std::num::{NonZeroU32, NonZeroU64, NonZeroUsize};

use clap::{Args, ValueEnum};
use ipnet::IpNet;

use crate::server::{ConnectionLimits, ProxyHeader, RateLimits, TrustedProxies};

#[derive(Debug, Args)]
pub(super) struct LimitArgs {
    /// Trust this proxy's reports about client addresses; can be repeated
    #[arg(long, value_name = "CIDR", value_parser = network)]
    trusted_proxy: Vec<IpNet>,
    /// The header in which trusted proxies report client addresses
    #[arg(long, value_name = "NAME", value_enum, default_value_t = Header::XForwardedFor)]
    proxy_header: Header,
    /// Accept at most N connections at the same time [default: 16384, or fewer if file descriptors are limited]
    #[arg(long, value_name = "N")]
    connections: Option<NonZeroUsize>,
    /// Accept at most N connections from one address [default: a quarter of all]
    #[arg(long, value_name = "N")]
    connections_per_address: Option<NonZeroUsize>,
    /// Accept at most N requests from one host per minute [default: 3000]
    #[arg(long, value_name = "N")]
    host_requests_per_minute: Option<NonZeroU32>,
    /// Accept at most N requests from one address per minute [default: 600000]
    #[arg(long, value_name = "N")]
    address_requests_per_minute: Option<NonZeroU32>,
    /// Allow at most N wrong secrets from one address per minute [default: 6000]
    #[arg(long, value_name = "N")]
    wrong_secrets_per_minute: Option<NonZeroU32>,
    /// Accept at most N new hosts per minute [default: 10000]
    #[arg(long, value_name = "N")]
    new_hosts_per_minute: Option<NonZeroU32>,
    /// Keep at most N new events from one host per day [default: 50000]
    #[arg(long, value_name = "N")]
    events_per_day: Option<NonZeroU64>,
}

/// A header that reports client addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Header {
    /// X-Forwarded-For
    XForwardedFor,
    /// Forwarded (RFC 7239)
    Forwarded,
}

/// A network, or one address.
fn network(text: &str) -> Result<IpNet, String> {
    let address = || text.parse::<IpAddr>().map(IpNet::from);
    text.parse().or_else(|_| address()).map_err(|_| {
        "expected an address or a network, as in 192.0.2.7, 10.0.0.0/8 or 2001:db8::/64".to_owned()
    })
}

impl LimitArgs {
    pub(super) fn connections(&self) -> ConnectionLimits {
        ConnectionLimits {
            connections: self.connections.map(NonZeroUsize::get),
            from_one_address: self.connections_per_address.map(NonZeroUsize::get),
            ..ConnectionLimits::default()
        }
    }

    pub(super) fn rates(&self) -> RateLimits {
        RateLimits {
            host_requests: self.host_requests_per_minute,
            address_requests: self.address_requests_per_minute,
            wrong_secrets: self.wrong_secrets_per_minute,
            new_hosts: self.new_hosts_per_minute,
        }
    }

    pub(super) fn events_per_day(&self) -> Option<u64> {
        self.events_per_day.map(NonZeroU64::get)
    }

    pub(super) fn trusted_proxies(&self) -> TrustedProxies {
        TrustedProxies {
            networks: self.trusted_proxy.clone(),
            header: match self.proxy_header {
                Header::XForwardedFor => ProxyHeader::XForwardedFor,
                Header::Forwarded => ProxyHeader::Forwarded,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b2_a_trusted_proxy_is_an_address_or_a_network() {
        let parsed = |text| network(text).map(|network| network.to_string());
        assert_eq!(parsed("192.0.2.7"), Ok("192.0.2.7/32".to_owned()));
        assert_eq!(parsed("10.0.0.0/8"), Ok("10.0.0.0/8".to_owned()));
        assert_eq!(parsed("2001:db8::1"), Ok("2001:db8::1/128".to_owned()));
        for wrong in ["", "proxy.example.com", "10.0.0.0/33", "10.0.0.1:80"] {
            assert!(parsed(wrong).is_err(), "{wrong}");
        }
    }
}
