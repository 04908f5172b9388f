//! A database without a server before it, reached through the same admin API in this process.

use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use tower::ServiceExt;

use super::error::CliError;
use super::ui::Ui;
use crate::client::{Client, InProcess};
use crate::config::Database;
use crate::server::{App, LocalOperator, Options};

/// Opens the database, and makes it if there is none. Whoever can open it may do everything,
/// and signs with their `user` name.
pub(super) async fn open(
    ui: &Ui,
    database: &Database,
    user: Option<&str>,
) -> Result<Client, CliError> {
    let is_new = database.path().is_some_and(|path| !path.exists());
    let options = Options { database: database.expose(), ..Options::default() };
    let app = App::open(options).await.map_err(|error| CliError::failed(error.to_string()))?;
    if is_new {
        ui.status(format!("made the local database {database}"));
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
    Ok(Client::in_process(InProcess { place: database.to_string(), answer }))
}

/// A response with its whole body in hand.
async fn collected<B: BodyExt<Data = Bytes>>(response: Response<B>) -> Response<Bytes> {
    let (parts, body) = response.into_parts();
    let body = body.collect().await.map(http_body_util::Collected::to_bytes);
    Response::from_parts(parts, body.unwrap_or_default())
}
