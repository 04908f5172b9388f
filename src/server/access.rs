//! Operators and their roles, and the extractors that handlers use to require a role.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::request::Parts;
use jiff::Timestamp;

use super::answer::Refused;
use super::client_address::ClientAddress;
use super::refusals::REFUSALS;
use super::request_id::request_id;
use super::state::State;
use super::tokens::bearer;
use crate::api::{Code, Problem};
use crate::fleet::{Actor, Role};

/// Maximum rules in a dry run by an operator whose role is lower than editor.
pub(super) const MOST_READERS_RULES: usize = 50_000;

/// Marks a request from this process, and contains the name of the user who runs the process. A
/// user who can open the database needs no token.
#[derive(Clone, Debug)]
pub struct LocalOperator(pub String);

/// The sender of a request to the admin API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Operator {
    pub(super) name: String,
    pub(super) role: Role,
    /// Whether the request comes from this process ([`LocalOperator`]).
    pub(super) is_local: bool,
}

impl Operator {
    pub(super) fn actor(&self, at: Timestamp, reason: Option<String>) -> Actor {
        Actor { name: self.name.clone(), at, request_id: request_id(), reason }
    }

    pub(super) fn must_be(&self, least: Role) -> Result<(), Refused> {
        let Self { name, role, is_local: _ } = self;
        if *role >= least {
            return Ok(());
        }
        let message = format!("token `{name}` has role {role}; this request requires {least}");
        Err(Problem::new(Code::Forbidden, message).into())
    }

    /// Refuses a change by an operator whose role is lower than `least`. A dry run needs only the
    /// role viewer, because its result is computed from data that viewers can read.
    pub(super) fn may_change(&self, least: Role, dry_run: bool) -> Result<(), Refused> {
        self.must_be(if dry_run { Role::Viewer } else { least })
    }

    pub(super) fn permit(self, least: Role, dry_run: bool) -> Result<Permit, Refused> {
        self.may_change(least, dry_run)?;
        Ok(Permit { operator: self, dry_run })
    }

    /// Refuses a dry run with too many rules by an operator whose role is lower than editor.
    pub(super) fn may_try(&self, rules: usize) -> Result<(), Refused> {
        if self.role >= Role::Editor || rules <= MOST_READERS_RULES {
            return Ok(());
        }
        let message = format!(
            "a dry run with role {} can contain at most {MOST_READERS_RULES} rules",
            self.role
        );
        Err(Problem::new(Code::TooLarge, message)
            .hint("use fewer rules, or a token with role editor")
            .into())
    }
}

/// Permission for a change, or for a dry run of a change. Only [`Operator::permit`] creates it.
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

    pub(super) fn actor(&self, at: Timestamp, reason: Option<String>) -> Actor {
        self.operator.actor(at, reason)
    }
}

fn operator(parts: &Parts, state: &State) -> Result<Operator, Refused> {
    if let Some(LocalOperator(name)) = parts.extensions.get() {
        let name = format!("local:{name}");
        return Ok(Operator { name, role: Role::Admin, is_local: true });
    }
    let problem = |message: &str| {
        Problem::new(Code::Unauthenticated, message).hint(
            "pass a token with --token or NICELIST_TOKEN; an admin creates one with \
                `nicelist token create`",
        )
    };
    let secret = bearer(&parts.headers).ok_or_else(|| problem("the request has no token"))?;
    let client = ClientAddress::of(&parts.extensions);
    let Some((name, role)) = state.access.token(secret) else {
        state.rates.admit_wrong_secret(client)?;
        let error = "the token is unknown, revoked or expired";
        if let Some((client, error)) = REFUSALS.line(&client.to_string(), error) {
            tracing::warn!(client, error, "a request to the admin API was refused");
        }
        return Err(problem(error).into());
    };
    state.rates.admit_address(client)?;
    Ok(Operator { name, role, is_local: false })
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
                    // `Body` needs the operator, because the maximum size of a body depends on the
                    // role.
                    parts.extensions.insert(operator.clone());
                    Ok(Self(operator))
                }
            }
        )+
    };
}

requires! {
    /// An operator with the role viewer or a higher one.
    Viewer: Viewer,
    /// An operator with the role editor or admin.
    Editor: Editor,
    Admin: Admin,
}
