//! What a browser does at a function's URL. The emulator answers for its host at its own address.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{Emulator, EmulatorError, io};

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The status.
    pub status: u16,
    /// The headers as they were sent, and the body.
    pub text: String,
}

impl Emulator {
    /// Opens a function's URL; with a form it is sent there.
    ///
    /// # Errors
    /// When the emulator does not answer, or not as HTTP has it.
    pub async fn browse(&self, url: &str, form: Option<&str>) -> Result<Page, EmulatorError> {
        let what = format!("open {url}");
        let there = url.strip_prefix("https://").unwrap_or(url);
        let (host, path) = there.split_once('/').unwrap_or((there, ""));
        let method = if form.is_some() { "POST" } else { "GET" };
        let form = form.unwrap_or_default();
        let request = format!(
            "{method} /{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{form}",
            form.len()
        );
        let asked = async {
            let mut stream = TcpStream::connect(self.address()).await?;
            stream.write_all(request.as_bytes()).await?;
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).await?;
            Ok::<_, std::io::Error>(String::from_utf8_lossy(&answer).into_owned())
        };
        let text = asked.await.map_err(io(what.clone()))?;
        let status = text
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok());
        let no_http = || io(what)(std::io::Error::other("it does not answer as HTTP has it"));
        Ok(Page {
            status: status.ok_or_else(no_http)?,
            text,
        })
    }
}
