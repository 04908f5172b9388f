//! Who may do what: tokens in memory by their hash, and the extractors by which a handler says
//! whom it serves.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use axum::extract::FromRequestParts;
use data_encoding::BASE64URL_NOPAD;
use http::header::AUTHORIZATION;
use http::request::Parts;
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::answer::Refused;
use super::app::{Options, ServerError, State};
use super::client_address::ClientAddress;
use super::refusals::REFUSALS;
use super::trusted_clock::TrustedClock;
use crate::api::{Code, Problem};
use crate::fleet::Role;
use crate::store::{Author, Installation, Store, StoreResult, TokenRecord};

/// Maximum rules in a dry run by a viewer or helpdesk token.
pub(super) const MOST_READERS_RULES: usize = 50_000;

/// Characters of a first secret that an operator chooses.
const SHORTEST_SECRET: usize = 16;
const LONGEST_SECRET: usize = 200;
/// Random bytes of a secret.
const SECRET_BYTES: usize = 32;

/// What hosts must present to sync.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SyncAuth {
    /// An enrolment secret, as bearer token or in the path.
    #[default]
    Secret,
    /// Nothing: whoever reaches the port may sync.
    None,
}

/// The secrets of a server's first start. They are kept hashed: this is the one chance to
/// note them.
#[derive(Clone, Debug)]
pub struct FirstStart {
    /// The first admin token, if it was made up here.
    pub admin_token: Option<String>,
    /// The first enrolment secret, if it was made up here.
    pub enrolment_secret: Option<String>,
}

/// Marks a request that comes from this process and not from the network: whoever can open the
/// database needs no token.
#[derive(Clone, Debug)]
pub struct LocalOperator(pub String);

/// Marks a request of whom has shown a certificate of the client CA that is good now.
#[derive(Clone, Copy, Debug)]
pub(super) struct Certified;

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Operator {
    pub(super) name: String,
    pub(super) role: Role,
    /// Whether it is someone who can open the database.
    pub(super) is_local: bool,
}

impl Operator {
    /// Refuses whoever may do less than a role.
    pub(super) fn must_be(&self, least: Role) -> Result<(), Refused> {
        let Self { name, role, is_local: _ } = self;
        if *role >= least {
            return Ok(());
        }
        let message = format!("token `{name}` has role {role}; this needs {least}");
        Err(Problem::new(Code::Forbidden, message).into())
    }

    /// Refuses a change by anyone who may do less than a role. A dry run shows what anyone who may
    /// read could work out.
    pub(super) fn may_change(&self, least: Role, dry_run: bool) -> Result<(), Refused> {
        self.must_be(if dry_run { Role::Viewer } else { least })
    }

    /// Permits a change, or a dry run of one.
    pub(super) fn permit(self, least: Role, dry_run: bool) -> Result<Permit, Refused> {
        self.may_change(least, dry_run)?;
        Ok(Permit { operator: self, dry_run })
    }

    /// Refuses a dry run of more rules than a role that changes no rules in bulk may try.
    pub(super) fn may_try(&self, rules: usize) -> Result<(), Refused> {
        if self.role >= Role::Editor || rules <= MOST_READERS_RULES {
            return Ok(());
        }
        let message = format!("role {} may try at most {MOST_READERS_RULES} rules", self.role);
        Err(Problem::new(Code::TooLarge, message)
            .hint("try fewer rules, or use a token with role editor")
            .into())
    }
}

/// Permission for a change, or for a dry run of one. Only [`Operator::permit`] creates it.
#[derive(Clone, Debug)]
pub(super) struct Permit {
    operator: Operator,
    dry_run: bool,
}

impl Permit {
    pub(super) fn operator(&self) -> &Operator {
        &self.operator
    }

    pub(super) fn is_dry_run(&self) -> bool {
        self.dry_run
    }

    pub(super) fn author(self, at: Timestamp, message: Option<String>) -> Author {
        Author { name: self.operator.name, at, message }
    }
}

/// The tokens that work, by the hash of their secret.
pub(super) struct Access {
    tokens: RwLock<HashMap<[u8; 32], TokenRecord>>,
    /// Held from reading tokens to taking them in: who has read earlier never comes later, with a
    /// token that was revoked in between, or without one that was made.
    refreshing: tokio::sync::Mutex<()>,
    sync_auth: SyncAuth,
    client_certificates: bool,
    clock: Arc<TrustedClock>,
}

/// How many parts of a base path are tried for the enrolment secret; each costs a hash.
const MOST_PATH_PARTS: usize = 16;

impl Access {
    /// Installs a database's first secrets where they are wanted, and reads the tokens. Also gives the key
    /// that seals cursors.
    pub(super) async fn open(
        store: &dyn Store,
        options: &Options,
        clock: Arc<TrustedClock>,
    ) -> Result<(Self, [u8; 32], Option<FirstStart>), ServerError> {
        let unusable = check_chosen(options).err();
        let or_new = |given: &Option<String>| given.clone().unwrap_or_else(new_secret);
        let (admin, enrolment) =
            (or_new(&options.bootstrap_token), or_new(&options.enrolment_secret));
        let created = options.clock.now();
        let token = |name: &str, role, secret: &str| TokenRecord {
            name: name.to_owned(),
            role,
            hash: hash(secret),
            created,
            expires: None,
        };
        let mut tokens = vec![
            token("admin", Role::Admin, &admin),
            token("enrolment", Role::Enrolment, &enrolment),
        ];
        if !options.first_tokens || unusable.is_some() {
            tokens.clear();
        }
        let installation = Installation { cursor_key: rand::random(), tokens };
        let (cursor_key, fresh) = store.install(installation).await?;
        if let Some(error) = unusable {
            // Only the first start uses them. Later ones must not fail because of them.
            if store.tokens().await?.is_empty() {
                return Err(error);
            }
            tracing::warn!(%error, "ignored: this database has tokens");
        }
        let first_start = fresh.then(|| FirstStart {
            admin_token: options.bootstrap_token.is_none().then_some(admin),
            enrolment_secret: options.enrolment_secret.is_none().then_some(enrolment),
        });
        let access = Self {
            tokens: RwLock::default(),
            refreshing: tokio::sync::Mutex::default(),
            sync_auth: options.sync_auth,
            client_certificates: options.client_certificates,
            clock,
        };
        access.refresh(store).await?;
        Ok((access, cursor_key, first_start))
    }

    /// For a command on a local database: anyone who can open it needs no token.
    pub(super) fn local(clock: Arc<TrustedClock>) -> Self {
        Self {
            tokens: RwLock::default(),
            refreshing: tokio::sync::Mutex::default(),
            sync_auth: SyncAuth::default(),
            client_certificates: false,
            clock,
        }
    }

    /// Reads the tokens again.
    pub(super) async fn refresh(&self, store: &dyn Store) -> StoreResult<()> {
        let _in_turn = self.refreshing.lock().await;
        let tokens = store.tokens().await?;
        let by_hash = tokens.into_iter().map(|token| (token.hash, token)).collect();
        *self.tokens.write().unwrap_or_else(PoisonError::into_inner) = by_hash;
        Ok(())
    }

    /// Who presents this secret, if it works. Looking up a hash of 256 random bits tells an
    /// attacker's clock nothing.
    fn operator(&self, secret: &str) -> Option<Operator> {
        let tokens = self.tokens.read().unwrap_or_else(PoisonError::into_inner);
        let token = tokens.get(&hash(secret))?;
        let works = token.expires.is_none_or(|expires| self.clock.now_for_tokens() < expires);
        works.then(|| Operator { name: token.name.clone(), role: token.role, is_local: false })
    }

    /// Whether a host's connection is one over which it may sync.
    pub(super) fn is_certified(&self, extensions: &http::Extensions) -> bool {
        !self.client_certificates || extensions.get::<Certified>().is_some()
    }

    /// Whether a host may sync with what it presents: an enrolment secret in a header, or as a
    /// part of the path before the stage.
    pub(super) fn may_sync(&self, base: &str, headers: &http::HeaderMap) -> bool {
        let opens = |secret: &str| {
            self.operator(secret).is_some_and(|operator| operator.role == Role::Enrolment)
        };
        match self.sync_auth {
            SyncAuth::None => true,
            SyncAuth::Secret => {
                bearer(headers).is_some_and(opens)
                    || base
                        .split('/')
                        .take(MOST_PATH_PARTS)
                        .any(|part| !part.is_empty() && opens(part))
            }
        }
    }
}

/// A new secret: 256 random bits in letters that are safe in a path.
pub(super) fn new_secret() -> String {
    format!("nicelist_{}", BASE64URL_NOPAD.encode(&rand::random::<[u8; SECRET_BYTES]>()))
}

/// What is kept of a secret.
pub(super) fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

/// Refuses first secrets that are easy to guess or that cannot be sent.
fn check_chosen(options: &Options) -> Result<(), ServerError> {
    let chosen = [
        ("NICELIST_BOOTSTRAP_TOKEN", &options.bootstrap_token),
        ("NICELIST_ENROLMENT_SECRET", &options.enrolment_secret),
    ];
    for (name, secret) in chosen {
        let Some(secret) = secret else { continue };
        let safe = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
        if !secret.bytes().all(safe) {
            let reason =
                "use only letters, digits, - _ . ~, because it is sent in headers and paths";
            return Err(ServerError::Secret { name, reason });
        }
        if !(SHORTEST_SECRET..=LONGEST_SECRET).contains(&secret.len()) {
            let reason = "use 16 to 200 characters, or unset it to get a random one";
            return Err(ServerError::Secret { name, reason });
        }
    }
    if options.bootstrap_token.is_some() && options.bootstrap_token == options.enrolment_secret {
        let reason = "it is the same as NICELIST_BOOTSTRAP_TOKEN, which hosts must not know";
        return Err(ServerError::Secret { name: "NICELIST_ENROLMENT_SECRET", reason });
    }
    Ok(())
}

fn bearer(headers: &http::HeaderMap) -> Option<&str> {
    let (scheme, secret) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| secret.trim())
}

fn operator(parts: &Parts, state: &State) -> Result<Operator, Refused> {
    if let Some(LocalOperator(name)) = parts.extensions.get() {
        let name = format!("local:{name}");
        return Ok(Operator { name, role: Role::Admin, is_local: true });
    }
    let problem = |message: &str| {
        Problem::new(Code::Unauthenticated, message)
            .hint("pass a token with --token or NICELIST_TOKEN; an admin makes one with `nicelist token create`")
    };
    let secret = bearer(&parts.headers).ok_or_else(|| problem("no token was presented"))?;
    let client = ClientAddress::of(&parts.extensions);
    let Some(operator) = state.access.operator(secret) else {
        state.rates.admit_wrong_secret(client)?;
        let error = "the token is not known, or was revoked, or has expired";
        if let Some((client, error)) = REFUSALS.line(&client.to_string(), error) {
            tracing::warn!(client, error, "a request of the admin API was refused");
        }
        return Err(problem(error).into());
    };
    state.rates.admit_address(client)?;
    Ok(operator)
}

macro_rules! requires {
    ($($(#[$doc:meta])* $name:ident: $role:ident,)+) => {
        $(
            $(#[$doc])*
            pub(super) struct $name(pub(super) Operator);

            impl FromRequestParts<Arc<State>> for $name {
                type Rejection = Refused;

                async fn from_request_parts(
                    parts: &mut Parts,
                    state: &Arc<State>,
                ) -> Result<Self, Refused> {
                    let operator = operator(parts, state)?;
                    operator.must_be(Role::$role)?;
                    // How large a body may be depends on whose it is.
                    parts.extensions.insert(operator.clone());
                    Ok(Self(operator))
                }
            }
        )+
    };
}

requires! {
    /// Whoever may read.
    Viewer: Viewer,
    /// Whoever may change policy.
    Editor: Editor,
    /// Whoever may make tokens.
    Admin: Admin,
}
