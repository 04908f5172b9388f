//! The log of changes that do not create a revision.

use std::fmt::Display;

use crate::fleet::Actor;

/// Logs a change and its author. Changes that create a revision are not logged, because the
/// revision contains the author.
pub fn record(actor: &Actor, action: &'static str, object: &dyn Display) {
    let Actor { name, at: _, request_id, reason } = actor;
    tracing::info!(
        actor = name,
        action,
        %object,
        request_id = request_id.as_deref(),
        reason = reason.as_deref(),
        "changed"
    );
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use jiff::Timestamp;

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_change_is_logged_with_its_actor_action_and_object() {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_writer(move || writer.clone())
            .with_ansi(false)
            .without_time()
            .finish();
        let request_id = Some("0badcafe".to_owned());
        let actor = Actor { request_id, ..Actor::new("anna", Timestamp::UNIX_EPOCH) };
        tracing::subscriber::with_default(subscriber, || {
            record(&actor.because("stolen"), "forget-host", &"M1");
        });
        let lines = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        for part in ["actor=\"anna\"", "forget-host", "object=M1", "0badcafe", "stolen"] {
            assert!(lines.contains(part), "{part} is missing in {lines}");
        }
    }
}
