//! The signals that end a command. Each function begins to listen when it is called, not when its
//! future is polled, so that no signal is missed.

use std::io;

#[cfg(unix)]
use tokio::signal::unix::{SignalKind, signal};
#[cfg(windows)]
use tokio::signal::windows::{ctrl_c, ctrl_close, ctrl_shutdown};

/// Waits for Ctrl-C.
#[cfg(unix)]
pub(super) fn interrupt() -> io::Result<impl Future<Output = ()> + Send> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        interrupt.recv().await;
    })
}

#[cfg(windows)]
pub(super) fn interrupt() -> io::Result<impl Future<Output = ()> + Send> {
    let mut interrupt = ctrl_c()?;
    Ok(async move {
        interrupt.recv().await;
    })
}

/// Waits for Ctrl-C or SIGTERM.
#[cfg(unix)]
pub(super) fn shutdown() -> io::Result<impl Future<Output = ()> + Send> {
    let (interrupt, mut terminate) = (interrupt()?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            () = interrupt => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Waits for Ctrl-C, or until the console is closed or Windows shuts down.
#[cfg(windows)]
pub(super) fn shutdown() -> io::Result<impl Future<Output = ()> + Send> {
    let (interrupt, mut close, mut shutdown) = (interrupt()?, ctrl_close()?, ctrl_shutdown()?);
    Ok(async move {
        tokio::select! {
            () = interrupt => {}
            _ = close.recv() => {}
            _ = shutdown.recv() => {}
        }
    })
}
