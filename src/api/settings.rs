//! Settings on the admin wire.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::fleet::SettingKey;
use crate::rule::{ChangeMessage, Revision, Scope};

/// A setting of one scope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SettingView {
    /// The scope.
    pub scope: Scope,
    /// The setting's name.
    pub key: SettingKey,
    /// Its value.
    pub value: String,
}

/// A setting as one host gets it, and the scope that it comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HostSetting {
    /// The setting's name.
    pub key: SettingKey,
    /// Its value.
    pub value: String,
    /// The scope that says so; absent for the default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
}

/// Which settings to list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub struct SettingsQuery {
    /// Of this scope.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(value_type = Option<String>)]
    pub scope: Option<Scope>,
}

/// Sets and unsets settings of one scope, as one revision or not at all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SettingsRequest {
    /// The scope.
    pub scope: Scope,
    /// Values to set, in human spelling, by name; deprecated names are taken.
    #[serde(default)]
    pub set: BTreeMap<String, String>,
    /// Names to unset.
    #[serde(default)]
    pub unset: Vec<String>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<ChangeMessage>,
    /// The revision that this was planned on; refused as a conflict if it is not the newest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<Revision>,
    /// Work out the answer and change nothing.
    #[serde(default)]
    pub dry_run: bool,
}
