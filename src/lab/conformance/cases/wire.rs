//! Paths, headers and encodings, at every stage.

use std::io::Read;

use flate2::read::MultiGzDecoder;
use serde_json::{Value, json};

use crate::lab::conformance::case::{Case, must, should};
use crate::lab::conformance::case_run::CaseRun;
use crate::lab::conformance::mac::{Kind, Mac};
use crate::lab::conformance::protobuf::{self, Writer};
use crate::lab::conformance::request::{OCTETS, PROTOBUF, Packing, Request};
use crate::lab::conformance::rule::V2026_7;
use crate::lab::conformance::stop::{CaseResult, Stop};

pub(super) const CASES: [Case; 14] = [
    must(
        "wire-status",
        "The server responds to every stage with status 200.",
        "Clients treat 201, 204 and redirects as failures, and retry.",
        |run| Box::pin(status(run)),
    ),
    must(
        "wire-object",
        "Every response to JSON is a JSON object, at least {}.",
        "Clients before 2024.6 treat an empty body as a failure.",
        |run| Box::pin(object(run)),
    ),
    must(
        "wire-machine-id",
        "The machine ID in the path is percent-decoded.",
        "Otherwise a host has two identities, depending on who encodes its name.",
        |run| Box::pin(machine_id(run)),
    ),
    should(
        "wire-machine-id-any",
        "A machine ID may have spaces and non-ASCII letters.",
        "The key MachineID of a profile can be any text.",
        |run| Box::pin(any_machine_id(run)),
    ),
    should(
        "wire-plain",
        "A body without Content-Encoding is read.",
        "Clients from 2023.4 on send it if SyncClientContentEncoding is none.",
        |run| Box::pin(is_read(run, |request| Ok(request.plain()))),
    ),
    must(
        "wire-deflate",
        "A body in a zlib container, called deflate, is read.",
        "Every client sends it unless its profile sets another encoding.",
        |run| Box::pin(is_read(run, |request| request.packed(Packing::Zlib, "deflate"))),
    ),
    should(
        "wire-gzip",
        "A body in gzip is read.",
        "Clients from 2023.4 on send it if SyncClientContentEncoding is gzip.",
        |run| Box::pin(is_read(run, |request| request.packed(Packing::Gzip, "gzip"))),
    ),
    should(
        "wire-zlib",
        "A body in a zlib container, called zlib, is read.",
        "Clients up to 1.14 send it, and so do clients up to 2023.3 if configured.",
        |run| Box::pin(is_read(run, |request| request.packed(Packing::Zlib, "zlib"))),
    ),
    should(
        "wire-raw-deflate",
        "A deflate body without a zlib container is read.",
        "Other clients of the protocol use RFC 1951 as deflate.",
        |run| Box::pin(is_read(run, |request| request.packed(Packing::RawDeflate, "deflate"))),
    ),
    must(
        "wire-octets",
        "JSON is read if the content type is application/octet-stream.",
        "Clients 2024.6 and 2024.7 send this type with every body.",
        |run| Box::pin(is_read(run, |request| Ok(request.typed(Some(OCTETS))))),
    ),
    should(
        "wire-no-type",
        "A request without a content type is read as JSON.",
        "Proxies and other clients leave it out.",
        |run| Box::pin(is_read(run, |request| Ok(request.typed(None)))),
    ),
    must(
        "wire-accept-encoding",
        "Responses are compressed only as Accept-Encoding allows, and decompress to JSON.",
        "If a client can't decompress a response, the stage fails.",
        |run| Box::pin(accept_encoding(run)),
    ),
    should(
        "wire-protobuf",
        "The response to protobuf is protobuf at every stage.",
        "Clients from 2024.6 on with SyncEnableProtoTransfer accept only protobuf.",
        |run| Box::pin(uses_protobuf(run, PROTOBUF)),
    ),
    should(
        "wire-protobuf-octets",
        "Protobuf is detected if the content type is application/octet-stream.",
        "Clients 2024.6 and 2024.7 send this type with every body.",
        |run| Box::pin(protobuf_in_octets(run)),
    ),
];

/// Tests whether the server reads an unusual form of a preflight. A host requests a clean sync in
/// this form, and must get a clean sync. If a request in the usual form does not turn a normal sync
/// into a clean sync, the test shows nothing, and the case passes.
async fn is_read(
    run: &CaseRun<'_>,
    form: impl Fn(Request) -> Result<Request, Stop> + Send,
) -> CaseResult {
    let mut plain = run.known_mac().await?;
    let before = plain.kind(&plain.preflight().await?);
    plain.asks_clean = true;
    let after = plain.kind(&plain.preflight().await?);
    let mut mac = run.known_mac().await?;
    mac.asks_clean = true;
    let request = form(mac.json("preflight", &mac.preflight_request()))?;
    let kind = mac.kind(&run.post(request).await?.object()?);
    match (before, after, kind) {
        (Kind::Normal, Kind::Clean, Kind::Normal) => {
            Err(Stop::fails("preflight: 200, but the server ignored the body"))
        }
        (Kind::Normal, Kind::Clean, Kind::Clean) => Ok("200, and the body was read".to_owned()),
        (Kind::Clean, _, _) | (Kind::Normal, Kind::Normal, _) => {
            Ok("200; it is unknown whether the server read the body".to_owned())
        }
    }
}

async fn status(run: &CaseRun<'_>) -> CaseResult {
    let mut wrong = Vec::new();
    for request in four_stages(&run.mac(V2026_7)) {
        let answer = run.post(request).await?;
        if answer.status != 200 {
            wrong.push(answer.describe());
        }
    }
    if wrong.is_empty() {
        Ok("200 at every stage".to_owned())
    } else {
        Err(Stop::fails(wrong.join(", ")))
    }
}

async fn object(run: &CaseRun<'_>) -> CaseResult {
    for request in four_stages(&run.mac(V2026_7)) {
        let answer = run.post(request).await?.ok()?;
        let stage = answer.stage;
        if !serde_json::from_slice(&answer.body).is_ok_and(|body: Value| body.is_object()) {
            let what = match answer.body.is_empty() {
                true => "is empty".to_owned(),
                false => format!("is not a JSON object: {}", answer.excerpt()),
            };
            return Err(Stop::fails(format!("{stage}: the body {what}")));
        }
    }
    Ok("a JSON object at every stage".to_owned())
}

fn four_stages(mac: &Mac<'_>) -> [Request; 4] {
    [
        mac.json("preflight", &mac.preflight_request()),
        mac.json("eventupload", &json!({"machine_id": mac.id, "events": []})),
        mac.json("ruledownload", &mac.download_request(None)),
        mac.postflight(Kind::Normal, 0, 0),
    ]
}

async fn machine_id(run: &CaseRun<'_>) -> CaseResult {
    let mac = run.known_mac().await?;
    let plain = mac.kind(&mac.preflight().await?);
    let request = mac.json("preflight", &mac.preflight_request());
    let encoded = mac.id.replace('-', "%2D");
    let kind = mac.kind(&run.post(request.to(encoded)).await?.object()?);
    if plain == Kind::Normal && kind == Kind::Clean {
        return Err(Stop::fails("a name with %2D for its hyphens is treated as another host"));
    }
    Ok("the host is recognized by its encoded name".to_owned())
}

async fn any_machine_id(run: &CaseRun<'_>) -> CaseResult {
    let mac = run.mac(V2026_7);
    for (name, encoded) in [("Zoe's Mac", "Zoe's%20Mac"), ("Zoë", "Zo%C3%AB")] {
        let request = mac.json("preflight", &mac.preflight_request());
        let answer = run.post(request.to(format!("{}-{encoded}", mac.id))).await?;
        if answer.status != 200 {
            return Err(Stop::fails(format!("{} for \"{name}\"", answer.describe())));
        }
    }
    Ok("200 for both".to_owned())
}

async fn accept_encoding(run: &CaseRun<'_>) -> CaseResult {
    let mac = run.known_mac().await?;
    let mut results = Vec::new();
    for (accepts, allowed) in
        [("identity", ["", "identity"].as_slice()), ("gzip", &["", "identity", "gzip"])]
    {
        for stage in ["preflight", "ruledownload"] {
            let body = if stage == "preflight" {
                mac.preflight_request()
            } else {
                mac.download_request(None)
            };
            let request = mac.json(stage, &body).accepting(accepts);
            let answer = run.post(request).await?.ok()?;
            let encoding = answer.header("content-encoding").unwrap_or_default().to_owned();
            if !allowed.contains(&encoding.as_str()) {
                return Err(Stop::fails(format!(
                    "{stage}: {encoding}, but only {accepts} is \
                    accepted"
                )));
            }
            let mut body = answer.body;
            if encoding == "gzip" {
                let mut unfolded = Vec::new();
                let read = MultiGzDecoder::new(&*body).read_to_end(&mut unfolded);
                read.map_err(|error| Stop::fails(format!("{stage}: invalid gzip body: {error}")))?;
                body = unfolded;
            }
            serde_json::from_slice::<Value>(&body)
                .map_err(|_| Stop::fails(format!("{stage}: the body is not JSON")))?;
            if accepts == "gzip" {
                results.push(format!(
                    "{stage}: {}",
                    if encoding.is_empty() { "plain" } else { &encoding }
                ));
            }
        }
    }
    Ok(format!("if gzip is accepted: {}", results.join(", ")))
}

/// Sends protobuf to all four stages and expects protobuf.
async fn uses_protobuf(run: &CaseRun<'_>, kind: &'static str) -> CaseResult {
    const SETTINGS_MODE: u32 = 1;
    let mac = run.mac(V2026_7);
    let preflight = Writer::default()
        .bytes(1, &mac.id)
        .bytes(2, "conformance.local")
        .bytes(6, mac.client.text)
        .number(9, 1)
        .number(10, 1)
        .bytes(18, &mac.id);
    let event = Writer::default().bytes(1, "ab".repeat(32)).double(5, 1.5e9).number(8, 8);
    let stages = [
        ("preflight", preflight),
        ("eventupload", Writer::default().bytes(1, event.done()).bytes(2, &mac.id)),
        ("ruledownload", Writer::default().bytes(2, &mac.id)),
        ("postflight", Writer::default().bytes(3, &mac.id)),
    ];
    for (stage, body) in stages {
        let request = mac.request(stage, body.done()).typed(Some(kind));
        let answer = run.post(request).await?.ok()?;
        let Some(fields) = protobuf::fields(&answer.body) else {
            return Err(Stop::fails(format!("{stage}: the response is not protobuf")));
        };
        let mode = protobuf::number(&fields, SETTINGS_MODE);
        if stage == "preflight" && !matches!(mode, None | Some(1..=3)) {
            return Err(Stop::fails("preflight: the response has an invalid client_mode"));
        }
    }
    Ok("protobuf at every stage".to_owned())
}

async fn protobuf_in_octets(run: &CaseRun<'_>) -> CaseResult {
    match uses_protobuf(run, PROTOBUF).await {
        Ok(_) => uses_protobuf(run, OCTETS).await,
        Err(_) => Err(Stop::not_applicable("the server does not support protobuf")),
    }
}
