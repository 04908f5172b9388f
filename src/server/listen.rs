//! Connections: accepted up to a bound, secured where TLS is spoken, given a deadline for their
//! headers, and finished before the server ends.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tower::ServiceExt;

use super::access::Certified;
use super::tls::{Peer, Secured, Tls};

/// Connections held at once; more wait in the kernel's queue.
const MOST_CONNECTIONS: usize = 16 * 1024;
/// How long a client may take to send a request's headers.
const HEADER_DEADLINE: Duration = Duration::from_secs(10);
/// How long requests under way may take once the server is told to end.
const DRAIN_DEADLINE: Duration = Duration::from_secs(30);
/// How long to wait after the kernel refused a connection (no more file descriptors).
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Answers requests until `shutdown` ends, and then finishes those under way.
pub(super) async fn serve(
    listener: TcpListener,
    router: Router,
    tls: Option<Arc<Tls>>,
    shutdown: impl Future<Output = ()>,
) {
    let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    let graceful = GracefulShutdown::new();
    let (open, closed) = watch::channel(());
    let tls = tls.map(|tls| (tls, closed));
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
                    let (router, watcher) = (router.clone(), graceful.watcher());
                    Seat { router, watcher, place }.take(stream, address, tls.clone());
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
    if tokio::time::timeout(DRAIN_DEADLINE, graceful.shutdown()).await.is_err() {
        tracing::warn!("ended with requests under way");
    }
}

/// What a connection has of the server.
struct Seat {
    router: Router,
    watcher: Watcher,
    place: OwnedSemaphorePermit,
}

impl Seat {
    fn take(
        self,
        stream: TcpStream,
        address: SocketAddr,
        tls: Option<(Arc<Tls>, watch::Receiver<()>)>,
    ) {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "cannot turn off Nagle's algorithm");
        }
        let Some((tls, mut closed)) = tls else {
            tokio::spawn(self.converse(stream, None));
            return;
        };
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
        let Self { router, watcher, place } = self;
        let mut builder = auto::Builder::new(TokioExecutor::new()).http1_only();
        builder.http1().timer(TokioTimer::new()).header_read_timeout(HEADER_DEADLINE);
        let peer = peer.map(Arc::new);
        let service = router.map_request(move |mut request: Request<_>| {
            if peer.as_ref().is_some_and(|peer| peer.is_good()) {
                request.extensions_mut().insert(Certified);
            }
            request
        });
        let service = TowerToHyperService::new(service);
        let connection = builder.serve_connection(TokioIo::new(stream), service).into_owned();
        if let Err(error) = watcher.watch(connection).await {
            tracing::debug!(error = %error, "a connection ended early");
        }
        drop(place);
    }
}
