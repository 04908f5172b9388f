//! What macOS requires of a server's certificate in addition to a trusted CA.

use jiff::{SignedDuration, Timestamp};

use super::CheckResult;
use crate::lab::probe::{LONGEST_VALIDITY_DAYS, ServerCertificate};

/// A certificate that expires sooner than this is a warning.
const SOON: SignedDuration = SignedDuration::from_hours(14 * 24);
/// The name of these checks.
pub(super) const CHECK: &str = "certificate";

const RENEW: &str = "renew the certificate and replace the --tls-cert file; if systemd passes the \
                     file to the server: systemctl restart nicelist";

/// Checks the server's own certificate, which is the first of its chain.
pub(super) fn own(certificate: &ServerCertificate, now: Timestamp) -> CheckResult {
    let ServerCertificate { not_before, not_after, .. } = certificate;
    if *not_after <= now {
        return CheckResult::problem(CHECK, format!("the certificate expired at {not_after}"))
            .fix(RENEW);
    }
    if *not_before > now {
        let found =
            format!("the certificate is not valid before {not_before}; the time here is {now:.0}");
        return CheckResult::problem(CHECK, found)
            .fix("check this machine's clock: date -u; if it is right, request a new certificate");
    }
    let days = certificate.validity_days();
    if days > LONGEST_VALIDITY_DAYS {
        let found = format!(
            "the certificate is valid for {days} days; macOS accepts at most \
             {LONGEST_VALIDITY_DAYS}"
        );
        return CheckResult::problem(CHECK, found).fix(RENEW);
    }
    if !certificate.is_for_servers {
        let found = "the certificate has no extended key usage for servers; macOS refuses it";
        return CheckResult::problem(CHECK, found)
            .fix("request a certificate with extendedKeyUsage = serverAuth");
    }
    if certificate.names.is_empty() {
        let found = "the certificate has no subject alternative names; macOS refuses it";
        return CheckResult::problem(CHECK, found)
            .fix("request a certificate with subjectAltName = DNS:HOST");
    }
    if not_after.duration_since(now) < SOON {
        return CheckResult::warning(CHECK, format!("the certificate expires at {not_after}"))
            .fix(RENEW);
    }
    CheckResult::ok(CHECK, format!("valid for {} until {not_after}", certificate.names.join(", ")))
}

/// The certificate that is missing or out of order in a chain, if there is one.
pub(super) fn gap(chain: &[ServerCertificate]) -> Option<String> {
    let pair = chain.windows(2).find(|pair| pair[0].issuer != pair[1].subject)?;
    Some(format!(
        "the certificate `{}` must be followed by the certificate of its issuer `{}`",
        pair[0].subject, pair[0].issuer
    ))
}
