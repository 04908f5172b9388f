//! Settings by scope.

use axum::Json;

use super::commit::{Proposal, commit};
use super::lookup;
use super::names::{self, KnownNames, Resolved};
use crate::api::{
    ChangeAnswer, Code, Detail, Problem, SettingView, SettingsQuery, SettingsRequest,
};
use crate::fleet::{Role, Setting, SettingError, SettingKey};
use crate::rule::Scope;
use crate::server::access::Viewer;
use crate::server::answer::{Answer, Refused};
use crate::server::extract::{Body, Query};
use crate::server::state::{Shared, State};
use crate::store::Edit;

/// List the settings of all scopes, or of one scope
#[utoipa::path(get, path = "/settings", operation_id = "list_settings", tag = "settings", params(SettingsQuery),
    responses((status = 200, body = Vec<SettingView>)))]
pub(super) async fn list(
    axum::extract::State(state): Shared,
    _: Viewer,
    Query(query): Query<SettingsQuery>,
) -> Answer<Vec<SettingView>> {
    let settings = state.store.snapshot().await?.settings.into_iter();
    let wanted = |scope: &Scope| query.scope.as_ref().is_none_or(|wanted| wanted == scope);
    let view = |(scope, setting): (Scope, Setting)| SettingView {
        scope,
        key: setting.key(),
        value: setting.value(),
    };
    Ok(Json(settings.filter(|(scope, _)| wanted(scope)).map(view).collect()))
}

/// Set and unset settings of one scope
///
/// All changes are stored in one revision, or none is stored.
#[utoipa::path(post, path = "/settings", operation_id = "change_settings", tag = "settings", request_body = SettingsRequest,
    responses((status = 200, body = ChangeAnswer), (status = 404), (status = 409), (status = 422)))]
pub(super) async fn change(
    axum::extract::State(state): Shared,
    Viewer(operator): Viewer,
    Body(request): Body<SettingsRequest>,
) -> Answer<ChangeAnswer> {
    let SettingsRequest { scope, set, unset, message, base, dry_run, force } = request;
    let permit = operator.permit(Role::Editor, dry_run)?;
    let scope = match set.is_empty() && is_stored(&state, &scope).await? {
        // Version 0.1.0 stored host names in scopes. If settings are only unset, a stored scope is
        // not replaced.
        true => scope,
        false => match names::resolve(&state, scope, &mut KnownNames::default()).await? {
            Resolved::Stored(scope) => scope,
            Resolved::Unknown(name) => Scope::Host(name),
            Resolved::Shared { name, .. } => {
                let hosts = lookup::named(&state, name.as_str(), lookup::CANDIDATES).await?;
                return Err(lookup::ambiguous(name.as_str(), &hosts));
            }
        },
    };
    let mut edits = Vec::new();
    let mut details = Vec::new();
    let mut refuse = |field: &str, error: SettingError| {
        details.push(Detail {
            field: Some(field.to_owned()),
            message: error.to_string(),
            ..Detail::default()
        });
    };
    for (key, value) in &set {
        let setting = Setting::parse_named(key, value);
        match setting.and_then(|it| it.key().check_scope(&scope).map(|()| it)) {
            Ok(setting) => edits.push(Edit::Set { scope: scope.clone(), setting }),
            Err(error) => refuse(key, error),
        }
    }
    for key in &unset {
        match key.parse::<SettingKey>() {
            Ok(key) => edits.push(Edit::Unset { scope: scope.clone(), key }),
            Err(error) => refuse(key, error),
        }
    }
    if let Some(first) = details.first() {
        let field = first.field.as_deref().unwrap_or_default();
        let message = format!("{field}: {}", first.message);
        return Err(Problem::new(Code::Invalid, message).details(details).into());
    }
    commit(&state, permit, Proposal { base, ..Proposal::new(message, force, edits) }).await
}

async fn is_stored(state: &State, scope: &Scope) -> Result<bool, Refused> {
    let settings = state.store.snapshot().await?.settings;
    Ok(settings.iter().any(|(known, _)| known == scope))
}
