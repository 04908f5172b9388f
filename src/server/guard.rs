//! Wraps every request: adds an ID for the log and the client, and responds even if the handler
//! panics.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt as _;
use http::HeaderMap;
use tracing::Instrument as _;

use super::answer::Refused;
use super::request_id::{REQUEST_ID, RequestId, X_REQUEST_ID};
use crate::api::{Code, Problem};

/// Adds an ID to each request. If a handler panics, the client gets a response and the panic is
/// counted.
pub(super) fn guarded(router: Router, panics: Arc<AtomicU64>) -> Router {
    // One layer adds the ID and handles panics, because each additional layer costs some
    // microseconds per request.
    router.layer(from_fn_with_state(panics, answered))
}

/// The response to a request that does not reach the router.
pub(super) async fn refuse(headers: &HeaderMap, problem: Problem) -> Response {
    identified(RequestId::of(headers), async { Refused::from(problem).into_response() }).await
}

async fn answered(State(panics): State<Arc<AtomicU64>>, request: Request, next: Next) -> Response {
    let id = RequestId::of(request.headers());
    let answer = async {
        // This is unwind safe, because nothing uses the state of a request after its handler
        // panicked.
        let answer = AssertUnwindSafe(next.run(request)).catch_unwind().await;
        answer.unwrap_or_else(|cause| {
            panics.fetch_add(1, Ordering::Relaxed);
            panic_response(&*cause)
        })
    };
    identified(id, answer).await
}

/// Adds the ID of a request to its response and to the log lines of its handler.
async fn identified(id: RequestId, answer: impl Future<Output = Response>) -> Response {
    // The span has the level error, so that it also appears in a log that contains only errors.
    let span = tracing::error_span!("request", id = id.as_str());
    let mut response = REQUEST_ID.scope(id.clone(), answer).instrument(span).await;
    response.headers_mut().insert(X_REQUEST_ID, id.0);
    response
}

fn panic_response(cause: &(dyn Any + Send)) -> Response {
    let text = cause.downcast_ref::<&str>().copied();
    let text = text.or_else(|| cause.downcast_ref::<String>().map(String::as_str));
    tracing::error!(panic = text.unwrap_or("unknown"), "a request's handler panicked");
    let problem = Problem::new(Code::Internal, "the server could not respond to this request")
        .hint("the server's log has the reason under the request ID");
    Refused::from(problem).into_response()
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::routing::get;
    use tower::ServiceExt as _;

    use super::*;
    use crate::server::request_id::LONGEST_ID;

    async fn broken() -> String {
        panic!("a bug in a handler")
    }

    async fn ask(router: &Router, path: &str, id: &str) -> (u16, String, Vec<u8>) {
        let request = Request::builder().uri(path).header(X_REQUEST_ID, id);
        let request = request.body(Body::empty()).unwrap();
        let response = router.clone().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let id = response.headers()[X_REQUEST_ID].to_str().unwrap().to_owned();
        let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, id, body.to_vec())
    }

    #[tokio::test]
    async fn b2_a_handler_that_panics_is_answered_and_counted() {
        let panics = Arc::new(AtomicU64::new(0));
        let routes = Router::new().route("/ok", get(|| async { "ok" })).fallback(broken);
        let router = guarded(routes, Arc::clone(&panics));
        let (status, id, body) = ask(&router, "/santa/preflight/M1", "trace-7.a_B").await;
        let problem: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!((status, id.as_str()), (500, "trace-7.a_B"));
        assert_eq!((&problem["code"], &problem["request_id"]), (&"internal".into(), &id.into()));
        assert_eq!(panics.load(Ordering::Relaxed), 1);
        let (status, _, body) = ask(&router, "/ok", "x").await;
        assert_eq!((status, body.as_slice()), (200, b"ok".as_slice()));
    }

    #[tokio::test]
    async fn b2_an_id_that_cannot_be_logged_is_replaced() {
        let routes = Router::new().route("/ok", get(|| async { "ok" }));
        let router = guarded(routes, Arc::default());
        let longest = "a".repeat(LONGEST_ID);
        assert_eq!(ask(&router, "/ok", &longest).await.1, longest);
        for wrong in ["", "a b", "a\tb", &format!("{longest}a"), "<script>"] {
            let (_, id, _) = ask(&router, "/ok", wrong).await;
            assert!(id.len() == 16 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
        }
    }
}
