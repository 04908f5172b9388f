//! Commands that people paste into a shell.

use std::borrow::Cow;

/// An argument of a command as a shell reads it. Hosts choose their machine IDs, and files have any
/// name: without quotes, a shell could run a part of them.
#[must_use]
pub fn argument(text: &str) -> Cow<'_, str> {
    // With NUL allowed, every text can be quoted.
    shlex::Quoter::new().allow_nul(true).quote(text).unwrap_or(Cow::Borrowed("''"))
}

#[cfg(test)]
mod tests {
    use super::argument;

    #[test]
    fn a_shell_runs_no_part_of_an_argument() {
        for plain in ["C02XK0AAJG5J", "signingid:EQHXZ8M8AV:com.google.Chrome", "/a/b-c_d.csv"] {
            assert_eq!(argument(plain), plain);
        }
        for hostile in ["x;touch y;", "$(touch y)", "a b", "it's", "`touch y`", "!touch", "\"", ""]
        {
            let output = std::process::Command::new("sh")
                .args(["-c", &format!("printf %s {}", argument(hostile))])
                .output()
                .unwrap();
            assert_eq!(output.stdout, hostile.as_bytes(), "{}", argument(hostile));
        }
    }
}
