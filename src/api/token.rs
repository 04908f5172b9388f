//! Tokens in the admin API.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::fleet::{Role, TokenName};

/// A token, without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TokenView {
    /// The name of the token.
    pub name: String,
    /// The role of the token.
    pub role: Role,
    /// When the token was created.
    pub created: Timestamp,
    /// When the token expires.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
}

/// A token to create.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenRequest {
    /// The name of the token, and the author of the revisions that it creates. The name has 1 to
    /// 100 characters, no colon and no invisible characters. It must differ from the names of all
    /// other tokens, including revoked tokens.
    pub name: TokenName,
    /// The role of the token.
    pub role: Role,
    /// When the token expires.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[serde(deserialize_with = "crate::rule::optional_expiry")]
    pub expires: Option<Timestamp>,
}

/// A new token with its secret, which is shown only once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NewToken {
    /// The name of the token.
    pub name: String,
    /// The role of the token.
    pub role: Role,
    /// The secret, which clients send as a bearer token.
    pub secret: String,
}
