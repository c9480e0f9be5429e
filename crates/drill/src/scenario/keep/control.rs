//! How the kept world is asked: one line over a socket in its own folder, one answer back.

use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{UnixListener, UnixStream},
    time::timeout,
};

/// No request is longer.
const REQUEST_BYTES_MAX: u64 = 200;
/// How long whoever asks may take to say what.
const ASKING: Duration = Duration::from_secs(2);
/// How long the world may take to do it.
const ANSWERING: Duration = Duration::from_secs(60);
const DONE: &str = "done\n";
const REFUSED: &str = "refused\n";

/// Where the kept world listens; its socket goes with it.
pub(super) struct Control {
    listener: UnixListener,
    path: PathBuf,
}

impl Drop for Control {
    fn drop(&mut self) {
        // Gone already where somebody has emptied the folder.
        let _ = std::fs::remove_file(&self.path);
    }
}

impl Control {
    /// Listens in the kept world's folder.
    pub(super) fn listen(folder: &Path) -> io::Result<Self> {
        let path = socket(folder);
        let listener = UnixListener::bind(&path)?;
        Ok(Self { listener, path })
    }

    /// Answers one request after the other, as long as it is polled.
    pub(super) async fn serve(&self, answer: impl AsyncFn(&str) -> Result<String, String>) {
        // Ends: whoever keeps the world drops it.
        loop {
            let Ok((stream, _)) = self.listener.accept().await else {
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            };
            // Whoever asked may have gone away: that is their affair.
            let _ = serve_one(stream, &answer).await;
        }
    }
}

async fn serve_one(
    mut stream: UnixStream,
    answer: &impl AsyncFn(&str) -> Result<String, String>,
) -> io::Result<()> {
    let mut request = String::new();
    let (reader, mut writer) = stream.split();
    let mut reader = reader.take(REQUEST_BYTES_MAX);
    timeout(ASKING, reader.read_to_string(&mut request)).await??;
    let (word, text) = match answer(&request).await {
        Ok(text) => (DONE, text),
        Err(text) => (REFUSED, text),
    };
    writer.write_all(format!("{word}{text}").as_bytes()).await
}

/// Asks the world that is kept under `root`; answers what it says.
///
/// # Errors
/// With one sentence, when no world is kept there or it refuses.
pub async fn ask(root: &Path, request: &str) -> Result<String, String> {
    let path = socket(&root.join(super::FOLDER));
    let stream = UnixStream::connect(&path).await;
    let mut stream = stream.map_err(|why| {
        format!(
            "no world is kept here, start one with `make drill-up` ({}: {why})",
            path.display()
        )
    })?;
    let exchanged = timeout(ANSWERING, async {
        stream.write_all(request.as_bytes()).await?;
        stream.shutdown().await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        io::Result::Ok(answer)
    });
    let answer = match exchanged.await {
        Ok(Ok(answer)) => answer,
        Ok(Err(why)) => return Err(format!("the kept world gives no answer: {why}")),
        Err(_) => {
            return Err(format!(
                "the kept world gives no answer within {ANSWERING:?}"
            ));
        }
    };
    if let Some(text) = answer.strip_prefix(DONE) {
        return Ok(text.into());
    }
    let refused = answer.strip_prefix(REFUSED);
    Err(refused.map_or_else(|| "the kept world ended meanwhile".into(), Into::into))
}

fn socket(folder: &Path) -> PathBuf {
    folder.join("control")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder with a world that answers, and what it is asked from there.
    async fn asked(request: &str) -> Result<String, String> {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join(super::super::FOLDER);
        std::fs::create_dir_all(&folder).unwrap();
        let control = Control::listen(&folder).unwrap();
        let answer = async |request: &str| match request.strip_prefix("lose ") {
            Some(region) => Ok(format!("{region} is lost")),
            None => Err(format!("cannot {request}")),
        };
        tokio::select! {
            () = control.serve(answer) => Err("it ended".into()),
            answer = ask(root.path(), request) => answer,
        }
    }

    #[tokio::test]
    async fn what_is_asked_is_answered_and_a_refusal_is_told_from_an_answer() {
        assert_eq!(
            asked("lose us-west-2").await,
            Ok("us-west-2 is lost".into())
        );
        assert_eq!(asked("dance").await, Err("cannot dance".into()));
    }

    #[tokio::test]
    async fn where_no_world_is_kept_one_sentence_says_how_to_start_one() {
        let root = tempfile::tempdir().unwrap();
        let why = ask(root.path(), "status").await.unwrap_err();
        assert!(
            why.starts_with("no world is kept here, start one with `make drill-up`"),
            "{why}"
        );
        assert_eq!(why.lines().count(), 1);
    }

    #[tokio::test]
    async fn the_socket_goes_with_the_world() {
        let folder = tempfile::tempdir().unwrap();
        drop(Control::listen(folder.path()).unwrap());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
