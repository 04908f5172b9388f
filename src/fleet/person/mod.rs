//! The names of people in stored data, and the pseudonyms that replace them.

mod home;
mod renaming;

pub use home::redact_home;
pub use renaming::Renaming;

use std::fmt;

use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::rule::checked_text;

/// The longest name, in bytes. Longer names are not stored.
const LONGEST: usize = 255;
/// Words that the history uses for authors who are not people.
const NOT_PEOPLE: [&str; 2] = ["nicelist", "local"];
/// Bytes of the HMAC in a pseudonym. Each becomes two digits.
const DIGEST: usize = 5;

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PersonNameError {
    #[error("the name of a person must have 1 to {LONGEST} bytes")]
    Length,
    #[error("the name of a person must not begin or end with a space")]
    Space,
    #[error("the name of a person must not contain slashes or control characters")]
    Letters,
    /// HTTP clients remove `.` and `..` from URLs.
    #[error("the name of a person must not be . or ..")]
    Dots,
    #[error("nicelist and local are not names of people")]
    Reserved,
}

checked_text!(
    /// The name of a person's account, as Macs report it, such as `anna`. Letter case matters.
    PersonName,
    PersonNameError,
    check
);

fn check(text: &str) -> Result<Box<str>, PersonNameError> {
    if text.is_empty() || text.len() > LONGEST {
        return Err(PersonNameError::Length);
    }
    if text.trim() != text {
        return Err(PersonNameError::Space);
    }
    if text.chars().any(|letter| letter.is_control() || letter == '/') {
        return Err(PersonNameError::Letters);
    }
    if matches!(text, "." | "..") {
        return Err(PersonNameError::Dots);
    }
    if NOT_PEOPLE.iter().any(|word| text.eq_ignore_ascii_case(word)) {
        return Err(PersonNameError::Reserved);
    }
    Ok(text.into())
}

/// Replaces the name of a person, such as `person-0badcafe17`. The same name has the same pseudonym
/// in one database. Without the database's key, no one can compute the pseudonyms of a list of
/// names and compare them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pseudonym(Box<str>);

impl Pseudonym {
    pub fn new(name: &PersonName, key: &[u8; 32]) -> Self {
        #[expect(clippy::expect_used, reason = "HMAC takes keys of every length")]
        let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any key length");
        mac.update(name.as_str().as_bytes());
        let digest = mac.finalize().into_bytes();
        Self(format!("person-{}", HEXLOWER.encode(&digest[..DIGEST])).into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Pseudonym {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_fits_into_a_path_and_is_not_another_author() {
        for fine in ["anna", "anna@example.com", "Zoë Müller", "a"] {
            assert_eq!(fine.parse::<PersonName>().unwrap().as_str(), fine);
        }
        let refused = |text: &str| text.parse::<PersonName>().unwrap_err();
        assert_eq!([refused(""), refused(&"x".repeat(256))], [PersonNameError::Length; 2]);
        assert_eq!([refused(" a"), refused("a ")], [PersonNameError::Space; 2]);
        assert_eq!([refused("a/b"), refused("a\nb")], [PersonNameError::Letters; 2]);
        assert_eq!([refused("."), refused("..")], [PersonNameError::Dots; 2]);
        assert_eq!([refused("local"), refused("Nicelist")], [PersonNameError::Reserved; 2]);
    }

    #[test]
    fn a_pseudonym_depends_on_the_name_and_the_key() {
        let pseudonym = |name: &str, key: u8| {
            let name: PersonName = name.parse().unwrap();
            Pseudonym::new(&name, &[key; 32]).to_string()
        };
        assert_eq!(pseudonym("anna", 1), pseudonym("anna", 1));
        assert_ne!(pseudonym("anna", 1), pseudonym("anna", 2));
        assert_ne!(pseudonym("anna", 1), pseudonym("bert", 1));
        let digits = pseudonym("anna", 1).strip_prefix("person-").unwrap().to_owned();
        assert!(digits.len() == 10 && digits.bytes().all(|it| it.is_ascii_hexdigit()));
    }
}
