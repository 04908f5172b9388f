//! Connections. The server accepts a limited number of them, uses TLS if configured, closes the
//! connections of slow clients, and waits for requests in progress when it shuts down.

mod admission;
mod deadlines;
mod framing;
mod limits;
mod proxy_protocol;

use std::convert::Infallible;
use std::io;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::response::Response;
use http::header::{CONNECTION, TRANSFER_ENCODING};
use http::{HeaderValue, Request};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tower::ServiceExt;

use super::client_address::TrustedProxies;
use super::guard;
use super::polls::POLLS;
use super::refusals::REFUSALS;
use super::tls::{Certified, Peer, Secured, Tls};
use crate::api::{Code, Problem, ROOT};
use admission::{Admission, Admitted};
use deadlines::DeadlineStream;
use framing::Fault;
pub use limits::ConnectionLimits;

/// How long to wait after a connection could not be accepted, for example because the process has
/// no more file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
const CLOSE: HeaderValue = HeaderValue::from_static("close");

/// Handles requests until `shutdown` completes, and then waits for the requests in progress.
/// Returns the number of connections that were still open when this wait timed out, or 0 if the
/// wait did not time out.
pub(super) async fn serve(
    listener: TcpListener,
    router: Router,
    tls: Option<Arc<Tls>>,
    limits: ConnectionLimits,
    proxies: TrustedProxies,
    shutdown: impl Future<Output = ()>,
) -> usize {
    let maxima = limits.count();
    tracing::debug!(?maxima, "limiting the number of connections");
    let proxies = Arc::new(proxies);
    let mut admission = Admission::new(maxima, Arc::clone(&proxies));
    let graceful = GracefulShutdown::new();
    let (open, closed) = watch::channel(());
    let drain = limits.drain;
    let (ordinary, reserved) = (Arc::new(limits.clone()), Arc::new(limits.reserved()));
    let mut shutdown = pin!(shutdown);
    loop {
        let place = tokio::select! {
            () = &mut shutdown => break,
            place = admission.place() => place,
        };
        let Some(place) = place else { break };
        tokio::select! {
            () = &mut shutdown => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, address)) => {
                    let Some(admitted) = admission.admit(place, address.ip()) else { continue };
                    let limits = if admitted.for_admins { &reserved } else { &ordinary };
                    let seat = Seat {
                        router: router.clone(),
                        watcher: graceful.watcher(),
                        limits: Arc::clone(limits),
                        proxies: Arc::clone(&proxies),
                        address: address.ip(),
                        admitted,
                    };
                    seat.take(stream, tls.clone(), closed.clone());
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
        Err(_) => admission.in_use(),
    }
}

struct Seat {
    router: Router,
    watcher: Watcher,
    limits: Arc<ConnectionLimits>,
    proxies: Arc<TrustedProxies>,
    address: IpAddr,
    admitted: Admitted,
}

impl Seat {
    fn take(self, stream: TcpStream, tls: Option<Arc<Tls>>, closed: watch::Receiver<()>) {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "cannot turn off Nagle's algorithm");
        }
        let reports = self.proxies.send_proxy_protocol(self.address);
        if tls.is_none() && !reports {
            tokio::spawn(POLLS.measure(self.converse(stream, None)));
            return;
        }
        tokio::spawn(POLLS.measure(self.prepare(stream, tls, closed, reports)));
    }

    /// If necessary, reads a PROXY protocol header and starts TLS. Then handles the requests.
    async fn prepare(
        mut self,
        mut stream: TcpStream,
        tls: Option<Arc<Tls>>,
        mut closed: watch::Receiver<()>,
        reports: bool,
    ) {
        let (proxy, deadline) = (self.address, self.limits.handshake);
        if reports {
            let reported = proxy_protocol::client_address(&mut stream);
            let reported = tokio::select! {
                reported = tokio::time::timeout(deadline, reported) => reported,
                _ = closed.changed() => return,
            };
            match reported.map_err(io::Error::from).flatten() {
                Ok(client) => self.address = client.unwrap_or(proxy),
                // A health check may connect and send nothing.
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return,
                Err(error) => return not_reported(proxy, &error),
            }
        }
        let Some(tls) = tls else { return self.converse(stream, None).await };
        let address = self.address;
        let secured = tokio::select! {
            secured = tls.secure(stream, deadline) => secured,
            // There is no request yet, so the shutdown does not wait for the handshake.
            _ = closed.changed() => return,
        };
        match secured {
            Ok(Secured { stream, peer }) => self.converse(stream, peer).await,
            Err(error) => tracing::debug!(%address, %error, "a TLS handshake failed"),
        }
    }

    async fn converse(
        self,
        stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
        peer: Option<Peer>,
    ) {
        let Self { router, watcher, limits, proxies, address, admitted } = self;
        let for_admins = admitted.for_admins;
        let stream = DeadlineStream::new(stream, &limits);
        let fault = stream.fault();
        // The library's timeout for headers starts at the end of the previous request, so it is the
        // idle timeout here.
        let mut builder = auto::Builder::new(TokioExecutor::new()).http1_only();
        builder.http1().timer(TokioTimer::new()).header_read_timeout(limits.idle);
        let peer = peer.map(Arc::new);
        let service = tower::service_fn(move |mut request: Request<Incoming>| {
            if peer.as_ref().is_some_and(|peer| peer.is_good()) {
                request.extensions_mut().insert(Certified);
            }
            let client = proxies.client(address, request.headers());
            request.extensions_mut().insert(client);
            let refused = fault.get().map(|fault| refusal(*fault));
            let refused = refused.or_else(|| full(for_admins, request.uri().path()));
            let router = router.clone();
            async move {
                match refused {
                    Some(problem) => {
                        let mut response = guard::refuse(request.headers(), problem).await;
                        response.headers_mut().insert(CONNECTION, CLOSE);
                        Ok(response)
                    }
                    None => answer(router, request, for_admins).await,
                }
            }
        });
        let service = TowerToHyperService::new(service);
        let connection = builder.serve_connection(TokioIo::new(stream), service).into_owned();
        if let Err(error) = watcher.watch(connection).await {
            tracing::debug!(error = %error, "a connection closed early");
        }
    }
}

/// Logs why the client of a connection is unknown. [`REFUSALS`] limits the number of lines.
fn not_reported(proxy: IpAddr, error: &io::Error) {
    if let Some((proxy, error)) = REFUSALS.line(&proxy.to_string(), &error.to_string()) {
        tracing::warn!(proxy, error, "a trusted proxy did not report its client's address");
    }
}

/// Handles one request. After a chunked body the connection is closed, because the bytes after the
/// body are not checked for ambiguous lengths. A reserved connection is closed after one request.
async fn answer(
    router: Router,
    request: Request<Incoming>,
    for_admins: bool,
) -> Result<Response, Infallible> {
    let close = for_admins || request.headers().contains_key(TRANSFER_ENCODING);
    let mut response = router.oneshot(request).await?;
    if close {
        response.headers_mut().insert(CONNECTION, CLOSE);
    }
    Ok(response)
}

/// The response to a request whose body has an ambiguous length or an unsupported transfer coding.
/// The library accepts such a request, but proxies may interpret its body differently.
fn refusal(fault: Fault) -> Problem {
    match fault {
        Fault::Ambiguous => Problem::new(
            Code::BadRequest,
            "the body has two lengths: send either Content-Length or Transfer-Encoding, and only \
            once",
        ),
        Fault::Coding => Problem::new(
            Code::NotImplemented,
            "unsupported transfer coding: only chunked is supported",
        ),
    }
}

/// Refuses a request on a reserved connection unless it is for the admin API, a health check or the
/// metrics.
fn full(for_admins: bool, path: &str) -> Option<Problem> {
    let served = path.starts_with(ROOT) || ["/healthz", "/readyz", "/metrics"].contains(&path);
    let text = "the server has no free connections; try again";
    (for_admins && !served).then(|| Problem::new(Code::Overloaded, text))
}
