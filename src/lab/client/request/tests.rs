use std::error::Error;

use serde_json::json;

use super::super::tests::scripted_server::{Script, Step};
use super::*;

async fn asked_as(version: &str, script: &Script, clock: &Clock) -> Result<Vec<u8>, RequestError> {
    let profile = Profile { machine_id: "M1".to_owned(), ..Profile::default() };
    let (transport, token) = (script, XsrfToken::default());
    let (version, pace) = (Version::named(version), Pace::REAL);
    let sender =
        RequestSender { transport, profile: &profile, version, token: &token, clock, pace };
    sender.ask(Stage::Preflight, br#"{"a":1}"#).await
}

/// Sends a request like the newest version, on a clock that advances automatically.
async fn asked(script: &Script) -> Result<Vec<u8>, RequestError> {
    let clock = Clock::manual();
    tokio::select! {
        biased;
        result = asked_as("2026.7", script, &clock) => result,
        () = flying(&clock) => panic!("time ended"),
    }
}

/// Advances the clock forever, so that no task waits for real time.
async fn flying(clock: &Clock) {
    loop {
        tokio::task::yield_now().await;
        clock.advance(Duration::from_secs(1));
    }
}

#[tokio::test]
async fn a_request_is_sent_again_until_it_is_answered() {
    let script = Script::new([
        Step::Lost,
        Step::status(503),
        Step::status(302),
        Step::status(429),
        Step::body(b"fine".to_vec()),
    ]);
    assert_eq!(asked(&script).await.unwrap(), b"fine");
    assert_eq!(script.paths(), ["preflight/M1"; 5]);
    assert!(script.requests().iter().all(|request| request.body == json!({"a": 1})));
}

#[tokio::test]
async fn a_request_is_given_up_after_five_attempts() {
    let script = Script::new([500, 500, 500, 500, 502].map(Step::status));
    let error = asked(&script).await.unwrap_err();
    assert!(matches!(error, RequestError::Refused { status: 502, attempts: 5 }), "{error:?}");
}

#[tokio::test]
async fn a_client_error_is_final_from_2026_4_on_and_not_before() {
    for status in [400, 401, 404, 413] {
        let script = Script::new([Step::status(status)]);
        let error = asked(&script).await.unwrap_err();
        assert_eq!(error.to_string(), format!("the server responded with {status} (attempt 1)"));
    }
    let script = Script::new([400, 401, 404, 413, 404].map(Step::status));
    let clock = Clock::manual();
    let error = tokio::select! {
        biased;
        result = asked_as("2026.3", &script, &clock) => result.unwrap_err(),
        () = flying(&clock) => panic!("time ended"),
    };
    assert!(matches!(error, RequestError::Refused { status: 404, attempts: 5 }), "{error:?}");
}

#[tokio::test]
async fn only_200_is_success() {
    for status in [201, 204] {
        let steps = std::iter::repeat_with(|| Step::status(status)).take(5);
        let error = asked(&Script::new(steps)).await.unwrap_err();
        assert!(matches!(error, RequestError::Refused { attempts: 5, .. }), "{error:?}");
    }
}

#[tokio::test]
async fn a_request_times_out_after_half_a_minute_and_is_retried() {
    let script = Script::new([Step::Silence, Step::status(200)]);
    assert!(asked(&script).await.is_ok());
    let script = Script::new(std::iter::repeat_with(|| Step::Silence).take(5));
    let error = asked(&script).await.unwrap_err();
    assert_eq!(error.source().unwrap().to_string(), "no response within 30s");
}

#[tokio::test]
async fn waits_are_as_long_as_the_version_says() {
    for (version, waits) in [("2026.7", 60), ("2023.3", 28), ("2021.1", 4)] {
        let script = Script::new(std::iter::repeat_with(|| Step::status(500)).take(5));
        let clock = Clock::manual();
        tokio::select! {
            biased;
            result = asked_as(version, &script, &clock) => assert!(result.is_err()),
            () = flying(&clock) => panic!("time ended"),
        }
        assert_eq!(clock.now(), Duration::from_secs(waits), "{version}");
    }
}

#[tokio::test]
async fn a_response_is_decompressed() {
    for (name, encoding) in [("gzip", ContentEncoding::Gzip), ("deflate", ContentEncoding::Deflate)]
    {
        let body = protocol::encode(encoding, b"fine").unwrap().into_owned();
        let script = Script::new([Step::body(body).with("Content-Encoding", name)]);
        assert_eq!(asked(&script).await.unwrap(), b"fine");
        assert_eq!(script.requests()[0].header("Accept-Encoding"), Some("gzip, deflate"));
    }
    let damaged = || Step::body(b"fine".to_vec()).with("Content-Encoding", "gzip");
    let error = asked(&Script::new(std::iter::repeat_with(damaged).take(5))).await.unwrap_err();
    assert!(matches!(error, RequestError::Unanswered { attempts: 5, .. }), "{error:?}");
}

#[tokio::test]
async fn a_client_that_is_forbidden_fetches_a_token_and_sends_it() {
    let token = Step::status(200).with("X-Xsrf-Token", "t0ken");
    let script = Script::new([Step::status(403), token, Step::status(200)]);
    assert!(asked(&script).await.is_ok());
    let [first, fetch, second] = &script.requests()[..] else { panic!("three requests") };
    assert_eq!(first.header("X-XSRF-TOKEN"), None);
    assert_eq!((&*fetch.path, &*fetch.bytes), ("xsrf/M1", &b""[..]));
    assert_eq!((fetch.header("Content-Type"), fetch.header("Content-Encoding")), (None, None));
    assert_eq!(second.header("X-XSRF-TOKEN"), Some("t0ken"));
}

#[tokio::test]
async fn a_server_may_name_the_header_of_its_token_from_2023_3_on() {
    for (version, name) in [("2023.3", "X-Mine"), ("2023.2", "X-XSRF-TOKEN")] {
        let token =
            Step::status(200).with("X-XSRF-TOKEN", "t").with("X-XSRF-TOKEN-HEADER", "X-Mine");
        let script = Script::new([Step::status(403), token, Step::status(200)]);
        let clock = Clock::manual();
        tokio::select! {
            biased;
            result = asked_as(version, &script, &clock) => assert!(result.is_ok()),
            () = flying(&clock) => panic!("time ended"),
        }
        assert_eq!(script.requests()[2].header(name), Some("t"), "{version}");
    }
}

#[tokio::test]
async fn forbidden_is_final_without_a_token() {
    let script = Script::new([403, 404].map(Step::status));
    let error = asked(&script).await.unwrap_err();
    assert!(matches!(error, RequestError::Refused { status: 403, attempts: 1 }), "{error:?}");
}

#[tokio::test]
async fn a_useless_token_is_not_fetched_again() {
    let token = Step::status(200).with("X-XSRF-TOKEN", "t0ken");
    let script = Script::new([Step::status(403), token, Step::status(403)]);
    let error = asked(&script).await.unwrap_err();
    assert!(matches!(error, RequestError::Refused { status: 403, attempts: 2 }), "{error:?}");
}

#[tokio::test]
async fn a_response_without_a_token_uses_all_attempts() {
    let steps = [403, 200, 403, 200, 403, 200, 403, 200, 403, 200].map(Step::status);
    let error = asked(&Script::new(steps)).await.unwrap_err();
    assert!(matches!(error, RequestError::Refused { status: 403, attempts: 5 }), "{error:?}");
}
