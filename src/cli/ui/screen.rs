//! A screen that is drawn again and again until the user leaves it.

use std::io::{self, Write};
use std::pin::pin;
use std::thread;
use std::time::Duration;

use console::{Term, truncate_str};
use tokio::sync::oneshot;
use tokio::time;

use super::cell::harmless;
use super::output::Ui;
use crate::cli::error::{CliError, Kind};
use crate::cli::signals::interrupt;
use crate::config::Output;

/// The pause between two drawings.
const PAUSE: Duration = Duration::from_secs(2);
/// The second screen of a terminal, which leaves the first one as it is, without a cursor.
const ENTER: &str = "\u{1b}[?1049h\u{1b}[?25l";
const LEAVE: &str = "\u{1b}[?25h\u{1b}[?1049l";
const HOME: &str = "\u{1b}[H";
const CLEAR_LINE: &str = "\u{1b}[K";
const CLEAR_BELOW: &str = "\u{1b}[J";

impl Ui {
    /// Draws the output of `show` every 2 seconds until the user presses q or Ctrl-C. An error of
    /// one drawing is shown, and the next one tries again.
    pub(crate) async fn watch(
        &self,
        show: impl AsyncFn() -> Result<(), CliError>,
    ) -> Result<(), CliError> {
        if !self.is_terminal() || !matches!(self.format, Output::Table | Output::Wide) {
            return Err(CliError::usage("--watch needs a terminal and -o table or wide"));
        }
        self.end_page()?;
        let interrupted = interrupt()?;
        let _keys = keys::KeyByKey::start();
        let mut quit = pin!(quit());
        let mut interrupted = pin!(interrupted);
        let _screen = Screen::enter(self)?;
        let mut text = String::new();
        loop {
            let mut failure = None;
            tokio::select! {
                () = &mut quit => return Ok(()),
                () = &mut interrupted => return Err(left()),
                (shown, result) = self.captured(&show) => match result {
                    Ok(()) => text = shown,
                    Err(error) => failure = Some(error.message),
                },
            }
            self.draw(&text, failure.as_deref())?;
            tokio::select! {
                () = &mut quit => return Ok(()),
                () = &mut interrupted => return Err(left()),
                () = time::sleep(PAUSE) => {}
            }
        }
    }

    /// The output of a command, and the messages after it.
    async fn captured(
        &self,
        show: &impl AsyncFn() -> Result<(), CliError>,
    ) -> (String, Result<(), CliError>) {
        self.resize();
        let capture = self.capture();
        let result = show().await;
        (capture.end(), result)
    }

    /// Draws the lines that fit on the screen.
    fn draw(&self, text: &str, failure: Option<&str>) -> io::Result<()> {
        let head = match failure {
            Some(failure) => format!("Trying again after an error: {}", harmless(failure)),
            None => "Every 2 seconds; press q to quit".to_owned(),
        };
        let head = truncate_str(&head, self.width.get().unwrap_or(80), "…");
        let room = self.height.get().unwrap_or(24).saturating_sub(2);
        let lines: Vec<&str> = text.lines().collect();
        let shown = if lines.len() > room { room.saturating_sub(1) } else { room };
        let mut drawn = format!("{HOME}{head}{CLEAR_LINE}\n{CLEAR_LINE}");
        for line in lines.iter().take(shown) {
            drawn.push_str(&format!("\n{line}{CLEAR_LINE}"));
        }
        if let more @ 1.. = lines.len().saturating_sub(shown) {
            drawn.push_str(&format!("\nand {more} more lines{CLEAR_LINE}"));
        }
        drawn.push_str(CLEAR_BELOW);
        let mut out = self.out();
        out.write_all(drawn.as_bytes())?;
        out.flush()
    }

    /// Reads the size of the terminal again.
    fn resize(&self) {
        if let Some((lines, columns)) = Term::stdout().size_checked() {
            self.width.set(Some(columns.into()));
            self.height.set(Some(lines.into()));
        }
    }
}

fn left() -> CliError {
    CliError::new(Kind::Interrupted, "interrupted")
}

/// Waits until the user presses q. Without a keyboard, it waits forever.
async fn quit() {
    let (pressed, quits) = oneshot::channel();
    // A thread that reads keys cannot be stopped, so it must not be one of the runtime.
    thread::spawn(|| {
        if keys::wait_for(|key| matches!(key, 'q' | 'Q')).is_ok() {
            let _ = pressed.send(());
        }
    });
    if quits.await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// The second screen of the terminal. The first one is shown again when it is dropped.
struct Screen<'u>(&'u Ui);

impl<'u> Screen<'u> {
    fn enter(ui: &'u Ui) -> Result<Self, CliError> {
        ui.raw(ENTER.as_bytes())?;
        Ok(Self(ui))
    }
}

impl Drop for Screen<'_> {
    fn drop(&mut self) {
        drop(self.0.raw(LEAVE.as_bytes()));
    }
}

/// Keys that are read without Enter.
#[cfg(unix)]
mod keys {
    use std::io::{self, Read};

    use nix::sys::termios::{LocalFlags, SetArg, Termios, tcgetattr, tcsetattr};

    /// The terminal passes each key immediately and does not show it, until this is dropped. Ctrl-C is
    /// still a signal.
    pub(super) struct KeyByKey(Termios);

    impl KeyByKey {
        /// `None` if stdin is not a terminal.
        pub(super) fn start() -> Option<Self> {
            let before = tcgetattr(io::stdin()).ok()?;
            let mut changed = before.clone();
            changed.local_flags.remove(LocalFlags::ICANON | LocalFlags::ECHO);
            tcsetattr(io::stdin(), SetArg::TCSANOW, &changed).ok()?;
            Some(Self(before))
        }
    }

    impl Drop for KeyByKey {
        fn drop(&mut self) {
            let _ = tcsetattr(io::stdin(), SetArg::TCSANOW, &self.0);
        }
    }

    pub(super) fn wait_for(wanted: impl Fn(char) -> bool) -> io::Result<()> {
        let (mut keyboard, mut byte) = (io::stdin(), [0]);
        loop {
            keyboard.read_exact(&mut byte)?;
            if wanted(byte[0].into()) {
                return Ok(());
            }
        }
    }
}

#[cfg(windows)]
mod keys {
    use std::io;

    use console::{Key, Term};

    pub(super) struct KeyByKey;

    impl KeyByKey {
        pub(super) fn start() -> Option<Self> {
            None
        }
    }

    pub(super) fn wait_for(wanted: impl Fn(char) -> bool) -> io::Result<()> {
        let term = Term::stdout();
        loop {
            if let Key::Char(key) = term.read_key()?
                && wanted(key)
            {
                return Ok(());
            }
        }
    }
}
