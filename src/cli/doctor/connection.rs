//! Checks the host name, the port and the TLS handshake.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use tokio::net::TcpStream;

use super::address::Address;
use super::{CheckResult, certificate};
use crate::lab::probe::{Handshake, HandshakeFault, ServerCertificate, handshake};
use crate::shell::argument;

/// How long a connection to one address may take.
const PATIENCE: Duration = Duration::from_secs(5);
const NAME: &str = "host name";
const PORT: &str = "connection";
const TLS: &str = "tls";

/// The addresses of the host.
///
/// # Errors
/// The problem, if there is none.
pub(super) async fn resolve(address: &Address) -> Result<Vec<SocketAddr>, CheckResult> {
    let Address { host, port, .. } = address;
    let fix = format!("check the name in DNS: nslookup {}", argument(host));
    let unknown = |reason: String| {
        CheckResult::problem(NAME, format!("the host name {host} cannot be resolved{reason}"))
            .fix(fix.clone())
    };
    let found = tokio::net::lookup_host((host.as_str(), *port)).await;
    let found: Vec<SocketAddr> = found.map_err(|error| unknown(format!(": {error}")))?.collect();
    if found.is_empty() { Err(unknown(String::new())) } else { Ok(found) }
}

pub(super) fn resolved(addresses: &[SocketAddr]) -> CheckResult {
    let mut shown: Vec<String> = addresses.iter().map(|address| address.ip().to_string()).collect();
    shown.dedup();
    CheckResult::ok(NAME, shown.join(", "))
}

/// Connects to the first address that accepts a connection.
///
/// # Errors
/// The problem, if no address does.
pub(super) async fn connect(addresses: &[SocketAddr]) -> Result<TcpStream, CheckResult> {
    let mut reasons = Vec::new();
    for address in addresses {
        match tokio::time::timeout(PATIENCE, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
                reasons.push(format!("{address} refuses connections"));
            }
            Ok(Err(error)) => reasons.push(format!("{address}: {error}")),
            Err(_) => {
                let seconds = PATIENCE.as_secs();
                reasons.push(format!("{address} did not respond within {seconds} s"));
            }
        }
    }
    let port = addresses.first().map_or(443, SocketAddr::port);
    Err(CheckResult::problem(PORT, reasons.join("; ")).fix(format!(
        "start the server there and open the port in firewalls: nicelist serve --listen \
         0.0.0.0:{port}"
    )))
}

pub(super) fn connected(stream: &TcpStream) -> CheckResult {
    let peer = stream.peer_addr().map(|peer| format!("connected to {peer}"));
    CheckResult::ok(PORT, peer.unwrap_or_else(|_| "connected".to_owned()))
}

/// Whether a server uses TLS.
pub(super) async fn uses_tls(addresses: &[SocketAddr], host: &str, roots: Option<&[u8]>) -> bool {
    match connect(addresses).await {
        Ok(stream) => !handshake(stream, host, roots).await.chain.is_empty(),
        Err(_) => false,
    }
}

/// The CAs that a Mac trusts.
pub(super) struct Roots<'a> {
    pub(super) path: Option<&'a Path>,
    pub(super) pem: Option<&'a [u8]>,
}

impl Roots<'_> {
    fn description(&self) -> String {
        match self.path {
            Some(path) => format!("the CAs in {}", path.display()),
            None => "the CAs of this machine".to_owned(),
        }
    }
}

/// Checks the handshake and the certificate as a Mac does.
///
/// # Errors
/// The problem, if the handshake fails.
pub(super) async fn tls(
    stream: TcpStream,
    address: &Address,
    roots: &Roots<'_>,
    now: Timestamp,
) -> Result<Vec<CheckResult>, CheckResult> {
    let Handshake { chain, fault } = handshake(stream, &address.host, roots.pem).await;
    if let Some(fault) = fault {
        return Err(failed(&fault, &chain, address, roots, now));
    }
    let trusted = format!("the certificate is signed by one of {}", roots.description());
    let own = chain.first().map(|own| certificate::own(own, now));
    Ok(std::iter::once(CheckResult::ok(TLS, trusted)).chain(own).collect())
}

fn failed(
    fault: &HandshakeFault,
    chain: &[ServerCertificate],
    address: &Address,
    roots: &Roots<'_>,
    now: Timestamp,
) -> CheckResult {
    let Address { host, .. } = address;
    match (fault, chain) {
        (HandshakeFault::NotTls, _) => {
            let found = format!("{host} does not use TLS, but the URL begins with https://");
            CheckResult::problem(TLS, found)
                .fix("nicelist serve --tls-cert server.pem --tls-key server.key")
        }
        (HandshakeFault::Expired | HandshakeFault::NotYetValid, [own, ..])
            if certificate::own(own, now).is_problem() =>
        {
            certificate::own(own, now)
        }
        (HandshakeFault::Expired, _) => {
            CheckResult::problem(TLS, "a certificate in the server's chain has expired")
                .fix("replace the expired CA certificate in the --tls-cert file")
        }
        (HandshakeFault::NotYetValid, _) => {
            CheckResult::problem(TLS, "a certificate in the server's chain is not valid yet")
                .fix("check this machine's clock: date -u")
        }
        (HandshakeFault::WrongName, [own, ..]) => {
            let names = own.names.join(", ");
            let found = format!("the certificate is for {names}, not for {host}");
            CheckResult::problem(TLS, found).fix(format!(
                "use a name from the certificate in SyncBaseURL, or request a certificate for \
                 {host}"
            ))
        }
        (HandshakeFault::Untrusted, [own, ..]) => untrusted(own, chain, roots),
        (HandshakeFault::WrongName | HandshakeFault::Untrusted, []) => {
            CheckResult::problem(TLS, "the server's certificate cannot be read")
        }
        (HandshakeFault::Other(reason), _) => {
            let found = format!("the TLS handshake failed: {reason}");
            let shown = format!("openssl s_client -connect {host}:{}", address.port);
            CheckResult::problem(TLS, found).fix(shown)
        }
    }
}

/// The chain does not lead to a trusted CA.
fn untrusted(
    own: &ServerCertificate,
    chain: &[ServerCertificate],
    roots: &Roots<'_>,
) -> CheckResult {
    let trusting = roots.description();
    if own.is_self_signed() {
        let found = format!("the certificate is self-signed; {trusting} do not include it");
        return CheckResult::problem(TLS, found).fix(
            "use a certificate from a CA, and put the CA into ServerAuthRootsData in the profile; \
             to test it: nicelist doctor --ca ca.pem",
        );
    }
    if let Some(gap) = certificate::gap(chain) {
        return CheckResult::problem(TLS, format!("the chain is out of order: {gap}")).fix(
            "cat server.pem intermediate.pem > chain.pem; nicelist serve --tls-cert chain.pem",
        );
    }
    let issuer = chain.last().map_or("", |last| &last.issuer);
    let intermediate = match chain.len() {
        1 => "an intermediate certificate is missing, or the CA is wrong",
        _ => "the CA is wrong",
    };
    let found = format!(
        "the certificate is not signed by any of {trusting}: {intermediate}; the issuer is \
         `{issuer}`"
    );
    CheckResult::problem(TLS, found).fix(format!(
        "if `{issuer}` is an intermediate CA, add its certificate to the --tls-cert file; if it is \
         your root CA, put it into ServerAuthRootsData in the profile; to test it: nicelist \
         doctor --ca ca.pem"
    ))
}
