//! Runs cases against a server.

use data_encoding::HEXLOWER;

use super::case::Case;
use super::case_run::CaseRun;
use super::hook::Hooks;
use super::mac::Mac;
use super::report::CaseReport;
use super::request::BodyEncoding;
use super::rule::V2026_7;
use super::server::{Server, Unreachable};
use super::stop::Stop;

#[derive(Debug)]
pub struct Judge {
    server: Server,
    hooks: Hooks,
    prefix: String,
}

impl Judge {
    /// The machine IDs of simulated hosts begin with the prefix. The default prefix contains random
    /// digits.
    pub fn new(server: Server, hooks: Hooks, prefix: Option<String>) -> Self {
        let random = || format!("conformance-{}", HEXLOWER.encode(&rand::random::<[u8; 3]>()));
        Self { server, hooks, prefix: prefix.unwrap_or_else(random) }
    }

    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Chooses the encoding of bodies: the given encoding, or else the first in which the server
    /// accepts a preflight, or else deflate.
    ///
    /// # Errors
    /// When there is no response, or the response is 401, 403 or 404.
    pub async fn reach(
        &mut self,
        given: Option<BodyEncoding>,
    ) -> Result<BodyEncoding, Unreachable> {
        let mac = Mac::new(&self.server, format!("{}-reach", self.prefix), V2026_7);
        let preflight = mac.json("preflight", &mac.preflight_request());
        let accepted = self.server.accepted_encoding(&preflight).await?;
        let encoding = given.unwrap_or(accepted);
        self.server.send_in(encoding);
        Ok(encoding)
    }

    pub async fn judge(&self, case: &'static Case) -> CaseReport {
        let missing = self.hooks.missing(case.needs);
        if !missing.is_empty() {
            let flags: Vec<String> =
                missing.iter().map(|hook| format!("--hook {hook}=CMD")).collect();
            let why = format!("requires {}", flags.join(" and "));
            return CaseReport::of(case, Err(Stop::not_applicable(why)));
        }
        let run = CaseRun::new(&self.server, &self.hooks, format!("{}-{}", self.prefix, case.id));
        let result = (case.run)(&run).await;
        run.delete_rules().await;
        CaseReport::of(case, result)
    }
}
