//! Path parameters of the admin API.

use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use crate::fleet::{EventId, ProgramId};
use crate::rule::Revision;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct HostPath {
    /// The machine ID, serial number or host name of the host, or a unique prefix of any of these.
    /// `id:` followed by a whole machine ID is never ambiguous.
    #[param(example = "C02XK0AAJGH5")]
    pub host: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct EventPath {
    /// The ID of the event.
    #[param(value_type = i64)]
    pub id: EventId,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct ProgramPath {
    /// The ID of the program.
    #[param(value_type = i64)]
    pub id: ProgramId,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct RevisionPath {
    /// The number of the revision.
    #[param(value_type = u64)]
    pub revision: Revision,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct TagPath {
    /// The name of the tag.
    pub name: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct TokenPath {
    /// The name of the token.
    pub name: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct PersonPath {
    /// The name of the person's account, as Macs report it. Letter case matters.
    #[param(example = "anna")]
    pub name: String,
}
