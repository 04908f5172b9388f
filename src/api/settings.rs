//! Settings in the admin API.

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
    /// The value of the setting.
    pub value: String,
}

/// An active setting of a host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HostSetting {
    /// The setting's name.
    pub key: SettingKey,
    /// The value of the setting.
    pub value: String,
    /// The scope that the value comes from; absent for the default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
}

/// Which settings to list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub struct SettingsQuery {
    /// Only settings of this scope.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
}

/// A change to settings in one scope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SettingsRequest {
    /// The scope.
    pub scope: Scope,
    /// Values to set, by name. Deprecated names are accepted.
    #[serde(default)]
    pub set: BTreeMap<String, String>,
    /// Names of the settings to remove from the scope.
    #[serde(default)]
    pub unset: Vec<String>,
    /// Why the change is made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<ChangeMessage>,
    /// The revision that the change is based on. If a newer revision exists, the change is refused
    /// as a conflict.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<Revision>,
    /// Show what would happen, and change nothing.
    #[serde(default)]
    pub dry_run: bool,
    /// Store the change even if lint finds errors. `message` must say why.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub force: bool,
}
