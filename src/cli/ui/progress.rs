//! Progress bars and spinners. They appear only on a terminal, and on stderr.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::output::Ui;

const TICK: Duration = Duration::from_millis(120);

/// A bar or a spinner. It disappears when it is dropped.
pub(crate) struct Progress(ProgressBar);

impl Progress {
    pub(crate) fn advance(&self, by: u64) {
        self.0.inc(by);
    }

    /// A function that advances the bar.
    pub(crate) fn counter(&self) -> impl Fn(u64) + 'static {
        let bar = self.0.clone();
        move |by| bar.inc(by)
    }

    /// Sets the position and the length of the bar, and its text.
    pub(crate) fn set(&self, position: u64, length: u64, text: impl Into<String>) {
        self.0.set_length(length);
        self.0.set_position(position);
        self.set_text(text);
    }

    pub(crate) fn set_text(&self, text: impl Into<String>) {
        self.0.set_message(text.into());
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

impl Ui {
    /// Shows a bar if the length is known, otherwise a spinner.
    pub(crate) fn progress(&self, length: Option<u64>, text: impl Into<String>) -> Progress {
        let template = match length {
            Some(_) => "{msg} [{bar:30}] {human_pos}/{human_len} {eta}",
            None => "{spinner} {msg}",
        };
        self.draw_progress(length, template, text.into())
    }

    /// Shows a bar of hosts. It has no estimate, because hosts sync at their own times.
    pub(crate) fn host_bar(&self, text: impl Into<String>) -> Progress {
        let template = "[{bar:20}] {human_pos}/{human_len} {wide_msg}";
        self.draw_progress(Some(0), template, text.into())
    }

    fn draw_progress(&self, length: Option<u64>, template: &str, text: String) -> Progress {
        if !self.shows_progress() {
            return Progress(ProgressBar::hidden());
        }
        let style = ProgressStyle::with_template(template)
            .unwrap_or_else(|_| ProgressStyle::default_spinner());
        let bar = ProgressBar::with_draw_target(length, ProgressDrawTarget::stderr())
            .with_style(style)
            .with_message(text);
        bar.enable_steady_tick(TICK);
        self.progress_bar.replace(Some(bar.clone()));
        Progress(bar)
    }
}
