//! Administrators over TLS: tokens, the CA that commands trust, and plain HTTP to a TLS port.

use std::io::{Read, Write};
use std::net::TcpStream;

use super::Secured;
use super::certificates::{Authority, Valid};

#[test]
fn the_admin_api_needs_a_token_and_no_certificate() {
    let mut world = Secured::mutual();
    let mac = world.macs.client("mac", Valid::Now);
    assert_eq!(world.connect(&world.client(None)).get("/healthz").unwrap(), 200);
    for own in [None, Some(&mac)] {
        let mut connection = world.connect(&world.client(own));
        assert_eq!(connection.get("/api/v1/rules").unwrap(), 401, "a token is wanted");
    }
    assert_eq!(world.shell.json("rule list"), serde_json::json!([]));
    world.shell.set("NICELIST_TOKEN", "wrong");
    assert!(world.shell.run("rule list").contains("exit code: 4"));
}

#[test]
fn the_command_line_trusts_a_ca_by_flag_variable_and_file() {
    let mut world = Secured::start(&[]);
    let url = world.server.url.clone();
    world.shell.unset_server();
    let list = format!("rule list -o json --token the-admin-of-the-tests --server {url}");
    let refused = world.shell.run(&list).replace(&url, "[URL]");
    insta::assert_snapshot!(refused, @"
    $ nicelist rule list -o json --token the-admin-of-the-tests --server [URL]
    exit code: 1
    ----- stderr -----
    error: cannot reach [URL]: invalid peer certificate: UnknownIssuer
    hint: to trust a private CA, use --ca FILE, NICELIST_CA or the setting ca
    hint: nicelist config list shows which server is used, and why
    ");
    Authority::new("others").write(&world.shell, "others.pem");
    assert!(world.shell.run(&format!("{list} --ca others.pem")).contains("exit code: 1"));
    assert!(world.shell.run(&format!("{list} --ca ca.pem")).contains("exit code: 0"));
    let ca = world.shell.path("ca.pem").display().to_string();
    for (name, value) in
        [("contexts.here.server", &url), ("contexts.here.ca", &ca), ("context", &"here".to_owned())]
    {
        assert!(world.shell.run(&format!("config set {name} {value}")).contains("exit code: 0"));
    }
    assert!(world.shell.run("rule list --token the-admin-of-the-tests").contains("exit code: 0"));
    assert!(
        world.shell.run(&list).contains("exit code: 1"),
        "the file's CA is the file's server's"
    );
    world.shell.set("NICELIST_CA", &ca);
    assert!(world.shell.run(&list).contains("exit code: 0"));
    world.shell.set("NICELIST_CA", "nowhere.pem");
    let refused = world.shell.run("rule list --token the-admin-of-the-tests");
    insta::assert_snapshot!(refused, @"
    $ nicelist rule list --token the-admin-of-the-tests
    exit code: 2
    ----- stderr -----
    error: nowhere.pem: cannot read the file: No such file or directory (os error 2)
    ");
}

#[test]
fn plain_http_to_a_tls_port_gets_an_explanation() {
    let world = Secured::mutual();
    let mut stream = TcpStream::connect(world.address()).unwrap();
    write!(stream, "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{head}");
    assert_eq!(body, "this port requires TLS: use https:// in the address\n");
    let plain = world.server.url.replace("https", "http");
    let transcript = world.shell.run(&format!("rule list --server {plain}"));
    insta::assert_snapshot!(transcript.replace(world.address(), "[ADDRESS]"), @"
    $ nicelist rule list --server http://[ADDRESS]
    exit code: 1
    ----- stderr -----
    error: http://[ADDRESS] does not respond like a nicelist server: HTTP 400 Bad Request: this port requires TLS: use https:// in the address
    hint: use the address of the server without /api/v1
    ");
}
