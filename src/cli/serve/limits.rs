//! The limits of `nicelist serve`, and its trusted proxies.

use std::net::IpAddr;
use std::num::{NonZeroU32, NonZeroU64, NonZeroUsize};
use std::time::Duration;

use clap::{Args, ValueEnum};
use ipnet::IpNet;

use crate::cli::arg::positive;
use crate::fleet::parse_duration;
use crate::server::{ConnectionLimits, ProxyReport, RateLimits, TrustedProxies};

#[derive(Debug, Args)]
pub(super) struct LimitArgs {
    /// Trust the client addresses that proxies in this network report; can be repeated
    #[arg(long, value_name = "CIDR", value_parser = network)]
    trusted_proxy: Vec<IpNet>,
    /// Header in which trusted proxies report client addresses
    #[arg(long, value_name = "NAME", value_enum, default_value_t = Header::XForwardedFor)]
    proxy_header: Header,
    /// Read client addresses from the PROXY protocol of trusted proxies, version 1 or 2
    #[arg(long, requires = "trusted_proxy", conflicts_with = "proxy_header")]
    proxy_protocol: bool,
    /// Accept at most N connections at the same time [default: 16384, or fewer if file descriptors are limited]
    #[arg(long, value_name = "N", value_parser = positive::<NonZeroUsize>)]
    connections: Option<NonZeroUsize>,
    /// Accept at most N connections from one address [default: a quarter of all]
    #[arg(long, value_name = "N", value_parser = positive::<NonZeroUsize>)]
    connections_per_address: Option<NonZeroUsize>,
    /// Close connections whose TLS handshake takes longer than this
    #[arg(long, value_name = "DURATION", value_parser = timeout, default_value = "10s")]
    handshake_timeout: Duration,
    /// Close connections that take longer than this to send the headers of a request
    #[arg(long, value_name = "DURATION", value_parser = timeout, default_value = "10s")]
    header_timeout: Duration,
    /// Close connections that are idle for longer than this between two requests
    #[arg(long, value_name = "DURATION", value_parser = timeout, default_value = "75s")]
    idle_timeout: Duration,
    /// Close connections whose client reads nothing of a response for this long
    #[arg(long, value_name = "DURATION", value_parser = timeout, default_value = "30s")]
    write_timeout: Duration,
    /// On shutdown, wait at most this long for requests in progress
    #[arg(long, value_name = "DURATION", value_parser = timeout, default_value = "30s")]
    shutdown_timeout: Duration,
    /// Accept at most N requests from one host per minute [default: 3000]
    #[arg(long, value_name = "N", value_parser = positive::<NonZeroU32>)]
    host_requests_per_minute: Option<NonZeroU32>,
    /// Accept at most N requests from one address per minute [default: 600000]
    #[arg(long, value_name = "N", value_parser = positive::<NonZeroU32>)]
    address_requests_per_minute: Option<NonZeroU32>,
    /// Allow at most N wrong secrets from one address per minute [default: 6000]
    #[arg(long, value_name = "N", value_parser = positive::<NonZeroU32>)]
    wrong_secrets_per_minute: Option<NonZeroU32>,
    /// Accept at most N new hosts per minute [default: 10000]
    #[arg(long, value_name = "N", value_parser = positive::<NonZeroU32>)]
    new_hosts_per_minute: Option<NonZeroU32>,
    /// Keep at most N new events from one host per day [default: 50000]
    #[arg(long, value_name = "N", value_parser = positive::<NonZeroU64>)]
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
pub(super) fn network(text: &str) -> Result<IpNet, String> {
    let address = || text.parse::<IpAddr>().map(IpNet::from);
    text.parse().or_else(|_| address()).map_err(|_| {
        "expected an address or a network, as in 192.0.2.7, 10.0.0.0/8 or 2001:db8::/64".to_owned()
    })
}

/// Maximum value of the options that accept a timeout or an interval.
const LONGEST_TIMEOUT: Duration = Duration::from_secs(60 * 60);

pub(super) fn timeout(text: &str) -> Result<Duration, String> {
    let timeout = parse_duration(text).and_then(|timeout| Duration::try_from(timeout).ok());
    timeout
        .filter(|timeout| (Duration::from_secs(1)..=LONGEST_TIMEOUT).contains(timeout))
        .ok_or_else(|| "expected a time from 1s to 1h, as in 30s or 5m".to_owned())
}

impl LimitArgs {
    pub(super) fn shutdown_timeout(&self) -> Duration {
        self.shutdown_timeout
    }

    pub(super) fn connections(&self) -> ConnectionLimits {
        ConnectionLimits {
            connections: self.connections.map(NonZeroUsize::get),
            from_one_address: self.connections_per_address.map(NonZeroUsize::get),
            handshake: self.handshake_timeout,
            head: self.header_timeout,
            idle: self.idle_timeout,
            write: self.write_timeout,
            drain: self.shutdown_timeout,
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
            report: match self.proxy_header {
                _ if self.proxy_protocol => ProxyReport::ProxyProtocol,
                Header::XForwardedFor => ProxyReport::XForwardedFor,
                Header::Forwarded => ProxyReport::Forwarded,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b2_a_timeout_is_from_a_second_to_an_hour() {
        assert_eq!(timeout("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(timeout("1h"), Ok(LONGEST_TIMEOUT));
        for wrong in ["", "0s", "2h", "-5s", "soon"] {
            assert!(timeout(wrong).is_err(), "{wrong}");
        }
    }

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
