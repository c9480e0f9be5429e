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

#[tokio::test]
async fn neither_a_links_secret_nor_a_token_nor_a_persons_words_are_logged() {
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
    for part in [
        "a3f1",
        "192.0.2.7",
        "nobody knows whether a run has its answer",
    ] {
        assert!(text.contains(part), "{text}");
    }
    for secret in [secret(&path), secret(&forged), TOKEN, "not tonight"] {
        assert!(!text.contains(secret), "{text}");
    }
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
