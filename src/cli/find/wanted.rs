//! The text to find, and its form, such as a number, a hash or a path.

use percent_encoding::percent_decode_str;
use url::Url;

use crate::api::{ProgramView, RuleView};
use crate::cli::error::CliError;
use crate::fleet::{EventId, PathPattern};
use crate::rule::{RuleType, Target};

/// A shorter text does not find a hash, because too many hashes begin with it.
const SHORTEST_HASH: usize = 6;
/// A shorter text does not find a host, because too many machine IDs begin with it.
const SHORTEST_HOST: usize = 3;

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) text: String,
    pub(super) shape: Shape,
    /// Whether the text is only a part of the argument, such as the hash in a URL.
    pub(super) is_part: bool,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Number(EventId),
    /// The SHA-256 of a file or a certificate.
    Sha256,
    CdHash,
    Path(PathPattern),
    Other,
}

impl Wanted {
    pub(super) fn read(argument: &str) -> Self {
        let argument = argument.trim();
        let part = part_of_url(argument).or_else(|| {
            let target: Target = argument.parse().ok()?;
            Some(target.identifier().to_owned())
        });
        let is_part = part.is_some();
        let text = part.unwrap_or_else(|| argument.to_owned());
        let path = text.starts_with('/').then(|| text.parse().ok()).flatten();
        let shape = match (path, text.parse()) {
            (Some(path), _) => Shape::Path(path),
            (None, Ok(number)) => Shape::Number(EventId(number)),
            (None, Err(_)) if is(RuleType::Binary, &text) => Shape::Sha256,
            (None, Err(_)) if is(RuleType::CdHash, &text) => Shape::CdHash,
            (None, Err(_)) => Shape::Other,
        };
        Self { text, shape, is_part }
    }

    /// Whether a text contains the wanted text, in any letter case.
    fn is_in(&self, text: &str) -> bool {
        text.to_lowercase().contains(&self.text.to_lowercase())
    }

    fn begins(&self, hash: &str) -> bool {
        let is_long = self.text.len() >= SHORTEST_HASH;
        is_long && hash.starts_with(&self.text.to_ascii_lowercase())
    }

    /// Whether a program has the text in a name or an identifier. The server also finds the text
    /// inside of hashes.
    pub(super) fn fits_program(&self, view: &ProgramView) -> bool {
        let ProgramView { name, bundle_name, program, .. } = view;
        let names = [name, bundle_name, &program.signing_id, &program.team_id];
        names.into_iter().any(|text| self.is_in(text)) || self.begins(&program.sha256)
    }

    /// Whether the text can be a name. A machine ID may look like a cdhash.
    pub(super) fn can_be_name(&self) -> bool {
        matches!(self.shape, Shape::Number(_) | Shape::CdHash | Shape::Other)
    }

    /// Whether a machine ID, serial number or host name can begin with the text.
    pub(super) fn can_be_host(&self) -> bool {
        self.can_be_name() && self.text.len() >= SHORTEST_HOST
    }

    /// Whether a rule has the text in its identifier, comment or ticket.
    pub(super) fn fits_rule(&self, view: &RuleView) -> bool {
        let rule = &view.rule;
        let mut noted = [&rule.comment, &rule.ticket].into_iter().flatten();
        noted.any(|text| self.is_in(text))
            || match rule.target.split_once(':') {
                Some(("signingid" | "teamid", identifier)) => self.is_in(identifier),
                Some((_, hash)) => self.begins(hash),
                None => false,
            }
    }

    pub(super) fn not_found(&self) -> CliError {
        const EVENT: &str = "no event has this ID";
        const HOST: &str = "no machine ID, serial number or host name begins with this text";
        const USER: &str = "no user has exactly this name";
        const RULE: &str = "no rule has this text in its identifier, comment or ticket";
        let program = match self.shape {
            Shape::Number(_) => None,
            Shape::Sha256 => Some("no program or certificate has this SHA-256"),
            Shape::CdHash => Some("no program has this cdhash"),
            Shape::Path(_) => Some("no program was reported at this path, or with this name"),
            Shape::Other => Some(
                "no program has this text in its name, publisher, signing ID, team ID or SHA-256",
            ),
        };
        let tried: Vec<&str> = match self.shape {
            Shape::Number(_) => vec![EVENT, HOST, USER, RULE],
            Shape::Sha256 => program.into_iter().chain([RULE]).collect(),
            Shape::Path(_) => program.into_iter().collect(),
            Shape::CdHash | Shape::Other => program.into_iter().chain([HOST, USER, RULE]).collect(),
        };
        CliError::failed(format!("`{}` not found", self.text))
            .because(tried.into_iter().map(str::to_owned))
            .hint("list the programs pending approval: nicelist event list --waiting")
    }
}

fn is(rule_type: RuleType, text: &str) -> bool {
    Target::new(rule_type, text).is_ok()
}

/// The part of a URL that identifies a program or an event. Santa replaces placeholders in the URL
/// of a block window, such as `%file_identifier%`; any of them may be anywhere in the URL.
fn part_of_url(text: &str) -> Option<String> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let path = url.path_segments().into_iter().flatten().map(decoded);
    let query = url.query_pairs().map(|(_, value)| value.into_owned());
    let parts = path.chain(query).chain(url.fragment().map(decoded));
    let parts: Vec<String> = parts.filter(|part| !part.is_empty()).collect();
    let identifier = [RuleType::Binary, RuleType::CdHash, RuleType::SigningId]
        .into_iter()
        .find_map(|rule_type| parts.iter().find(|part| is(rule_type, part)));
    let number = || parts.iter().find(|part| part.parse::<i64>().is_ok());
    identifier.or_else(number).or(parts.last()).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "7ae80b9ab38af0c63a9a81765f434d9a7cd8f720eb6037ef303de39d779bc258";

    #[test]
    fn a_url_of_a_block_window_has_the_hash_anywhere() {
        for url in [
            format!("https://santa.example/blocked/{HASH}"),
            format!("https://santa.example/?machine=6F1C2B7A&file={HASH}&user=mira"),
            format!("http://santa.example/a#{HASH}"),
        ] {
            let wanted = Wanted::read(&url);
            assert_eq!((wanted.text.as_str(), wanted.shape), (HASH, Shape::Sha256), "{url}");
            assert!(wanted.is_part);
        }
        let text = |url: &str| Wanted::read(url).text;
        assert_eq!(text("https://x.example/events/1204?user=mira"), "1204");
        assert_eq!(text("https://x.example/?id=EQHXZ8M8AV%3Acom.zoom"), "EQHXZ8M8AV:com.zoom");
        assert_eq!(text("https://x.example/"), "https://x.example/");
    }

    #[test]
    fn a_text_has_one_shape() {
        let shape = |text: &str| Wanted::read(text).shape;
        assert_eq!(shape("1204"), Shape::Number(EventId(1204)));
        assert_eq!(shape(&format!("binary:{HASH}")), Shape::Sha256);
        let cdhash = "270b12fbfc3c7622b1b11893a173bf166ad6d6af";
        assert_eq!(shape(cdhash), Shape::CdHash);
        assert_eq!(shape(&format!("cdhash:{cdhash}")), Shape::CdHash);
        assert_eq!(shape(&format!("https://x.example/?file={cdhash}")), Shape::CdHash);
        assert_eq!(shape(&cdhash[1..]), Shape::Other);
        assert_eq!(shape("teamid:EQHXZ8M8AV"), Shape::Other);
        assert_eq!(Wanted::read("teamid:EQHXZ8M8AV").text, "EQHXZ8M8AV");
        assert!(matches!(shape("/Applications/Zoom.app"), Shape::Path(_)));
        assert_eq!(Wanted::read(" zoom ").text, "zoom");
    }

    #[test]
    fn a_short_text_does_not_find_hashes() {
        assert!(!Wanted::read("ab").begins(&"ab".repeat(32)));
        assert!(Wanted::read("ABABAB").begins(&"ab".repeat(32)));
    }
}
