//! The codes of findings, with their severities and fixes.

use std::fmt;
use std::str::FromStr;

use crate::rule::words;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Not necessarily a mistake.
    Note,
    /// Probably a mistake.
    Warning,
    /// Harmful or invalid.
    Error,
}

words! {
    Severity {
        Note = "note",
        Warning = "warning",
        Error = "error",
    }
}

impl FromStr for Severity {
    type Err = UnknownCode;

    fn from_str(text: &str) -> Result<Self, UnknownCode> {
        Self::from_word(text).ok_or_else(|| UnknownCode(text.to_owned()))
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown finding `{0}`: expected a code or name such as NL104 or block-lifted")]
pub struct UnknownCode(String);

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $variant:ident = $id:literal $name:literal $severity:ident, $fix:literal;)+) => {
        /// Numbers and names never change, and numbers are never reused.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum LintCode {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl LintCode {
            /// All codes, by number.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The number, as in `NL101`.
            pub const fn id(self) -> &'static str {
                match self { $(Self::$variant => $id,)+ }
            }

            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            pub const fn severity(self) -> Severity {
                match self { $(Self::$variant => Severity::$severity,)+ }
            }

            pub fn about(self) -> &'static str {
                match self { $(Self::$variant => concat!($($doc),+).trim(),)+ }
            }

            /// What to do. Empty if the message already describes it.
            pub const fn fix(self) -> &'static str {
                match self { $(Self::$variant => $fix,)+ }
            }
        }
    };
}

codes! {
    /// A row, an object or a value is not a valid rule or setting.
    NotTaken = "NL001" "not-taken" Error,
        "";
    /// A row of the database cannot be read by this version and is not served.
    Unreadable = "NL002" "unreadable" Error,
        "upgrade nicelist, or replace or delete the row";
    /// A weaker scope already has the same rule.
    Repeats = "NL101" "repeats-weaker-scope" Warning,
        "remove this rule, or keep it if you plan to remove the weaker one";
    /// The `remove` rule has no effect: no weaker scope has a rule for its target.
    RemovesNothing = "NL102" "removes-nothing" Warning,
        "remove this rule, or add a rule for its target to a weaker scope";
    /// The rule for a program is the same as the rule for its team.
    RepeatsTeam = "NL103" "repeats-team" Warning,
        "remove this rule, or the rule for the team if only this program is intended";
    /// A stronger scope allows what a weaker scope blocks.
    BlockLifted = "NL104" "block-lifted" Note,
        "nothing is needed if the exception is intended; otherwise remove the stronger rule, or \
        change it to block";
    /// A program is allowed, but its team is blocked.
    AllowedInBlockedTeam = "NL105" "allowed-in-blocked-team" Note,
        "nothing is needed if the exception is intended; otherwise remove the rule for the program";
    /// The signing IDs of two rules differ only in upper and lower case.
    DiffersByCase = "NL201" "differs-by-case" Warning,
        "keep the spelling that santactl fileinfo shows; Santa distinguishes upper and lower case";
    /// The team IDs of two rules differ only in characters that look alike.
    LooksAlike = "NL202" "looks-alike" Warning,
        "compare the identifier with what santactl fileinfo shows";
    /// The rule has expired.
    Expired = "NL203" "expired" Warning,
        "remove the rule, or give it a later expiry";
    /// The rule is for an identifier that no program has.
    MatchesNothing = "NL204" "matches-nothing" Warning,
        "compare the identifier with what santactl fileinfo shows";
    /// The rule's expression needs a newer version of Santa than the first that supports CEL rules.
    NeedsNewerSanta = "NL205" "needs-newer-santa" Note,
        "upgrade Santa on older hosts if they need this rule; they do not get it";
    /// The rule blocks Santa itself.
    BlocksSanta = "NL301" "blocks-santa" Error,
        "remove the rule: it would block Santa's installers and updates";
    /// The rule blocks a team whose programs manage Macs.
    BlocksSantaTeam = "NL302" "blocks-santa-team" Warning,
        "block only specific programs, by their signing IDs";
    /// The rule blocks a part of macOS that Santa always allows, or that a Mac needs.
    BlocksSystem = "NL303" "blocks-system" Error,
        "remove the rule: a Mac might not start or log in without this program";
    /// A part of a path pattern matches anywhere in a path.
    Unanchored = "NL401" "unanchored-pattern" Warning,
        "begin every alternative with ^, as in ^(?:/a/|/b/)";
    /// Santa may take very long to match a path pattern.
    Catastrophic = "NL402" "catastrophic-pattern" Error,
        "avoid nested repetition: a repeated part must not contain a repeated part";
    /// A path pattern allows a folder that users without admin rights can write to.
    AllowsWritable = "NL403" "allows-writable-path" Warning,
        "allow programs by rules, or only folders that only administrators can write to";
    /// A path pattern allows everything.
    AllowsEverything = "NL404" "allows-everything" Error,
        "list only the folders that should be allowed";
    /// A path pattern is not a valid regular expression.
    InvalidPattern = "NL405" "invalid-pattern" Error,
        "fix the pattern: Santa ignores patterns that do not compile";
    /// A path pattern has syntax that nicelist cannot check. Santa uses ICU, which may support it.
    UncheckedPattern = "NL406" "unchecked-pattern" Note,
        "test the pattern on a Mac; nicelist cannot check it";
    /// Hosts are in lockdown, but no rule for all of them allows a program.
    EmptyLockdown = "NL501" "empty-lockdown" Error,
        "allow the programs that Macs need before you lock them down, or use monitor mode";
    /// A rule allows a compiler, but no scope enables transitive rules.
    CompilerWithoutTransitive = "NL502" "compiler-without-transitive" Warning,
        "nicelist settings set enable-transitive-rules=true, or use allow instead of \
        allow-compiler";
    /// Only one of the two settings for removable media is set.
    OneKindOfMedia = "NL503" "one-kind-of-media" Note,
        "set both removable-media and encrypted-removable-media";
    /// A scope has the name of a host, so its rules and settings apply to no host.
    HostName = "NL601" "host-name" Warning,
        "nicelist rule lint --fix moves the rules and settings to the machine ID, if one host has \
        the name";
    /// Several hosts report the same serial number.
    SharedSerial = "NL602" "shared-serial" Warning,
        "use machine IDs; rules and settings for the serial number apply to all of these hosts";
}

impl fmt::Display for LintCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.id())
    }
}

impl FromStr for LintCode {
    type Err = UnknownCode;

    /// Accepts numbers and names.
    fn from_str(text: &str) -> Result<Self, UnknownCode> {
        let mut all = Self::ALL.iter().copied();
        let found = all.find(|code| code.id().eq_ignore_ascii_case(text) || code.name() == text);
        found.ok_or_else(|| UnknownCode(text.to_owned()))
    }
}
