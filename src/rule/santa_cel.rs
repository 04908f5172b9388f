//! The names that Santa gives to a rule's expression (santa.cel.v1).

use std::sync::LazyLock;

use crate::cel::Schema;

/// The schema of Santa's version 1 expressions: the program (`target`), how it is run, and the
/// verdicts that an expression may return.
#[must_use]
pub fn schema() -> &'static Schema {
    static SCHEMA: LazyLock<Schema> = LazyLock::new(|| {
        Schema::new()
            .message(
                "target",
                &[
                    "signing_time",
                    "secure_signing_time",
                    "signing_id",
                    "team_id",
                    "is_platform_binary",
                ],
            )
            .variables(&["args", "envs", "euid", "cwd", "path"])
            .constants(&[
                "UNSPECIFIED",
                "ALLOWLIST",
                "ALLOWLIST_COMPILER",
                "BLOCKLIST",
                "SILENT_BLOCKLIST",
                "SILENT_GUI_BLOCKLIST",
                "SILENT_TTY_BLOCKLIST",
            ])
    });
    &SCHEMA
}
