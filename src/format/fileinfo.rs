//! The output of `santactl fileinfo --json`: reports about programs.
//!
//! The output is one object, or an array with an object per file. Keys that do not apply are
//! absent, or have a value such as `None` or `null`.

mod rules;

pub use rules::{read_rules, recognises};

use std::io::Read;

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::rule::{Certificate, Program, SigningStatus};

/// The first words in the common names of Apple's development certificates.
const DEVELOPMENT: [&str; 3] = ["Apple Development", "Mac Developer", "iPhone Developer"];
/// The field `Rule` contains this text if Santa has a rule for the program's signing ID or team ID,
/// but ignores the rule because the program is signed with a development certificate.
const IGNORED_FOR_DEVELOPMENT: &str = "development certificate";

/// Types of files without machine code (SNTFileInfo.mm).
const NO_CODE: [&str; 3] = ["Script", "XAR Archive", "Disk Image"];

/// One program in a report of `santactl`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileInfo {
    pub path: String,
    /// The name of the bundle, or of the file if the program has no bundle.
    pub name: String,
    pub program: Program,
    /// Whether the file is a script, a package or a disk image rather than machine code.
    pub no_code: bool,
    /// Whether the program's first page of memory is accessible, as in some 32-bit programs.
    pub no_page_zero: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum FileInfoError {
    #[error("is not the output of `santactl fileinfo --json`: {0}")]
    Json(#[from] serde_json::Error),
    /// The list is empty: `santactl` reports files that it cannot find only on standard error.
    #[error("contains no files")]
    Empty,
    #[error("has no `SHA-256` for {0}")]
    NoHash(String),
    #[error("lists certificates; run santactl fileinfo without --cert-index")]
    Certificates,
}

/// # Errors
/// If the input cannot be read, is not a report of `santactl`, is empty, or has an entry that is
/// about a certificate or has no SHA-256.
pub fn read(input: impl Read) -> Result<Vec<FileInfo>, FileInfoError> {
    let raw: Box<RawValue> = serde_json::from_reader(std::io::BufReader::new(input))?;
    read_each(raw.get())?.into_iter().collect()
}

/// Reads a report. If an entry has no SHA-256 or is about a certificate, only its own result is an
/// error.
///
/// # Errors
/// If the text is not a report of `santactl`, or the report is empty.
fn read_each(text: &str) -> Result<Vec<Result<FileInfo, FileInfoError>>, FileInfoError> {
    let raws: Vec<&RawValue> = match text.trim_start().starts_with('[') {
        true => serde_json::from_str(text)?,
        false => vec![serde_json::from_str(text)?],
    };
    if raws.is_empty() {
        return Err(FileInfoError::Empty);
    }
    let programs = raws.into_iter().enumerate().map(|(index, raw)| {
        let entry: Entry = serde_json::from_str(raw.get())?;
        Ok(entry.file_info(index))
    });
    programs.collect()
}

#[derive(Deserialize)]
struct Entry {
    #[serde(rename = "Path", default, deserialize_with = "text")]
    path: String,
    #[serde(rename = "SHA-256", default, deserialize_with = "text")]
    sha256: String,
    #[serde(rename = "Bundle Name", default, deserialize_with = "text")]
    bundle_name: String,
    #[serde(rename = "Team ID", default, deserialize_with = "text")]
    team_id: String,
    #[serde(rename = "Signing ID", default, deserialize_with = "text")]
    signing_id: String,
    #[serde(rename = "CDHash", default, deserialize_with = "text")]
    cdhash: String,
    #[serde(rename = "Code-signed", default, deserialize_with = "text")]
    code_signed: String,
    /// The status of each architecture, with `--verify`.
    #[serde(rename = "Validation", default, deserialize_with = "list")]
    validation: Vec<Architecture>,
    #[serde(rename = "Rule", default, deserialize_with = "text")]
    rule: String,
    #[serde(rename = "Type", default, deserialize_with = "text")]
    file_type: String,
    /// Present only in reports about files with a bad first page.
    #[serde(rename = "Page Zero", default, deserialize_with = "text")]
    page_zero: String,
    #[serde(rename = "Signing Chain", default, deserialize_with = "list")]
    signing_chain: Vec<Link>,
    /// Present only in the objects that `--cert-index` prints.
    #[serde(rename = "Valid Until", default, deserialize_with = "text")]
    valid_until: String,
}

#[derive(Deserialize)]
struct Architecture {
    #[serde(default, deserialize_with = "text")]
    status: String,
}

#[derive(Deserialize)]
struct Link {
    #[serde(rename = "SHA-256", default, deserialize_with = "text")]
    sha256: String,
    #[serde(rename = "Common Name", default, deserialize_with = "text")]
    common_name: String,
    #[serde(rename = "Organization", default, deserialize_with = "text")]
    organization: String,
}

/// Reads a text. santactl's words for an absent value are read as an empty text.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?.unwrap_or_default();
    Ok(if matches!(text.as_str(), "None" | "null" | "(null)") { String::new() } else { text })
}

/// Reads a list. Any other value is read as an empty list.
fn list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: serde::de::DeserializeOwned,
{
    use serde::de::Error;
    match serde_json::Value::deserialize(deserializer)? {
        list @ serde_json::Value::Array(_) => {
            serde_json::from_value(list).map_err(D::Error::custom)
        }
        _ => Ok(Vec::new()),
    }
}

impl Entry {
    fn file_info(self, index: usize) -> Result<FileInfo, FileInfoError> {
        if self.path.is_empty() && !self.valid_until.is_empty() {
            return Err(FileInfoError::Certificates);
        }
        if self.sha256.is_empty() {
            let nameless = format!("file {} of the list", index + 1);
            let file = if self.path.is_empty() { nameless } else { self.path };
            return Err(FileInfoError::NoHash(file));
        }
        let signing_status = self.signing_status();
        let file_name = self.path.rsplit('/').next().unwrap_or_default();
        let name = if self.bundle_name.is_empty() { file_name } else { &self.bundle_name };
        let leaf = self.signing_chain.into_iter().next().filter(|leaf| !leaf.sha256.is_empty());
        Ok(FileInfo {
            name: name.to_owned(),
            no_code: NO_CODE.contains(&self.file_type.as_str()),
            no_page_zero: !self.page_zero.is_empty(),
            path: self.path,
            program: Program {
                sha256: self.sha256,
                cdhash: self.cdhash,
                team_id: self.team_id,
                signing_id: self.signing_id,
                signing_status,
                certificate: leaf.map(|leaf| Certificate {
                    sha256: leaf.sha256,
                    common_name: leaf.common_name,
                    organization: leaf.organization,
                }),
            },
        })
    }

    /// `Code-signed` is `No`, `Yes`, or `Yes, but` and the problem. santactl does not report that a
    /// certificate is for development. Development certificates are recognized by their names, or
    /// by the message about an ignored rule.
    fn signing_status(&self) -> SigningStatus {
        match self.code_signed.to_ascii_lowercase().as_str() {
            "no" => return SigningStatus::Unsigned,
            "yes" | "" => {}
            "yes, but ad-hoc" => return SigningStatus::Adhoc,
            _ => return SigningStatus::Invalid,
        }
        let broken = |each: &Architecture| {
            each.status.starts_with("Invalid") || each.status.starts_with("Failed")
        };
        if self.validation.iter().any(broken) {
            return SigningStatus::Invalid;
        }
        let leaf = self.signing_chain.first().map(|leaf| leaf.common_name.as_str());
        let named = |leaf: &str| DEVELOPMENT.iter().any(|kind| leaf.starts_with(kind));
        if leaf.is_some_and(named) || self.rule.contains(IGNORED_FOR_DEVELOPMENT) {
            SigningStatus::Development
        } else if leaf.is_some() || self.signing_id.starts_with("platform:") {
            SigningStatus::Production
        } else {
            SigningStatus::Unknown
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = include_str!("../../examples/fileinfo.json");

    fn status(fields: &str) -> SigningStatus {
        let json = format!(r#"{{"Path":"/x","SHA-256":"{}",{fields}}}"#, "ab".repeat(32));
        read(json.as_bytes()).unwrap()[0].program.signing_status
    }

    fn refused(json: &str) -> String {
        read(json.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn the_example_names_its_programs_and_their_best_targets() {
        let files = read(SAMPLE.as_bytes()).unwrap();
        let best: Vec<(&str, SigningStatus, String)> = files
            .iter()
            .map(|file| {
                let best = file.program.candidates().swap_remove(0).target.to_string();
                (file.name.as_str(), file.program.signing_status, best)
            })
            .collect();
        assert_eq!(
            best,
            [
                (
                    "Kestrel",
                    SigningStatus::Production,
                    "signingid:K7V3QWX92P:example.northwind.kestrel".to_owned()
                ),
                (
                    "ledgerctl",
                    SigningStatus::Adhoc,
                    "cdhash:5e1b0c4a97d2f386b1c05a7e94d8362fb70a1c59".to_owned()
                ),
                (
                    "osascript",
                    SigningStatus::Production,
                    "signingid:platform:com.apple.osascript".to_owned()
                ),
            ]
        );
        let leaf = files[0].program.certificate.as_ref().unwrap();
        assert_eq!(leaf.organization, "Northwind Instruments Ltd");
    }

    #[test]
    fn a_single_object_is_read_like_a_list_of_one() {
        let json = format!(
            r#"{{"Path":"/opt/bin/tool","SHA-256":"{}","Team ID":"None","Bundle Name":null,
                "Signing ID":"null","Signing Chain":"None","Signing Time":"None","New Key":{{}}}}"#,
            "ab".repeat(32)
        );
        let file = read(json.as_bytes()).unwrap().swap_remove(0);
        assert_eq!(file.name, "tool");
        assert_eq!((&*file.program.team_id, &*file.program.signing_id), ("", ""));
        assert_eq!(file.program.certificate, None);
        assert_eq!(file.program.signing_status, SigningStatus::Unknown);
    }

    #[test]
    fn the_signing_status_is_deduced_from_what_santactl_prints() {
        let chain = |name: &str| {
            format!(
                r#""Code-signed":"Yes","Signing Chain":[{{"SHA-256":"","Common Name":"{name}"}}]"#
            )
        };
        assert_eq!(status(r#""Code-signed":"No""#), SigningStatus::Unsigned);
        assert_eq!(status(r#""Code-signed":"Yes, but ad-hoc""#), SigningStatus::Adhoc);
        assert_eq!(status(r#""Code-signed":"Yes, but resources invalid""#), SigningStatus::Invalid);
        assert_eq!(status(r#""Code-signed":"Yes""#), SigningStatus::Unknown);
        assert_eq!(status(&chain("Developer ID Application: Acme")), SigningStatus::Production);
        assert_eq!(status(&chain("Apple Development: Jo (X)")), SigningStatus::Development);
        let ignored = r#""Rule":"None (TeamID rule ignored because code signed with a development certificate.)""#;
        assert_eq!(status(ignored), SigningStatus::Development);
        let slices = |status: &str| {
            format!(r#"{},"Validation":[{{"arch":"arm64","status":"{status}"}}]"#, chain("Acme"))
        };
        assert_eq!(status(&slices("Valid on disk")), SigningStatus::Production);
        assert_eq!(
            status(&slices("Invalid (a sealed resource is missing)")),
            SigningStatus::Invalid
        );
    }

    #[test]
    fn what_is_odd_about_a_file_is_kept() {
        let odd = |fields: &str| {
            let json = format!(r#"{{"Path":"/x","SHA-256":"{}",{fields}}}"#, "ab".repeat(32));
            let file = read(json.as_bytes()).unwrap().swap_remove(0);
            (file.no_code, file.no_page_zero)
        };
        assert_eq!(odd(r#""Type":"Executable (arm64, x86_64)""#), (false, false));
        assert_eq!(odd(r#""Type":"Script""#), (true, false));
        assert_eq!(odd(r#""Page Zero":"__PAGEZERO segment missing/bad!""#), (false, true));
    }

    #[test]
    fn errors_name_what_is_missing() {
        assert_eq!(refused(r#"[{"Path":"/bin/x","Team ID":"A"}]"#), "has no `SHA-256` for /bin/x");
        assert_eq!(refused(r#"[{"Rule":"None"}]"#), "has no `SHA-256` for file 1 of the list");
        assert_eq!(refused("[]"), "contains no files");
        assert!(refused(r#"[{"Path":7}]"#).contains("invalid type"));
        assert!(refused("Path : /bin/x").starts_with("is not the output of"));
        let certificate = r#"[{"SHA-256":"ab","Common Name":"x","Valid Until":"2029/01/01"}]"#;
        assert!(refused(certificate).starts_with("lists certificates"));
    }
}
