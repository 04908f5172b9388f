//! The endpoints of the admin API. The type `Viewer`, `Editor` or `Admin` of a handler's parameter
//! is the lowest role that the handler accepts. A handler that supports dry runs accepts a viewer,
//! and checks the role for changes itself.

mod checks;
mod clock;
mod commit;
mod document;
mod epoch;
mod events;
mod explain;
mod forget;
mod history;
mod host_counts;
mod host_tags;
pub(super) mod host_view;
mod hosts;
mod limits;
mod lookup;
mod macs;
mod names;
pub(super) mod pending;
mod people;
mod policy;
mod programs;
mod rules;
mod settings;
mod status;
mod tags;
mod tokens;

use std::sync::Arc;

use axum::extract::Request;
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::Response;
use axum::{Extension, Router};
use utoipa::openapi::{InfoBuilder, OpenApiBuilder};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::bodies::Held;
use super::metrics::Metrics;
use super::state::State;
use crate::api;
use crate::store::QueryPurpose;

/// Adds a layer to the admin routes. Requests on these routes use the database connections for
/// administrators, and are counted. The memory for a request's body stays reserved until the request
/// is finished.
pub(super) fn area<S: Clone + Send + Sync + 'static>(
    routes: Router<S>,
    metrics: Arc<Metrics>,
) -> Router<S> {
    routes.layer(from_fn(move |request, next| {
        QueryPurpose::Admin.run(holding(Arc::clone(&metrics), request, next))
    }))
}

async fn holding(metrics: Arc<Metrics>, mut request: Request, next: Next) -> Response {
    let held = Held::default();
    request.extensions_mut().insert(held.clone());
    let response = next.run(request).await;
    drop(held);
    let code: Option<&api::Code> = response.extensions().get();
    metrics.count_admin(response.status(), code.map(|code| code.word()));
    response
}

/// The routes of the admin API, including the document that describes it.
pub(super) fn routes() -> Router<Arc<State>> {
    let info = InfoBuilder::new().title("nicelist admin API").version(env!("CARGO_PKG_VERSION"));
    let empty = OpenApiBuilder::new().info(info.build()).build();
    let (routes, document) = OpenApiRouter::with_openapi(empty)
        .nest(
            api::ROOT,
            OpenApiRouter::new()
                .routes(routes!(document::show))
                .routes(routes!(status::status))
                .routes(routes!(rules::list, rules::change))
                .routes(routes!(policy::change))
                .routes(routes!(history::of_target))
                .routes(routes!(history::list))
                .routes(routes!(history::show))
                .routes(routes!(history::changes))
                .routes(routes!(history::rollback))
                .routes(routes!(hosts::list))
                .routes(routes!(host_counts::count))
                .routes(routes!(hosts::show, hosts::forget))
                .routes(routes!(forget::forget_hosts))
                .routes(routes!(hosts::rules))
                .routes(routes!(hosts::settings))
                .routes(routes!(hosts::tags))
                .routes(routes!(host_tags::change))
                .routes(routes!(hosts::clean_sync, hosts::cancel_clean_sync))
                .routes(routes!(macs::accept))
                .routes(routes!(names::check))
                .routes(routes!(explain::explain))
                .routes(routes!(explain::evaluate))
                .routes(routes!(tags::list, tags::put))
                .routes(routes!(tags::delete))
                .routes(routes!(settings::list, settings::change))
                .routes(routes!(events::list, events::import::import))
                .routes(routes!(events::stats))
                .routes(routes!(events::waiting::list))
                .routes(routes!(events::waiting::decide))
                .routes(routes!(events::undo::undo))
                .routes(routes!(events::show))
                .routes(routes!(events::decide))
                .routes(routes!(events::bundle::approve))
                .routes(routes!(programs::list))
                .routes(routes!(programs::show))
                .routes(routes!(programs::sightings))
                .routes(routes!(people::export))
                .routes(routes!(people::forget))
                .routes(routes!(clock::accept))
                .routes(routes!(epoch::begin))
                .routes(routes!(tokens::list, tokens::create))
                .routes(routes!(tokens::revoke)),
        )
        .split_for_parts();
    let document = document::completed(document);
    let queried = Arc::new(document::Queried::of(&document));
    routes
        .layer(Extension(Arc::new(document)))
        .layer(from_fn_with_state(queried, document::refuse_stray_query))
}
