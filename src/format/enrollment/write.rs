//! Writes an enrollment profile.

use ::plist::{Dictionary, Value};

use super::values::{
    ClientCertificate, EnrollmentSecret, Organization, ProfileIdentifier, RootCertificates, SyncUrl,
};
use super::{AUTHORIZATION, approvals, key};
use crate::format::profile::{DOMAINS, uuid};

/// Where Santa sends the enrollment secret.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SecretPlace {
    /// In `SyncExtraHeaders`, as a bearer token. Needs Santa 2023.7 or later.
    #[default]
    Header,
    /// As the last part of `SyncBaseURL`.
    Url,
}

/// What an enrollment profile contains.
#[derive(Clone, Debug)]
pub struct Enrollment {
    pub url: SyncUrl,
    pub secret: Option<EnrollmentSecret>,
    pub secret_place: SecretPlace,
    pub roots: Option<RootCertificates>,
    pub certificate: Option<ClientCertificate>,
    pub identifier: ProfileIdentifier,
    pub organization: Option<Organization>,
    /// Whether the profile also approves Santa's system extension and its other parts.
    pub with_approvals: bool,
}

impl Enrollment {
    /// Whether a Mac with the profile sends an enrollment secret or a client certificate.
    pub fn has_credential(&self) -> bool {
        self.secret.is_some() || self.certificate.is_some() || self.url.may_have_secret()
    }

    /// The profile as an XML property list.
    pub fn profile(&self) -> Vec<u8> {
        let [santa, _] = DOMAINS;
        let settings = [self.payload(santa, "Santa", self.settings())];
        let approvals = approvals::payloads().into_iter();
        let approvals = approvals.filter(|_| self.with_approvals);
        let approvals = approvals.map(|(kind, title, content)| self.payload(kind, title, content));
        let payloads: Vec<Value> = settings.into_iter().chain(approvals).collect();
        let description = "Connects Santa to its sync server.";
        let mut profile = self.described("Configuration", None, "Santa", &payloads);
        profile.insert("PayloadDescription".to_owned(), description.into());
        profile.insert("PayloadScope".to_owned(), "System".into());
        profile.insert("PayloadRemovalDisallowed".to_owned(), true.into());
        profile.insert("PayloadContent".to_owned(), Value::Array(payloads));
        let mut bytes = Vec::new();
        // Writing to memory cannot fail.
        let written = Value::Dictionary(profile).to_writer_xml(&mut bytes);
        debug_assert!(written.is_ok());
        bytes.push(b'\n');
        bytes
    }

    /// Santa's settings.
    fn settings(&self) -> Dictionary {
        let mut settings = Dictionary::new();
        let mut set = |key: &str, value: Value| drop(settings.insert(key.to_owned(), value));
        match (&self.secret, self.secret_place) {
            (Some(secret), SecretPlace::Url) => {
                set(key::URL, format!("{}{}/", self.url.as_str(), secret.expose()).into());
            }
            (Some(secret), SecretPlace::Header) => {
                set(key::URL, self.url.as_str().into());
                let bearer = format!("Bearer {}", secret.expose());
                set(key::HEADERS, dictionary([(AUTHORIZATION, bearer.into())]).into());
            }
            (None, _) => set(key::URL, self.url.as_str().into()),
        }
        if let Some(roots) = &self.roots {
            set(key::ROOTS, Value::Data(roots.as_bytes().to_owned()));
        }
        match &self.certificate {
            None => {}
            Some(ClientCertificate::File { path, password }) => {
                set(key::CERTIFICATE_FILE, (&**path).into());
                if let Some(password) = password {
                    set(key::CERTIFICATE_PASSWORD, password.expose().into());
                }
            }
            Some(ClientCertificate::CommonName(name)) => {
                set(key::CERTIFICATE_NAME, (&**name).into());
            }
            Some(ClientCertificate::Issuer(name)) => {
                set(key::CERTIFICATE_ISSUER, (&**name).into());
            }
        }
        settings
    }

    fn payload(&self, kind: &str, title: &str, content: Dictionary) -> Value {
        let content = Value::Dictionary(content);
        let mut payload = self.described(kind, Some(kind), title, std::slice::from_ref(&content));
        payload.extend(content.into_dictionary().unwrap_or_default());
        Value::Dictionary(payload)
    }

    /// The keys that each payload, and the profile itself, must have. `part` is the last part of the
    /// identifier.
    fn described(
        &self,
        kind: &str,
        part: Option<&str>,
        title: &str,
        content: &[Value],
    ) -> Dictionary {
        let identifier = match part {
            Some(part) => format!("{}.{part}", self.identifier),
            None => self.identifier.to_string(),
        };
        let organization = self.organization.as_ref().map(Organization::as_str);
        let unique = uuid(&format!("{organization:?}{content:?}"), &identifier);
        let mut described = dictionary([
            ("PayloadType", kind.into()),
            ("PayloadVersion", Value::from(1)),
            ("PayloadIdentifier", identifier.into()),
            ("PayloadUUID", unique.into()),
            ("PayloadDisplayName", title.into()),
        ]);
        if let Some(organization) = organization {
            described.insert("PayloadOrganization".to_owned(), organization.into());
        }
        described
    }
}

/// A dictionary with these entries, in this order.
pub(super) fn dictionary<'k>(entries: impl IntoIterator<Item = (&'k str, Value)>) -> Dictionary {
    entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}
