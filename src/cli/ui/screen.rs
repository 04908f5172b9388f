//! A screen that is drawn again and again until the user leaves it.

use std::io::{self, Write};
use std::pin::pin;
use std::thread;
use std::time::{Duration, Instant};

use console::{Term, truncate_str};
use tokio::sync::oneshot;
use tokio::time;

use super::cell::harmless;
use super::output::Ui;
use crate::cli::error::{CliError, Kind};
use crate::cli::signals::shutdown;
use crate::config::Output;

/// The shortest pause between two drawings.
const PAUSE: Duration = Duration::from_secs(2);
/// Switches to the second screen of the terminal, and hides the cursor. The first screen stays as
/// it is.
const ENTER: &str = "\u{1b}[?1049h\u{1b}[?25l";
const LEAVE: &str = "\u{1b}[?25h\u{1b}[?1049l";
const HOME: &str = "\u{1b}[H";
const CLEAR_LINE: &str = "\u{1b}[K";
const CLEAR_BELOW: &str = "\u{1b}[J";

impl Ui {
    /// Draws the output of `show` again and again until the user presses q or Ctrl-C, or the
    /// process gets SIGTERM. An error of one drawing is shown, and the next one tries again.
    pub(crate) async fn watch(
        &self,
        show: impl AsyncFn() -> Result<(), CliError>,
    ) -> Result<(), CliError> {
        if !self.is_terminal() || !matches!(self.format, Output::Table | Output::Wide) {
            return Err(CliError::usage("--watch needs a terminal and -o table or wide"));
        }
        self.end_page()?;
        let interrupted = shutdown()?;
        let _keys = keys::KeyByKey::start();
        let mut quit = pin!(quit());
        let mut interrupted = pin!(interrupted);
        let _screen = Screen::enter(self)?;
        let mut text = String::new();
        loop {
            let mut failure = None;
            let started = Instant::now();
            tokio::select! {
                () = &mut quit => return Ok(()),
                () = &mut interrupted => return Err(left()),
                (shown, result) = self.captured(&show) => match result {
                    Ok(()) => text = shown,
                    Err(error) => failure = Some(error.message),
                },
            }
            let pause = pause_after(started.elapsed());
            self.draw(&text, failure.as_deref())?;
            tokio::select! {
                () = &mut quit => return Ok(()),
                () = &mut interrupted => return Err(left()),
                () = time::sleep(pause) => {}
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
            None => "Refreshed automatically; press q to quit".to_owned(),
        };
        let screen = (self.height.get().unwrap_or(24), self.width.get().unwrap_or(80));
        let mut out = self.out();
        out.write_all(drawing(&head, text, screen).as_bytes())?;
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

/// The pause after a drawing. A slow server gets no more requests than it can respond to.
fn pause_after(took: Duration) -> Duration {
    took.max(PAUSE)
}

/// The lines that fit on a screen with this number of lines and columns, below a head. Each line is
/// cleared before it is written, because a terminal that clears the rest of a full line also erases
/// its last character.
fn drawing(head: &str, text: &str, (lines, columns): (usize, usize)) -> String {
    let cut = |line: &str| truncate_str(line, columns, "…").into_owned();
    let room = lines.saturating_sub(2);
    let lines: Vec<&str> = text.lines().collect();
    let shown = if lines.len() > room { room.saturating_sub(1) } else { room };
    let mut drawn = format!("{HOME}{CLEAR_LINE}{}\n{CLEAR_LINE}", cut(head));
    for line in lines.iter().take(shown) {
        drawn.push_str(&format!("\n{CLEAR_LINE}{}", cut(line)));
    }
    if let more @ 1.. = lines.len().saturating_sub(shown) {
        drawn.push_str(&format!("\n{CLEAR_LINE}{}", cut(&format!("and {more} more lines"))));
    }
    if lines.len() < room {
        drawn.push_str(&format!("\n{CLEAR_BELOW}"));
    }
    drawn
}

fn left() -> CliError {
    CliError::new(Kind::Interrupted, "interrupted")
}

/// Waits until the user presses q. Without a keyboard, it waits forever.
async fn quit() {
    let (pressed, quits) = oneshot::channel();
    // A thread that reads keys cannot be stopped, so it must not be a thread of the runtime, which
    // would wait for it.
    thread::spawn(|| {
        if keys::wait_for(|key| matches!(key, 'q' | 'Q')).is_ok() {
            let _ = pressed.send(());
        }
    });
    if quits.await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// The second screen of the terminal. When this is dropped, the first one is shown again.
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

    /// The terminal passes each key immediately and does not show it, until this is dropped. Ctrl-C
    /// is still a signal.
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines of a drawing without the escape sequences that move the cursor and clear lines.
    fn drawn(head: &str, text: &str, screen: (usize, usize)) -> Vec<String> {
        let mut drawn = drawing(head, text, screen);
        for sequence in [HOME, CLEAR_LINE, CLEAR_BELOW] {
            drawn = drawn.replace(sequence, "");
        }
        drawn.lines().map(str::to_owned).collect()
    }

    #[test]
    fn lines_that_are_wider_than_the_terminal_are_cut_by_their_width() {
        let text = "01234567\n012345678\n漢字漢字漢字\n\u{1b}[32m0123456789\u{1b}[0m\n";
        let lines = ["a long h…", "", "01234567", "012345678", "漢字漢字…"];
        let lines = lines.map(str::to_owned).into_iter();
        let colored = "\u{1b}[32m01234567…\u{1b}[0m".to_owned();
        let expected: Vec<String> = lines.chain([colored]).collect();
        assert_eq!(drawn("a long head", text, (24, 9)), expected);
    }

    #[test]
    fn only_the_lines_that_fit_are_drawn() {
        assert_eq!(drawn("head", "1\n2\n3\n", (5, 80)), ["head", "", "1", "2", "3"]);
        let more = ["head", "", "1", "2", "and 2 more lines"];
        assert_eq!(drawn("head", "1\n2\n3\n4\n", (5, 80)), more);
    }

    #[test]
    fn the_last_character_of_a_full_line_is_not_erased() {
        let drawn = drawing("h", "01\n", (24, 2));
        assert!(drawn.ends_with(&format!("{CLEAR_LINE}01\n{CLEAR_BELOW}")), "{drawn:?}");
        let full = drawing("h", "01\n", (3, 2));
        assert!(full.ends_with(&format!("{CLEAR_LINE}01")), "{full:?}");
    }

    #[test]
    fn the_pause_is_as_long_as_a_slow_drawing() {
        assert_eq!(pause_after(Duration::from_millis(50)), PAUSE);
        assert_eq!(pause_after(Duration::from_secs(5)), Duration::from_secs(5));
    }
}
