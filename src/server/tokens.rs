//! Tokens in memory, by the hash of their secret. Enrollment secrets are tokens, too.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use data_encoding::BASE64URL_NOPAD;
use http::header::AUTHORIZATION;
use sha2::{Digest, Sha256};

use super::options::{Options, ServerError, SyncAuth};
use super::tls::Certified;
use super::trusted_clock::TrustedClock;
use crate::fleet::Role;
use crate::store::{Installation, Store, StoreResult, TokenRecord};

/// Minimum characters of a bootstrap token or enrollment secret that an administrator chooses.
const SHORTEST_SECRET: usize = 16;
const LONGEST_SECRET: usize = 200;
const SECRET_BYTES: usize = 32;

/// The secrets that a server creates on its first start. Only their hashes are stored, so they
/// cannot be shown again.
#[derive(Clone, Debug)]
pub struct FirstStart {
    /// None if the administrator chose the token.
    pub admin_token: Option<String>,
    /// None if the administrator chose the secret.
    pub enrollment_secret: Option<String>,
}

/// The tokens that are not revoked, by the hash of their secret, and the credentials that hosts
/// need to sync.
pub(super) struct Access {
    tokens: RwLock<HashMap<[u8; 32], TokenRecord>>,
    /// Locked while tokens are read and replaced, so that an older list never replaces a newer one.
    refreshing: tokio::sync::Mutex<()>,
    sync_auth: SyncAuth,
    client_certificates: bool,
    clock: Arc<TrustedClock>,
}

/// Maximum parts of a base path that are tried as the enrollment secret. Each attempt computes a
/// hash.
const MOST_PATH_PARTS: usize = 16;

impl Access {
    /// Stores the first tokens if the options request them and the database never had a token, and
    /// reads the tokens. Also returns the key that authenticates cursors and, on the first start,
    /// the created secrets.
    pub(super) async fn open(
        store: &dyn Store,
        options: &Options,
        clock: Arc<TrustedClock>,
    ) -> Result<(Self, [u8; 32], Option<FirstStart>), ServerError> {
        let unusable = check_chosen(options).err();
        let or_new = |given: &Option<String>| given.clone().unwrap_or_else(new_secret);
        let (admin, enrollment) =
            (or_new(&options.bootstrap_token), or_new(&options.enrollment_secret));
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
            token("enrollment", Role::Enrollment, &enrollment),
        ];
        if !options.first_tokens || unusable.is_some() {
            tokens.clear();
        }
        let installation = Installation { cursor_key: rand::random(), tokens };
        let (cursor_key, fresh) = store.install(installation).await?;
        if let Some(error) = unusable {
            // Only the first start uses the chosen secrets, so invalid secrets must not make a
            // later start fail.
            if store.tokens().await?.is_empty() {
                return Err(error);
            }
            tracing::warn!(
                %error,
                "an invalid secret was ignored, because this database already has tokens"
            );
        }
        let first_start = fresh.then(|| FirstStart {
            admin_token: options.bootstrap_token.is_none().then_some(admin),
            enrollment_secret: options.enrollment_secret.is_none().then_some(enrollment),
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

    /// Access for a command on a local database. Such a command needs no token, because its user
    /// can open the database.
    pub(super) fn local(clock: Arc<TrustedClock>) -> Self {
        Self {
            tokens: RwLock::default(),
            refreshing: tokio::sync::Mutex::default(),
            sync_auth: SyncAuth::default(),
            client_certificates: false,
            clock,
        }
    }

    pub(super) async fn refresh(&self, store: &dyn Store) -> StoreResult<()> {
        let _in_turn = self.refreshing.lock().await;
        let tokens = store.tokens().await?;
        let by_hash = tokens.into_iter().map(|token| (token.hash, token)).collect();
        *self.tokens.write().unwrap_or_else(PoisonError::into_inner) = by_hash;
        Ok(())
    }

    /// The name and role of a token, if it exists and has not expired. Tokens are looked up by the
    /// hash of the secret, so the duration of the lookup reveals nothing about the secret.
    pub(super) fn token(&self, secret: &str) -> Option<(String, Role)> {
        let tokens = self.tokens.read().unwrap_or_else(PoisonError::into_inner);
        let token = tokens.get(&hash(secret))?;
        let works = token.expires.is_none_or(|expires| self.clock.now_for_tokens() < expires);
        works.then(|| (token.name.clone(), token.role))
    }

    /// Whether a host may sync over its connection: it has a valid client certificate, or the
    /// server requires none.
    pub(super) fn is_certified(&self, extensions: &http::Extensions) -> bool {
        !self.client_certificates || extensions.get::<Certified>().is_some()
    }

    /// Whether a request has a valid enrollment secret in its `Authorization` header or in its path
    /// before the stage, or needs no secret.
    pub(super) fn may_sync(&self, base: &str, headers: &http::HeaderMap) -> bool {
        let opens =
            |secret: &str| self.token(secret).is_some_and(|(_, role)| role == Role::Enrollment);
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

/// A new secret: 256 random bits in characters that are safe in a path.
pub(super) fn new_secret() -> String {
    format!("nicelist_{}", BASE64URL_NOPAD.encode(&rand::random::<[u8; SECRET_BYTES]>()))
}

pub(super) fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

/// Refuses chosen secrets that are too short or too long, that are equal to each other, or that
/// contain characters that are not safe in headers and paths.
fn check_chosen(options: &Options) -> Result<(), ServerError> {
    let chosen = [
        ("NICELIST_BOOTSTRAP_TOKEN", &options.bootstrap_token),
        ("NICELIST_ENROLLMENT_SECRET", &options.enrollment_secret),
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
            let reason = "use 16 to 200 characters, or unset the variable to get a random secret";
            return Err(ServerError::Secret { name, reason });
        }
    }
    if options.bootstrap_token.is_some() && options.bootstrap_token == options.enrollment_secret {
        let reason = "it is the same as NICELIST_BOOTSTRAP_TOKEN, which hosts must not know";
        return Err(ServerError::Secret { name: "NICELIST_ENROLLMENT_SECRET", reason });
    }
    Ok(())
}

pub(super) fn bearer(headers: &http::HeaderMap) -> Option<&str> {
    let (scheme, secret) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| secret.trim())
}
