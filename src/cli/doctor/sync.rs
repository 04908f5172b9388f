//! Checks the enrollment secret, the bodies of requests and responses, and a whole sync.

use url::Url;

use super::{CheckResult, web};
use crate::cli::lab::failed_stage;
use crate::lab::conformance::BodyEncoding;
use crate::lab::probe::{Probe, innermost};
use crate::lab::{Certificates, HttpResponse, HttpTransport, Pace, Profile, Santa, SyncOptions};
use crate::shell::argument;

const SECRET: &str = "secret";
const BODIES: &str = "request bodies";
const ENCODING: &str = "content encoding";
const SYNC: &str = "sync";
const COMPRESSION: &str = "compression";

/// The start of a body in gzip.
const GZIP: &[u8] = &[0x1f, 0x8b];

/// What the simulated Mac sends.
pub(super) struct Mac {
    pub(super) url: String,
    pub(super) profile: Profile,
    pub(super) certificates: Certificates,
}

impl Mac {
    /// Whether a secret is sent in a header or in the path.
    fn has_secret(&self) -> bool {
        let in_path = Url::parse(&self.url).is_ok_and(|url| {
            let mut parts = url.path().split('/').skip_while(|part| *part != "santa").skip(1);
            parts.any(|part| !part.is_empty())
        });
        let mut headers = self.profile.headers.keys();
        headers.any(|name| name.eq_ignore_ascii_case("authorization")) || in_path
    }
}

/// Adds the results of all checks that send requests of a sync.
///
/// # Errors
/// The problem, if the server refuses the first request.
pub(super) async fn checks(
    probe: &Probe,
    mac: Mac,
    results: &mut Vec<CheckResult>,
) -> Result<(), CheckResult> {
    preflight(probe, BodyEncoding::Deflate, &mac).await?;
    results.push(CheckResult::ok(SECRET, "the server accepts this Mac"));
    results.push(match preflight(probe, BodyEncoding::Gzip, &mac).await {
        Ok(()) => CheckResult::ok(BODIES, "the server reads zlib and gzip"),
        Err(problem) => problem,
    });
    results.push(content_encoding(probe).await);
    results.push(whole(mac).await);
    results.push(compression(probe).await);
    Ok(())
}

/// Sends the first request of a sync.
///
/// # Errors
/// The problem, if the response is not the usual one.
async fn preflight(probe: &Probe, encoding: BodyEncoding, mac: &Mac) -> Result<(), CheckResult> {
    let response = probe.preflight(encoding).await.map_err(|error| {
        let found = format!("no valid response to a preflight: {}", innermost(&error));
        CheckResult::problem(SYNC, found).fix("see the server's log: journalctl -u nicelist")
    })?;
    if let Some(problem) = web::foreign(SYNC, &response) {
        return Err(problem);
    }
    match response.status {
        200 if is_object(&response) => Ok(()),
        200 => Err(CheckResult::problem(BODIES, "the response to a preflight is not valid JSON")
            .fix("stop the proxy in front of the server from changing response bodies")),
        401 => Err(unauthenticated(&response, mac)),
        403 => Err(CheckResult::problem(SYNC, "the server refuses this Mac (403)").fix(format!(
            "accept its machine ID: nicelist host accept {} --yes, or allow POST in the proxy",
            argument(&mac.profile.machine_id)
        ))),
        404 | 405 => {
            let found = format!(
                "the URL is not a sync URL: the server responds to a preflight with {}",
                response.status
            );
            Err(CheckResult::problem(SYNC, found)
                .fix("use the server's URL with /santa/, and forward this path in the proxy"))
        }
        status @ (400 | 413 | 415) => {
            let found =
                format!("the server cannot read a request body in {encoding} (status {status})");
            Err(CheckResult::problem(BODIES, found).fix(
                "stop the proxy in front of the server from changing request bodies and \
                 Content-Encoding",
            ))
        }
        429 => Err(CheckResult::problem(SYNC, "a rate limit was exceeded (429)")
            .fix("see which limit was exceeded: nicelist status")),
        status => Err(CheckResult::problem(
            SYNC,
            format!("the server responds to a preflight with {status}"),
        )
        .fix("nicelist status shows why; see also the log: journalctl -u nicelist")),
    }
}

fn is_object(response: &HttpResponse) -> bool {
    let value = serde_json::from_slice::<serde_json::Value>(&response.body);
    value.is_ok_and(|value| value.is_object())
}

fn unauthenticated(response: &HttpResponse, mac: &Mac) -> CheckResult {
    let reason = String::from_utf8_lossy(&response.body);
    if reason.contains("client certificate") {
        let found = "the server requires a client certificate from a CA in --client-ca";
        return CheckResult::problem("client certificate", found).fix(
            "nicelist doctor --client-cert mac.pem --client-key mac.key \
             (ClientAuthCertificateFile in the profile)",
        );
    }
    let (found, fix) = match mac.has_secret() {
        true => (
            "the enrollment secret is wrong, revoked or expired (401)",
            "list the secrets: nicelist token list; or create another one with a new name, and put \
             it into the profile: nicelist token create macs-2 --role enrollment",
        ),
        false => (
            "no enrollment secret was sent (401)",
            "pass it with --secret-file FILE, or create one with a new name: nicelist token create \
             macs-2 --role enrollment",
        ),
    };
    CheckResult::problem(SECRET, found).fix(fix)
}

/// Checks whether `Content-Encoding` of requests arrives at the server.
async fn content_encoding(probe: &Probe) -> CheckResult {
    match probe.unknown_encoding().await.map(|response| response.status) {
        Ok(415) => CheckResult::ok(ENCODING, "Content-Encoding arrives unchanged"),
        Ok(200 | 400) => CheckResult::warning(
            ENCODING,
            "a proxy removes Content-Encoding from requests; nicelist detects the encoding of \
             each body, but other servers fail",
        )
        .fix("forward the header Content-Encoding unchanged in the proxy in front of the server"),
        Ok(status) => {
            let found = format!("a request with an unknown encoding gets the status {status}");
            CheckResult::skipped(ENCODING, found)
        }
        Err(error) => CheckResult::skipped(
            ENCODING,
            format!("no response to a request with an unknown encoding: {}", innermost(&error)),
        ),
    }
}

/// Syncs a simulated Mac that has never synced before.
async fn whole(mac: Mac) -> CheckResult {
    let Mac { url, profile, certificates } = mac;
    let Ok(transport) = HttpTransport::with_certificates(&url, certificates) else {
        // The error contains the URL, which may contain the secret.
        return CheckResult::skipped(SYNC, "Santa does not sync with this URL");
    };
    let mut santa = Santa::new(profile);
    let options = SyncOptions { pace: Pace::WITHOUT_BACKOFF, ..SyncOptions::default() };
    let fix = "to see each stage: nicelist lab sync URL --no-backoff";
    match santa.sync(&transport, options).await {
        Ok(report) => match failed_stage(&report) {
            Ok(()) => {
                let rules = santa.rules().len();
                let noun = if rules == 1 { "rule" } else { "rules" };
                CheckResult::ok(SYNC, format!("a whole sync works; the Mac has {rules} {noun}"))
            }
            Err(error) => CheckResult::failed(SYNC, error).fix(fix),
        },
        Err(error) => {
            CheckResult::problem(SYNC, format!("{error}: {}", innermost(&error))).fix(fix)
        }
    }
}

/// Checks whether compressed responses arrive as the server sent them.
async fn compression(probe: &Probe) -> CheckResult {
    let response = match probe.rules().await {
        Ok(response) => response,
        Err(error) => {
            let found = format!("cannot read a compressed response: {}", innermost(&error));
            return CheckResult::problem(COMPRESSION, found)
                .fix("stop the proxy from changing response bodies");
        }
    };
    let encoding = response.header("content-encoding").unwrap_or_default();
    if response.status != 200 {
        let found = format!("a rule download gets the status {}", response.status);
        return CheckResult::skipped(COMPRESSION, found);
    }
    if encoding.eq_ignore_ascii_case("gzip") {
        return CheckResult::ok(COMPRESSION, "responses arrive compressed");
    }
    if response.body.starts_with(GZIP) {
        let found = "a proxy removes Content-Encoding from responses; Macs cannot read the rules";
        return CheckResult::problem(COMPRESSION, found)
            .fix("forward the header Content-Encoding of responses in the proxy");
    }
    let found = "responses arrive without compression, because a proxy decompresses them or \
                 removes Accept-Encoding";
    CheckResult::warning(COMPRESSION, found)
        .fix("forward the headers Accept-Encoding and Content-Encoding in the proxy")
}
