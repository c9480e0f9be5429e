//! What the page logs, and what it never does.

use super::*;

/// Whatever is logged, as one text.
#[derive(Clone, Default)]
struct Log(std::sync::Arc<std::sync::Mutex<String>>);

impl tracing::field::Visit for Log {
    fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
        let mut text = self.0.lock().unwrap();
        text.push_str(&format!("{field}={value:?} "));
    }
}

impl tracing::Subscriber for Log {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, of: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        of.record(&mut self.clone());
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, values: &tracing::span::Record<'_>) {
        values.record(&mut self.clone());
    }

    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        event.record(&mut self.clone());
    }

    fn enter(&self, _: &tracing::span::Id) {}

    fn exit(&self, _: &tracing::span::Id) {}
}

/// What must stand in the log of four requests.
const LOGGED: [&str; 3] = [
    "a3f1",
    "192.0.2.7",
    "nobody knows whether a run has its answer",
];

/// The log of four requests, and the secrets that they carried.
async fn log_of_requests() -> (String, [String; 2]) {
    let log = Log::default();
    let logging = tracing::subscriber::set_default(log.clone());
    let (books, path) = world();
    books.meets_reply(Err(Error::Unavailable("timed out".into())));
    let forged = format!("/us-east-1/{}", "f".repeat(64));
    for (method, path, body) in [
        ("GET", &path, None),
        ("GET", &forged, None),
        ("POST", &path, Some(NO)),
        ("POST", &path, Some(NO)),
    ] {
        ask(&books, method, path, body).await;
        books.pause(std::time::Duration::from_secs(20)).await;
    }
    drop(logging);
    assert_eq!(books.given().len(), 1);
    let text = log.0.lock().unwrap().clone();
    (text, [&path, &forged].map(|path| secret(path).to_owned()))
}

/// A place in the code that another test's thread makes known to `tracing` at this very moment may not be logged yet: then the requests
/// are made again.
#[tokio::test]
async fn neither_a_links_secret_nor_a_token_nor_a_persons_words_are_logged() {
    let mut missing = LOGGED.to_vec();
    for _ in 0..3 {
        let (text, [own, forged]) = log_of_requests().await;
        for secret in [&*own, &*forged, TOKEN, "not tonight"] {
            assert!(!text.contains(secret), "{text}");
        }
        missing.retain(|part| !text.contains(part));
    }
    assert!(missing.is_empty(), "{missing:?}");
}

#[tokio::test]
async fn who_calls_without_a_link_writes_nothing_into_the_log() {
    let log = Log::default();
    let logging = tracing::subscriber::set_default(log.clone());
    let (books, path) = world();
    let forged = format!("/us-east-1/{}", "f".repeat(64));
    for (method, path, body) in [
        ("GET", "/", None),
        ("GET", "/.env", None),
        ("GET", &*forged, None),
        ("PUT", &*path, Some(YES)),
        ("POST", &*path, Some("%")),
    ] {
        ask(&books, method, path, body).await;
    }
    drop(logging);
    assert_eq!(*log.0.lock().unwrap(), "");
}
