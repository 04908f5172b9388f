//! The TLS handshake.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::HandshakeKind;
use tokio_rustls::server::TlsStream;

use super::peer::Peer;
use super::reload::Tls;

/// The first byte of a TLS handshake.
const HANDSHAKE: u8 = 0x16;
/// The response to a plain HTTP request on a TLS port.
const PLAIN_HTTP_RESPONSE: &[u8] = b"HTTP/1.1 400 Bad Request\r\ncontent-type: \
    text/plain\r\nconnection: close\r\n\r\nthis port requires TLS: use https:// in the address\n";

#[derive(Debug, thiserror::Error)]
pub(in crate::server) enum HandshakeError {
    #[error("the client does not use TLS")]
    Plain,
    #[error("the handshake took longer than {0:?}")]
    TooSlow(Duration),
    #[error(transparent)]
    Failed(#[from] io::Error),
}

/// A TLS connection, and the client's certificate if it sent one.
pub(in crate::server) struct Secured {
    pub(in crate::server) stream: TlsStream<TcpStream>,
    pub(in crate::server) peer: Option<Peer>,
}

impl Tls {
    pub(in crate::server) async fn secure(
        self: Arc<Self>,
        stream: TcpStream,
        deadline: Duration,
    ) -> Result<Secured, HandshakeError> {
        let secured = tokio::time::timeout(deadline, self.shake_hands(stream));
        secured.await.map_err(|_| HandshakeError::TooSlow(deadline))?
    }

    async fn shake_hands(self: Arc<Self>, stream: TcpStream) -> Result<Secured, HandshakeError> {
        let mut first = [0];
        if stream.peek(&mut first).await? == 0 {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        if first != [HANDSHAKE] {
            return Err(refuse_plain(stream).await.err().map_or(HandshakeError::Plain, Into::into));
        }
        let loaded = self.loaded();
        let stream = TlsAcceptor::from(Arc::clone(&loaded.config)).accept(stream).await?;
        let (_, session) = stream.get_ref();
        let resumed = session.handshake_kind() == Some(HandshakeKind::Resumed);
        let judge = loaded.authority.clone().filter(|_| !resumed);
        let chain = session.peer_certificates().map(<[_]>::to_vec);
        let peer = chain.map(|chain| Peer::new(Arc::clone(&self), chain, judge));
        Ok(Secured { stream, peer })
    }
}

/// Responds to a client that does not use TLS, and closes the connection. Reads from the request
/// first, because closing a connection with unread data could discard the response.
async fn refuse_plain(mut stream: TcpStream) -> io::Result<()> {
    let mut request = [0; 4096];
    if stream.read(&mut request).await? > 0 {
        stream.write_all(PLAIN_HTTP_RESPONSE).await?;
    }
    stream.shutdown().await
}
