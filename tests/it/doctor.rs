//! `nicelist doctor` names planted faults and their fixes.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::thread;
use std::time::Duration;

use jiff::SignedDuration;
use jiff::fmt::rfc2822::DateTimePrinter;
use nicelist::fleet::Clock;
use rusqlite::Connection;

use crate::shell::{ENROLLMENT, Server, Shell};
use crate::tls::certificates::{Authority, Signed, Valid};

/// Runs the doctor and checks the exit code, the fault and its fix.
fn finds(shell: &Shell, flags: &str, code: i32, found: &str, fix: &str) -> String {
    let shown = shell.run(&format!("doctor {flags}"));
    for part in [format!("exit code: {code}\n"), found.to_owned(), fix.to_owned()] {
        assert!(shown.contains(&part), "{part:?} is not in\n{shown}");
    }
    shown
}

/// A TLS server with the certificate that `sign` creates. Its CA is in `ca.pem`.
fn with_certificate(sign: impl FnOnce(&Authority) -> Signed) -> (Shell, Server) {
    let shell = Shell::new();
    let authority = Authority::new("servers");
    authority.write(&shell, "ca.pem");
    sign(&authority).write(&shell, "server");
    let flags = ["--tls-cert", "server.pem", "--tls-key", "server.key"];
    let server = Server::start_with(&shell, &flags);
    (shell, server)
}

/// The head of a request or a response, line by line, and the body.
fn read_message(stream: &TcpStream) -> Option<(Vec<String>, Vec<u8>)> {
    let mut reader = BufReader::new(stream);
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end() {
            "" => break,
            line => head.push(line.to_owned()),
        }
    }
    let length = head.iter().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().unwrap())
    });
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body).ok()?;
    Some((head, body))
}

/// Starts a server that handles each connection with `respond`. Returns its address.
fn fake(respond: impl Fn(Vec<String>, Vec<u8>) -> Vec<u8> + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            if let Some((head, body)) = read_message(&stream) {
                drop(stream.write_all(&respond(head, body)));
            }
        }
    });
    address
}

/// A response whose connection is closed after it.
fn response(status: &str, headers: &[&str], body: &str) -> Vec<u8> {
    let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\n{headers}connection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// A reverse proxy for a server, which changes the head of each request.
fn proxy(server: &Server, change: impl Fn(&mut Vec<String>) + Send + 'static) -> String {
    let upstream = server.url.trim_start_matches("http://").to_owned();
    fake(move |mut head, body| {
        head.retain(|line| !line.to_ascii_lowercase().starts_with("connection:"));
        change(&mut head);
        head.push("connection: close".to_owned());
        let mut stream = TcpStream::connect(&upstream).unwrap();
        stream.write_all(format!("{}\r\n\r\n", head.join("\r\n")).as_bytes()).unwrap();
        stream.write_all(&body).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        answer
    })
}

fn without(head: &mut Vec<String>, name: &str) {
    head.retain(|line| !line.to_ascii_lowercase().starts_with(&format!("{name}:")));
}

#[test]
fn a_healthy_server_has_no_problem_and_the_simulated_mac_is_forgotten() {
    let mut shell = Shell::new();
    let server = Server::start(&shell);
    shell.use_server(&server);
    let shown = finds(
        &shell,
        &format!("--url {}", server.sync_base()),
        0,
        "a whole sync works",
        "forgot the host nicelist-doctor",
    );
    assert!(!shown.contains("  problem ") && shown.contains("0 problems"), "{shown}");
    let (_, output) = shown.split_once("----- stdout -----").unwrap();
    assert!(!output.contains(ENROLLMENT), "{shown}");
    assert_eq!(shell.json("host list"), serde_json::json!([]));
}

#[test]
fn scripts_get_each_check_as_json() {
    let shell = Shell::new();
    let server = Server::start(&shell);
    let line = format!("doctor --url {}/santa/wrong/ -o json", server.url);
    let words: Vec<&str> = line.split(' ').collect();
    let output = shell.command(&words).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["problems"], 1, "{report}");
    let checks = report["checks"].as_array().unwrap();
    let wrong = checks.iter().find(|check| check["status"] == "problem").unwrap();
    assert_eq!(wrong["check"], "secret");
    assert!(wrong["fix"].as_str().unwrap().contains("nicelist token create"), "{wrong}");
}

#[test]
fn a_wrong_and_a_missing_secret_are_distinguished() {
    let shell = Shell::new();
    let server = Server::start(&shell);
    let fix = "nicelist token create macs-2 --role enrollment";
    let url = format!("--url {}/santa/", server.url);
    finds(&shell, &format!("{url}wrong/"), 1, "the enrollment secret is wrong", fix);
    let header = format!("{url} --secret wrong");
    finds(&shell, &header, 1, "the enrollment secret is wrong", fix);
    finds(&shell, &url, 1, "no enrollment secret was sent", fix);
    let right = format!("{url} --secret {ENROLLMENT}");
    finds(&shell, &right, 0, "a whole sync works", "nicelist host forget nicelist-doctor");
}

#[test]
fn a_secret_with_the_name_of_its_scheme_is_refused_and_not_shown() {
    let shell = Shell::new();
    let url = "https://santa.example.com/santa/";
    for option in ["--secret", "--token"] {
        let line = ["doctor", "--url", url, option, "Bearer nicelist_hush"];
        let output = shell.command(&line).output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert!(error.contains("leave out `Bearer`") && error.contains(option), "{error}");
        assert!(!error.contains("hush"), "{error}");
    }
}

#[test]
fn a_secret_is_read_from_a_file_or_from_stdin() {
    let shell = Shell::new();
    let server = Server::start(&shell);
    shell.write("secret.txt", &format!("{ENROLLMENT}\n"));
    shell.write("wrong.txt", "wrong");
    let url = format!("--url {}/santa/ --secret-file", server.url);
    let fix = "nicelist host forget nicelist-doctor";
    finds(&shell, &format!("{url} secret.txt"), 0, "a whole sync works", fix);
    let fix = "nicelist token create macs-2 --role enrollment";
    let found = "the enrollment secret is wrong";
    finds(&shell, &format!("{url} wrong.txt"), 1, found, fix);
    let missing = shell.run(&format!("doctor {url} missing.txt"));
    assert!(missing.contains("missing.txt") && !missing.contains("exit code: 0"), "{missing}");
    let line = format!("doctor {url} -");
    let words: Vec<&str> = line.split(' ').collect();
    let mut doctor = shell.command(&words);
    let secret = std::fs::File::open(shell.path("secret.txt")).unwrap();
    let output = doctor.stdin(secret).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

#[test]
fn a_profile_is_checked_with_its_secret_its_cas_and_its_machine_id() {
    let (mut shell, server) = with_certificate(|authority| authority.server(Valid::Now));
    let enroll = |shell: &Shell, secret: &str, ca: &str| {
        drop(std::fs::remove_file(shell.path("p.mobileconfig")));
        shell.write("secret.txt", secret);
        let line = format!(
            "enroll profile --url {}/santa/ --ca {ca} --secret-file secret.txt -O p.mobileconfig",
            server.url
        );
        let written = shell.run(&line);
        assert!(written.contains("exit code: 0"), "{written}");
    };
    let profile = "--profile p.mobileconfig";
    enroll(&shell, ENROLLMENT, "ca.pem");
    let kept = "nicelist host forget nicelist-doctor";
    let shown = finds(&shell, profile, 0, "signed by one of the CAs in p.mobileconfig", kept);
    assert!(shown.contains("a whole sync works") && !shown.contains(ENROLLMENT), "{shown}");
    enroll(&shell, "a-secret-that-no-one-knows", "ca.pem");
    let fix = "nicelist token create macs-2 --role enrollment";
    finds(&shell, profile, 1, "the enrollment secret is wrong", fix);
    Authority::new("others").write(&shell, "others.pem");
    enroll(&shell, ENROLLMENT, "others.pem");
    let found = "not signed by any of the CAs in p.mobileconfig";
    finds(&shell, profile, 1, found, "ServerAuthRootsData");
    let right = format!("{profile} --ca ca.pem");
    finds(&shell, &right, 0, "signed by one of the CAs in ca.pem", "a whole sync works");

    // The host of a machine ID in the profile can be a real Mac, so it is not forgotten.
    enroll(&shell, ENROLLMENT, "ca.pem");
    let text = std::fs::read_to_string(shell.path("p.mobileconfig")).unwrap();
    let machine = "<key>MachineID</key><string>ANNAS-MAC</string><key>SyncBaseURL</key>";
    shell.write("p.mobileconfig", &text.replace("<key>SyncBaseURL</key>", machine));
    shell.use_server(&server);
    shell.set("NICELIST_CA", "ca.pem");
    let found = "the host ANNAS-MAC is not forgotten";
    let shown = finds(&shell, profile, 0, found, "a whole sync works");
    assert!(!shown.contains("host forget"), "{shown}");
}

#[test]
fn a_wrong_ca_is_named() {
    let (shell, server) = with_certificate(|authority| authority.server(Valid::Now));
    Authority::new("others").write(&shell, "others.pem");
    let url = format!("--url {}", server.sync_base());
    let found = "not signed by any of the CAs in others.pem";
    finds(&shell, &format!("{url} --ca others.pem"), 1, found, "ServerAuthRootsData");
    let right = format!("{url} --ca ca.pem");
    finds(&shell, &right, 0, "signed by one of the CAs in ca.pem", "the certificate expires at");
}

#[test]
fn a_missing_intermediate_certificate_is_named() {
    let (shell, server) =
        with_certificate(|authority| authority.intermediate("middle").server(Valid::Now));
    let flags = format!("--url {} --ca ca.pem", server.sync_base());
    let fix = "if `CN=middle` is an intermediate CA, add its certificate to the --tls-cert file";
    finds(&shell, &flags, 1, "an intermediate certificate is missing", fix);
}

#[test]
fn an_expired_certificate_is_named() {
    let (shell, server) = with_certificate(|authority| authority.server(Valid::Past));
    let flags = format!("--url {} --ca ca.pem", server.sync_base());
    finds(&shell, &flags, 1, "the certificate expired at", "renew the certificate");
}

#[test]
fn a_certificate_for_another_host_name_is_named() {
    let (shell, server) =
        with_certificate(|authority| authority.server_for(&["santa.example.com"], Valid::Now));
    let flags = format!("--url {} --ca ca.pem", server.sync_base());
    let found = "the certificate is for santa.example.com, not for 127.0.0.1";
    finds(&shell, &flags, 1, found, "request a certificate for 127.0.0.1");
}

#[test]
fn http_in_place_of_https_is_named() {
    let (shell, server) = with_certificate(|authority| authority.server(Valid::Now));
    let url = server.sync_base().replace("https://", "http://");
    let shown = server.sync_base().replace(ENROLLMENT, "SECRET");
    let fix = format!("set SyncBaseURL to {shown}");
    let found = "uses TLS, but the URL begins with http://";
    finds(&shell, &format!("--url {url} --ca ca.pem"), 1, found, &fix);
}

#[test]
fn https_in_place_of_http_is_named() {
    let shell = Shell::new();
    Authority::new("servers").write(&shell, "ca.pem");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            drop(stream.read(&mut [0; 4096]));
            drop(stream.write_all(&response("400 Bad Request", &[], "")));
        }
    });
    let flags = format!("--url https://127.0.0.1:{port}/santa/ --ca ca.pem");
    finds(&shell, &flags, 1, "does not use TLS", "nicelist serve --tls-cert server.pem");
}

#[test]
fn a_clock_that_is_off_by_a_day_is_named() {
    let shell = Shell::new();
    let yesterday = Clock::System.now() - SignedDuration::from_hours(24);
    let date = DateTimePrinter::new().timestamp_to_rfc9110_string(&yesterday).unwrap();
    let header = format!("date: {date}");
    let address = fake(move |_, _| response("200 OK", &[header.as_str()], "ok\n"));
    let flags = format!("--url http://{address}/santa/");
    finds(&shell, &flags, 1, "(1d apart)", "timedatectl set-ntp true");
}

#[test]
fn a_proxy_that_strips_content_encoding_is_named() {
    let shell = Shell::new();
    let server = Server::start(&shell);
    let address = proxy(&server, |head| without(head, "content-encoding"));
    let flags = format!("--url http://{address}/santa/{ENROLLMENT}/");
    let found = "a proxy removes Content-Encoding from requests";
    finds(&shell, &flags, 0, found, "forward the header Content-Encoding unchanged");
}

#[test]
fn a_proxy_that_decompresses_responses_is_named() {
    let shell = Shell::new();
    let server = Server::start(&shell);
    let address = proxy(&server, |head| without(head, "accept-encoding"));
    let flags = format!("--url http://{address}/santa/{ENROLLMENT}/");
    let found = "responses arrive without compression";
    finds(&shell, &flags, 0, found, "forward the headers Accept-Encoding");
}

#[test]
fn a_captive_portal_is_named() {
    let shell = Shell::new();
    let page = "<!DOCTYPE html><p>Sign in";
    let address = fake(move |_, _| response("200 OK", &["content-type: text/html"], page));
    let flags = format!("--url http://{address}/santa/");
    finds(&shell, &flags, 1, "an HTML page with status 200", "sign in to the network");
}

#[test]
fn a_redirect_is_named() {
    let shell = Shell::new();
    let location = "location: https://elsewhere.example.com/";
    let address = fake(move |_, _| response("301 Moved Permanently", &[location], ""));
    let flags = format!("--url http://{address}/santa/");
    let found = "redirects to https://elsewhere.example.com/; Santa does not follow redirects";
    finds(&shell, &flags, 1, found, "set SyncBaseURL to the host and port of the redirect");
}

#[test]
fn a_url_with_a_missing_slash_is_named() {
    let shell = Shell::new();
    let server = Server::start(&shell);
    let url = format!("{}/santa/{ENROLLMENT}", server.url);
    let fix = format!("set SyncBaseURL to {}/santa/SECRET/", server.url);
    finds(&shell, &format!("--url {url}"), 0, "the URL does not end with a slash", &fix);
}

#[test]
fn a_server_that_is_not_ready_is_named() {
    let shell = Shell::new();
    let server = Server::start_without_sigxfsz(&shell);
    server.limit_files("0");
    // A write that succeeded within the last second counts as proof that writing works.
    thread::sleep(Duration::from_secs(2));
    let flags = format!("--url {}", server.sync_base());
    let fix = "check the disk of the database: dmesg";
    finds(&shell, &flags, 1, "not ready (disk-failed)", fix);
}

#[test]
fn a_closed_port_is_named() {
    let shell = Shell::new();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let flags = format!("--url http://127.0.0.1:{port}/santa/");
    let fix = format!("nicelist serve --listen 0.0.0.0:{port}");
    finds(&shell, &flags, 1, "refuses connections", &fix);
}

#[test]
fn an_unknown_host_name_is_named() {
    let shell = Shell::new();
    let flags = "--url https://no-such-host.invalid/santa/";
    let found = "the host name no-such-host.invalid cannot be resolved";
    finds(&shell, flags, 1, found, "nslookup no-such-host.invalid");
}

#[test]
fn an_unknown_token_is_named() {
    let mut shell = Shell::new();
    let server = Server::start(&shell);
    shell.use_server(&server);
    shell.set("NICELIST_TOKEN", "unknown");
    let found = "the token is unknown, revoked or expired";
    finds(&shell, "-o table", 1, found, "nicelist token create");
}

#[test]
fn a_server_machine_without_a_fault_has_no_problem() {
    let shell = Shell::new();
    Server::start(&shell).kill();
    Authority::new("servers").server(Valid::Now).write(&shell, "server");
    let flags = "--database sqlite:nicelist.db --tls-cert server.pem --tls-key server.key";
    let shown = finds(&shell, flags, 0, "is current", "no damage found");
    assert!(shown.contains("the private key matches the certificate"), "{shown}");
}

#[test]
fn tls_files_that_do_not_match_are_named() {
    let shell = Shell::new();
    Server::start(&shell).kill();
    let authority = Authority::new("servers");
    authority.server(Valid::Now).write(&shell, "server");
    authority.server(Valid::Now).write(&shell, "other");
    let flags = "--database sqlite:nicelist.db --tls-cert server.pem --tls-key other.key";
    let found = "the key does not match the certificate in server.pem";
    let shown = finds(&shell, flags, 1, found, "use the private key of this certificate");
    assert!(shown.contains("the server's own certificate must be the first"), "{shown}");
    let flags = "--database sqlite:nicelist.db --tls-cert none.pem --tls-key server.key";
    let shown = finds(&shell, flags, 1, "none.pem: cannot read", "the file does not exist");
    assert!(!shown.contains("this user must be able to read"), "{shown}");
    authority.server(Valid::Past).write(&shell, "old");
    let flags = "--database sqlite:nicelist.db --tls-cert old.pem --tls-key old.key";
    finds(&shell, flags, 1, "the certificate expired at", "renew the certificate");
}

#[test]
fn a_database_of_a_newer_version_is_named() {
    let shell = Shell::new();
    Server::start(&shell).kill();
    let database = Connection::open(shell.path("nicelist.db")).unwrap();
    database.pragma_update(None, "user_version", 99).unwrap();
    drop(database);
    let found = "it was created by a newer nicelist";
    let fix = "install the version that created the database";
    finds(&shell, "--database sqlite:nicelist.db", 1, found, fix);
}

#[test]
fn all_fixes_begin_in_the_same_column() {
    let shell = Shell::new();
    let shown = shell.run("doctor --database sqlite:none.db");
    let fixes: Vec<&str> =
        shown.lines().filter_map(|line| line.strip_prefix("    fix:  ")).collect();
    assert_eq!(fixes.len(), 2, "{shown}");
    assert!(fixes.iter().all(|fix| !fix.starts_with(' ')), "{shown}");
}

#[test]
fn a_missing_database_is_named() {
    let shell = Shell::new();
    let fix = "check the path first, because an empty server removes the rules from Macs; to create a \
               new database: nicelist serve --database sqlite:none.db";
    finds(&shell, "--database sqlite:none.db", 1, "sqlite:none.db does not exist", fix);
}

#[cfg(unix)]
#[test]
fn a_read_only_database_file_is_named() {
    use std::os::unix::fs::PermissionsExt;
    let shell = Shell::new();
    Server::start(&shell).kill();
    let read_only = std::fs::Permissions::from_mode(0o400);
    std::fs::set_permissions(shell.path("nicelist.db"), read_only).unwrap();
    let found = "the database file nicelist.db is read-only";
    finds(&shell, "--database sqlite:nicelist.db", 1, found, "chmod u+w nicelist.db");
}

#[cfg(unix)]
#[test]
fn a_low_limit_of_descriptors_is_named() {
    let shell = Shell::new();
    Server::start(&shell).kill();
    let doctor = shell.command(&["doctor", "--database", "sqlite:nicelist.db"]);
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -n 256; exec \"$@\"", "sh"]).arg(doctor.get_program());
    command.args(doctor.get_args()).current_dir(shell.path("")).env_clear();
    let output = command.env("HOME", shell.path("")).output().unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{shown}");
    assert!(shown.contains("the limit on file descriptors is 256"), "{shown}");
    assert!(shown.contains("LimitNOFILE=65536"), "{shown}");
}
