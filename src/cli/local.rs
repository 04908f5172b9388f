//! A local database, which commands use through the admin API in this process.

use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use tower::ServiceExt;

use super::error::CliError;
use super::exposure;
use super::ui::Ui;
use crate::client::{Client, InProcess};
use crate::config::DatabaseUrl;
use crate::server::{App, LocalOperator, LocalWork, ServerError};
use crate::shell::argument;

/// What a command does to the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    None,
    DryRun,
    Change,
}

/// The database for a dry run, if none exists yet.
const EMPTY: &str = "sqlite::memory:";

/// Opens the database. A command that changes something creates it if it does not exist. Everyone
/// who can open it has all permissions. `user` is the author of the changes.
pub(super) async fn open(
    ui: &Ui,
    database: &DatabaseUrl,
    user: Option<&str>,
    effect: Effect,
) -> Result<Client, CliError> {
    let is_new = database.path().is_some_and(|path| !path.exists());
    // Output for scripts gets no warning, because every command in a script would repeat the
    // warning.
    if ui.draws_tables() {
        exposure::warn(ui, database);
    }
    let url = database.expose();
    let opened = match (effect, is_new) {
        (Effect::None, true) => return Err(missing(database)),
        (Effect::DryRun, true) => App::open_local(EMPTY, LocalWork::Change).await,
        (Effect::None | Effect::DryRun, false) => App::open_local(&url, LocalWork::Read).await,
        (Effect::Change, _) => App::open_local(&url, LocalWork::Change).await,
    };
    let app = opened.map_err(|error| unopened(&error, database))?;
    if is_new && effect == Effect::Change {
        ui.status(format!("created the local database {database}"));
    }
    let (router, app) = (app.router(), Arc::new(app));
    let operator = LocalOperator(user.unwrap_or("unknown").to_owned());
    let answer = move |request: Request<Bytes>| {
        let (router, operator, app) = (router.clone(), operator.clone(), Arc::clone(&app));
        let mut request = request.map(Full::new);
        request.extensions_mut().insert(operator);
        Box::pin(async move {
            let Ok(response) = router.oneshot(request).await;
            drop(app);
            collected(response).await
        }) as crate::client::BoxFuture<'static, Response<Bytes>>
    };
    Ok(Client::in_process(InProcess { address: database.to_string(), answer }))
}

fn missing(database: &DatabaseUrl) -> CliError {
    CliError::failed(format!("the database {database} does not exist"))
        .hint("the first command that changes something creates it: nicelist tag create NAME")
        .hint("to read another database: --database sqlite:PATH; to use a server: --server URL")
}

fn unopened(error: &ServerError, database: &DatabaseUrl) -> CliError {
    let failed = CliError::failed(error.to_string());
    if error.is_outdated() {
        let database = database.to_string();
        let quoted = argument(&database);
        return failed
            .hint(format!("update its schema: nicelist database migrate --database {quoted}"));
    }
    failed
}

async fn collected<B: BodyExt<Data = Bytes>>(response: Response<B>) -> Response<Bytes> {
    let (parts, body) = response.into_parts();
    let body = body.collect().await.map(http_body_util::Collected::to_bytes);
    Response::from_parts(parts, body.unwrap_or_default())
}
