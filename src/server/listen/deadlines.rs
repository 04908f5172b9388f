//! A connection that fails if its client is too slow.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

use super::framing::{Fault, Framing};
use super::limits::ConnectionLimits;

/// A stream that fails if the client takes too long to send its first headers, to complete headers
/// that it has begun, or to read the next part of a response. Other modules enforce the deadlines
/// for idle connections and for bodies.
pub(super) struct DeadlineStream<S> {
    stream: S,
    framing: Framing,
    fault: Arc<OnceLock<Fault>>,
    head: Deadline,
    write: Deadline,
}

struct Deadline {
    after: Duration,
    running: Option<Pin<Box<Sleep>>>,
}

impl Deadline {
    const fn new(after: Duration) -> Self {
        Self { after, running: None }
    }

    /// Starts the deadline if it is not running. Returns whether it has passed.
    fn has_passed(&mut self, context: &mut Context<'_>) -> bool {
        let after = self.after;
        let running = self.running.get_or_insert_with(|| Box::pin(tokio::time::sleep(after)));
        running.as_mut().poll(context).is_ready()
    }

    fn clear(&mut self) {
        self.running = None;
    }
}

impl<S> DeadlineStream<S> {
    pub(super) fn new(stream: S, limits: &ConnectionLimits) -> Self {
        let (head, write) = (Deadline::new(limits.head), Deadline::new(limits.write));
        let (framing, fault) = (Framing::default(), Arc::default());
        Self { stream, framing, fault, head, write }
    }

    /// A cell that is set when a request on this connection has a fault. Such a request must be
    /// refused.
    pub(super) fn fault(&self) -> Arc<OnceLock<Fault>> {
        Arc::clone(&self.fault)
    }

    /// The result of a write, or an error if the client has read nothing for too long.
    fn judge<T>(
        &mut self,
        context: &mut Context<'_>,
        step: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        match step {
            Poll::Ready(done) => {
                self.write.clear();
                Poll::Ready(done)
            }
            Poll::Pending if self.write.has_passed(context) => {
                Poll::Ready(Err(too_slow("the client does not read its response")))
            }
            Poll::Pending => Poll::Pending,
        }
    }
}

fn too_slow(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, what)
}

impl<S: AsyncRead + Unpin> AsyncRead for DeadlineStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        match Pin::new(&mut self.stream).poll_read(context, buffer) {
            Poll::Ready(read) => {
                let heads = self.framing.heads();
                self.framing.read(&buffer.filled()[before..]);
                if self.framing.heads() > heads {
                    self.head.clear();
                    if let Some(fault) = self.framing.fault() {
                        self.fault.get_or_init(|| fault);
                    }
                }
                Poll::Ready(read)
            }
            Poll::Pending if self.framing.owes_head() && self.head.has_passed(context) => {
                Poll::Ready(Err(too_slow("timed out while waiting for the request's headers")))
            }
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for DeadlineStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let step = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.judge(context, step)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let step = Pin::new(&mut self.stream).poll_write_vectored(context, parts);
        self.judge(context, step)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let step = Pin::new(&mut self.stream).poll_flush(context);
        self.judge(context, step)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let step = Pin::new(&mut self.stream).poll_shutdown(context);
        self.judge(context, step)
    }
}
