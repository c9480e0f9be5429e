//! Serves the page as Lambda does behind a function's URL: each request becomes an event, each answer a response.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::Arc,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use failover::testing::Books;
use serde_json::{Value, json};
use steps::approval_page;

/// Serves a world's page; the address.
pub(crate) fn serve(books: Arc<Books>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        for stream in listener.incoming().flatten() {
            // A browser opens connections ahead, and says nothing on some.
            if let Some(event) = event(&stream) {
                let answer = runtime
                    .block_on(approval_page::handle(&*books, event))
                    .unwrap();
                respond(stream, &answer);
            }
        }
    });
    address
}

fn event(stream: &TcpStream) -> Option<Value> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split(' ');
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut length = 0;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        if header.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = header.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(json!({
        "version": "2.0", "rawPath": path, "rawQueryString": "",
        "requestContext": {"http": {"method": method, "path": path, "sourceIp": "192.0.2.7"}},
        "body": STANDARD.encode(body), "isBase64Encoded": true
    }))
}

fn respond(mut stream: TcpStream, answer: &Value) {
    let body = answer["body"].as_str().unwrap();
    let mut head = format!(
        "HTTP/1.1 {} Said\r\ncontent-length: {}\r\nconnection: close\r\n",
        answer["statusCode"],
        body.len()
    );
    for (name, value) in answer["headers"].as_object().unwrap() {
        head.push_str(&format!("{name}: {}\r\n", value.as_str().unwrap()));
    }
    let written = stream.write_all(format!("{head}\r\n{body}").as_bytes());
    drop(written);
}
