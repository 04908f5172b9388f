//! Requests that are not part of a sync, and invalid requests.

use std::io::{self, Read};

use serde_json::json;

use crate::lab::conformance::case::{Case, should};
use crate::lab::conformance::case_run::CaseRun;
use crate::lab::conformance::request::{BodyEncoding, JSON, OCTETS, PROTOBUF, Packing, pack};
use crate::lab::conformance::rule::V2026_7;
use crate::lab::conformance::stop::{CaseResult, Stop};

/// The machine ID with which `santactl doctor` tests a server.
const DOCTOR: &str = "santactl-doctor-test";
/// The decompressed size of a body whose compressed size is about 256 KiB.
const BOMB_BYTES: u64 = 256 << 20;

pub(super) const CASES: [Case; 7] = [
    should(
        "probes-doctor",
        "The response to an empty preflight of santactl-doctor-test is 200 or 400.",
        "santactl doctor reports everything else as a problem.",
        |run| Box::pin(doctor(run)),
    ),
    should(
        "probes-commands",
        "The response to commands and signalupload is 404.",
        "They belong to version 2 of the protocol. With 404, a client uses version 1.",
        |run| Box::pin(second_version(run)),
    ),
    should(
        "probes-metrics",
        "The response to metrics is 200 or 404.",
        "Clients from 2026.3 on may export metrics to their sync server.",
        |run| Box::pin(metrics(run)),
    ),
    should(
        "probes-xsrf",
        "The response to xsrf is 404, or 200 with a token.",
        "A client that gets 200 without a token wastes all its retries after a 403.",
        |run| Box::pin(xsrf(run)),
    ),
    should(
        "probes-garbage",
        "A body that can't be read is refused with 4xx.",
        "After 5xx, clients try again, five times in all. After 200, they delete their events.",
        |run| Box::pin(garbage(run)),
    ),
    should(
        "probes-cut-off",
        "A compressed body that is cut off is refused with 4xx.",
        "Otherwise the rest of the events would be lost.",
        |run| Box::pin(cut_off(run)),
    ),
    should(
        "probes-bomb",
        "A small body that decompresses to 256 MiB is refused, and the server keeps running.",
        "Otherwise anyone who can sync could crash the server.",
        |run| Box::pin(bomb(run)),
    ),
];

async fn doctor(run: &CaseRun<'_>) -> CaseResult {
    let mac = run.mac(V2026_7);
    for kind in [None, Some(OCTETS)] {
        let request = mac.request("preflight", Vec::new()).typed(kind).to(DOCTOR);
        let answer = run.post(request).await?;
        if !matches!(answer.status, 200 | 400) {
            return Err(Stop::fails(answer.describe()));
        }
    }
    Ok("200 or 400".to_owned())
}

async fn second_version(run: &CaseRun<'_>) -> CaseResult {
    let mac = run.known_mac().await?;
    for stage in ["commands", "signalupload"] {
        let answer = run.post(mac.json(stage, &json!({}))).await?;
        if answer.status != 404 {
            return Err(Stop::fails(answer.describe()));
        }
    }
    Ok("404 for both".to_owned())
}

async fn metrics(run: &CaseRun<'_>) -> CaseResult {
    let mac = run.known_mac().await?;
    let request = mac.request("metrics", Vec::new()).typed(Some(PROTOBUF));
    let answer = run.post(request).await?;
    match answer.status {
        200 | 404 => Ok(answer.status.to_string()),
        _ => Err(Stop::fails(answer.describe())),
    }
}

async fn xsrf(run: &CaseRun<'_>) -> CaseResult {
    let mac = run.known_mac().await?;
    let answer = run.post(mac.request("xsrf", Vec::new())).await?;
    match (answer.status, answer.header("x-xsrf-token")) {
        (404, _) => Ok("404".to_owned()),
        (200, Some(_)) => Ok("200, with a token".to_owned()),
        (200, None) => Err(Stop::fails("xsrf: 200 without X-XSRF-TOKEN")),
        (_, _) => Err(Stop::fails(answer.describe())),
    }
}

async fn garbage(run: &CaseRun<'_>) -> CaseResult {
    let mac = run.known_mac().await?;
    for stage in ["preflight", "eventupload", "ruledownload", "postflight"] {
        for body in [&b"{\"machine_id\": "[..], b"[1, 2]", b"\xff\xfe\x00garbage"] {
            let request = mac.request(stage, body.to_vec()).typed(Some(JSON));
            let answer = run.post(request).await?;
            if !(400..500).contains(&answer.status) {
                let body = String::from_utf8_lossy(body).escape_debug().to_string();
                return Err(Stop::fails(format!("{} for {body}", answer.describe())));
            }
        }
    }
    Ok("refused at every stage".to_owned())
}

async fn cut_off(run: &CaseRun<'_>) -> CaseResult {
    let mac = run.known_mac().await?;
    let events = json!({"events": [{"file_sha256": "ab".repeat(32), "decision": "BLOCK_UNKNOWN"}]});
    for (packing, name) in [(Packing::Zlib, "deflate"), (Packing::Gzip, "gzip")] {
        let request = mac.json("eventupload", &events).packed(packing, name)?;
        let answer = run.post(request.cut_in_half()).await?;
        if !(400..500).contains(&answer.status) {
            return Err(Stop::fails(format!("{} for half of a {name} body", answer.describe())));
        }
    }
    Ok("refused".to_owned())
}

async fn bomb(run: &CaseRun<'_>) -> CaseResult {
    let mac = run.known_mac().await?;
    let encoding = run.encoding();
    let packing = match encoding {
        BodyEncoding::Deflate => Packing::Zlib,
        BodyEncoding::Gzip => Packing::Gzip,
        BodyEncoding::None => {
            return Err(Stop::not_applicable("the server does not accept compressed bodies"));
        }
    };
    let spaces = (&b"{"[..]).chain(io::repeat(b' ').take(BOMB_BYTES)).chain(&b"}"[..]);
    let body = pack(packing, spaces);
    let body =
        body.map_err(|error| Stop::not_applicable(format!("cannot compress the body: {error}")))?;
    let request = mac.json("eventupload", &json!({}));
    let request = request.with_packed(body, encoding.name());
    let refused = run.post(request).await;
    mac.preflight().await.map_err(|_| Stop::fails("the server no longer responds"))?;
    match refused {
        Ok(answer) if (400..500).contains(&answer.status) => Ok(answer.status.to_string()),
        Ok(answer) => Err(Stop::fails(answer.describe())),
        // A server may close the connection instead of reading the body.
        Err(_) => Ok("connection closed".to_owned()),
    }
}
