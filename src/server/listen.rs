//! Connections: accepted up to a limit, secured if TLS is used, closed when their clients let
//! them wait, and finished before the server ends.

mod deadlines;
mod framing;
mod limits;

use std::convert::Infallible;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use axum::Router;
use axum::response::{IntoResponse, Response};
use http::header::{CONNECTION, TRANSFER_ENCODING};
use http::{HeaderValue, Request, StatusCode};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tower::ServiceExt;

use super::access::Certified;
use super::client_address::TrustedProxies;
use super::tls::{Peer, Secured, Tls};
use deadlines::DeadlineStream;
pub use limits::ConnectionLimits;
use limits::{AddressCounts, CountedConnection};

/// How long to wait after the kernel refused a connection (no more file descriptors).
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
const CLOSE: HeaderValue = HeaderValue::from_static("close");
/// How often refused connections are logged.
const TELL_EVERY: Duration = Duration::from_secs(10);

/// Answers requests until `shutdown` ends, and then finishes those in progress. Returns the number
/// of connections that were not finished in time.
pub(super) async fn serve(
    listener: TcpListener,
    router: Router,
    tls: Option<Arc<Tls>>,
    limits: ConnectionLimits,
    proxies: TrustedProxies,
    shutdown: impl Future<Output = ()>,
) -> usize {
    let (most, from_one_address) = limits.count();
    tracing::debug!(most, from_one_address, "connections are limited");
    let places = Arc::new(Semaphore::new(most));
    let proxies = Arc::new(proxies);
    let mut admission = Admission {
        proxies: Arc::clone(&proxies),
        counts: Arc::new(AddressCounts::new(from_one_address)),
        refused: 0,
        told: None,
    };
    let graceful = GracefulShutdown::new();
    let (open, closed) = watch::channel(());
    let tls = tls.map(|tls| (tls, closed));
    let drain = limits.drain;
    let limits = Arc::new(limits);
    let mut shutdown = pin!(shutdown);
    loop {
        let place = tokio::select! {
            () = &mut shutdown => break,
            place = Arc::clone(&places).acquire_owned() => place,
        };
        let Ok(place) = place else { break };
        tokio::select! {
            () = &mut shutdown => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, address)) => {
                    let Some(counted) = admission.admit(address.ip()) else { continue };
                    let seat = Seat {
                        router: router.clone(),
                        watcher: graceful.watcher(),
                        limits: Arc::clone(&limits),
                        proxies: Arc::clone(&proxies),
                        address: address.ip(),
                        _held: (place, counted),
                    };
                    seat.take(stream, tls.clone());
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
    drop(listener);
    drop(open);
    match tokio::time::timeout(drain, graceful.shutdown()).await {
        Ok(()) => 0,
        Err(_) => most - places.available_permits(),
    }
}

/// Accepts or refuses connections by address.
struct Admission {
    proxies: Arc<TrustedProxies>,
    counts: Arc<AddressCounts>,
    /// Connections that were refused since the last log line.
    refused: u64,
    told: Option<Instant>,
}

impl Admission {
    /// A trusted proxy may have all connections, as they belong to many clients.
    fn admit(&mut self, address: IpAddr) -> Option<Counted> {
        if self.proxies.trust(address) {
            return Some(Counted::Proxy);
        }
        let counted = self.counts.admit(address).map(Counted::Client);
        if counted.is_none() {
            self.refused += 1;
            if self.told.is_none_or(|told| told.elapsed() >= TELL_EVERY) {
                let refused = self.refused;
                tracing::warn!(%address, refused, "closed: too many connections from one address");
                self.refused = 0;
                self.told = Some(Instant::now());
            }
        }
        counted
    }
}

/// A connection that was accepted.
enum Counted {
    Proxy,
    Client(#[expect(dead_code, reason = "it counts until it is dropped")] CountedConnection),
}

/// What a connection has of the server.
struct Seat {
    router: Router,
    watcher: Watcher,
    limits: Arc<ConnectionLimits>,
    proxies: Arc<TrustedProxies>,
    address: IpAddr,
    /// Free for others when the connection ends.
    _held: (OwnedSemaphorePermit, Counted),
}

impl Seat {
    fn take(self, stream: TcpStream, tls: Option<(Arc<Tls>, watch::Receiver<()>)>) {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "cannot turn off Nagle's algorithm");
        }
        let Some((tls, mut closed)) = tls else {
            tokio::spawn(self.converse(stream, None));
            return;
        };
        let address = self.address;
        tokio::spawn(async move {
            let secured = tokio::select! {
                secured = tls.secure(stream) => secured,
                // Nothing was asked yet: the end waits for no handshake.
                _ = closed.changed() => return,
            };
            match secured {
                Ok(Secured { stream, peer }) => self.converse(stream, peer).await,
                Err(error) => tracing::debug!(%address, %error, "a connection was not secured"),
            }
        });
    }

    /// Answers the requests of one connection.
    async fn converse(
        self,
        stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
        peer: Option<Peer>,
    ) {
        let Self { router, watcher, limits, proxies, address, _held } = self;
        let stream = DeadlineStream::new(stream, &limits);
        let ambiguous = stream.ambiguous();
        // The library counts from the end of the request before: for it, an idle connection is one
        // whose next headers are late.
        let mut builder = auto::Builder::new(TokioExecutor::new()).http1_only();
        builder.http1().timer(TokioTimer::new()).header_read_timeout(limits.idle);
        let peer = peer.map(Arc::new);
        let service = tower::service_fn(move |mut request: Request<Incoming>| {
            if peer.as_ref().is_some_and(|peer| peer.is_good()) {
                request.extensions_mut().insert(Certified);
            }
            let client = proxies.client(address, request.headers());
            request.extensions_mut().insert(client);
            let refused = ambiguous.load(Ordering::Relaxed);
            let router = router.clone();
            async move { if refused { Ok(ambiguity()) } else { answer(router, request).await } }
        });
        let service = TowerToHyperService::new(service);
        let connection = builder.serve_connection(TokioIo::new(stream), service).into_owned();
        if let Err(error) = watcher.watch(connection).await {
            tracing::debug!(error = %error, "a connection ended early");
        }
    }
}

/// Answers one request. After a chunked body the connection is closed, because the bytes after it
/// are not checked for ambiguous lengths.
async fn answer(router: Router, request: Request<Incoming>) -> Result<Response, Infallible> {
    let in_chunks = request.headers().contains_key(TRANSFER_ENCODING);
    let mut response = router.oneshot(request).await?;
    if in_chunks {
        response.headers_mut().insert(CONNECTION, CLOSE);
    }
    Ok(response)
}

/// Refuses a request whose length is given in two ways. The library would ignore one of them.
fn ambiguity() -> Response {
    let text = "give the length of the body once: Content-Length or Transfer-Encoding\n";
    (StatusCode::BAD_REQUEST, [(CONNECTION, CLOSE)], text).into_response()
}
