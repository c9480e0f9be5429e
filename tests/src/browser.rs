//! A headless Chromium of this machine, driven over its own pipe: no driver and no port.
//! Source: <https://chromedevtools.github.io/devtools-protocol/>.

use std::{
    env, fs,
    fs::File,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    time::Duration,
};

use serde_json::{Value, json};
use tempfile::TempDir;

/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// What Chromium is called where it is installed.
const NAMES: [&str; 6] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chromium-headless-shell",
    "headless_shell",
];

/// The Chromium of this machine: the one that `CHROMIUM` names, one on the path, or one that Playwright keeps.
///
/// # Panics
/// When `CHROMIUM` names a file that is not there: whoever names one wants no test skipped.
pub fn chromium() -> Option<PathBuf> {
    if let Some(named) = env::var_os("CHROMIUM").map(PathBuf::from) {
        let is_there = named.is_file();
        assert!(
            is_there,
            "CHROMIUM is {}, which is no file",
            named.display()
        );
        return Some(named);
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let folders: Vec<_> = env::split_paths(&path).collect();
    let on_path = NAMES
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    on_path.chain(of_playwright()).find(|path| path.is_file())
}

fn of_playwright() -> Vec<PathBuf> {
    let home = env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    let kept = fs::read_dir(home.join(".cache/ms-playwright"));
    let folders = kept.into_iter().flatten().flatten();
    let programs = folders.flat_map(|folder| {
        [
            "chrome-linux/chrome",
            "chrome-linux64/chrome",
            "chrome-linux/headless_shell",
        ]
        .map(|program| folder.path().join(program))
    });
    programs.collect()
}

/// One page in one Chromium, which ends with it.
pub struct Browser {
    child: Child,
    to: File,
    from: Receiver<Value>,
    session: Option<String>,
    asked: u64,
    /// How many pages were there since the last step that leads to one.
    loads: u32,
    _folder: TempDir,
}

impl Browser {
    /// Starts it.
    pub fn start(program: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let pipes = ["to", "from"].map(|name| folder.path().join(name));
        for pipe in &pipes {
            let made = Command::new("mkfifo").arg(pipe).status().unwrap();
            assert!(made.success(), "mkfifo {}", pipe.display());
        }
        // Chromium reads what it is asked from its third descriptor, and answers on its fourth.
        let child = Command::new("sh")
            .args([
                "-c",
                "to=$1 from=$2; shift 2; exec \"$@\" 3<\"$to\" 4>\"$from\"",
                "sh",
            ])
            .args(&pipes)
            .arg(program)
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--hide-scrollbars",
            ])
            .args(["--no-first-run", "--remote-debugging-pipe", "about:blank"])
            .arg(format!(
                "--user-data-dir={}",
                folder.path().join("profile").display()
            ))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let to = File::options().write(true).open(&pipes[0]).unwrap();
        let answers = BufReader::new(File::open(&pipes[1]).unwrap());
        let (sender, from) = channel();
        std::thread::spawn(move || {
            for message in answers.split(0) {
                let message = message
                    .ok()
                    .and_then(|text| serde_json::from_slice(&text).ok());
                if message.is_none_or(|message| sender.send(message).is_err()) {
                    break;
                }
            }
        });
        let mut browser = Self {
            child,
            to,
            from,
            session: None,
            asked: 0,
            loads: 0,
            _folder: folder,
        };
        let made = browser.ask("Target.createTarget", json!({"url": "about:blank"}));
        let attached = json!({"targetId": made["targetId"], "flatten": true});
        let attached = browser.ask("Target.attachToTarget", attached);
        browser.session = attached["sessionId"].as_str().map(str::to_owned);
        browser.ask("Page.enable", json!({}));
        browser
    }

    /// Shows the page so broad, in a light or a dark scheme.
    pub fn look(&mut self, width: u32, is_dark: bool) {
        let screen =
            json!({"width": width, "height": 780, "deviceScaleFactor": 1, "mobile": width < 800});
        self.ask("Emulation.setDeviceMetricsOverride", screen);
        let scheme = if is_dark { "dark" } else { "light" };
        let feature = json!({"name": "prefers-color-scheme", "value": scheme});
        self.ask("Emulation.setEmulatedMedia", json!({"features": [feature]}));
    }

    /// Opens an address, and waits until the page is there.
    pub fn open(&mut self, url: &str) {
        self.loads = 0;
        let opened = self.ask("Page.navigate", json!({"url": url}));
        assert_eq!(opened["errorText"], Value::Null, "{url}");
        self.loaded();
    }

    /// Waits until the page is there that the last step leads to.
    fn loaded(&mut self) {
        while self.loads == 0 {
            self.next();
        }
    }

    /// What an expression comes to in the page.
    pub fn evaluate(&mut self, expression: &str) -> Value {
        let asked = json!({"expression": expression, "returnByValue": true, "awaitPromise": true});
        let answer = self.ask("Runtime.evaluate", asked);
        assert_eq!(answer["exceptionDetails"], Value::Null, "{expression}");
        answer["result"]["value"].clone()
    }

    /// The page's text.
    pub fn text(&mut self) -> String {
        let text = self.evaluate("document.body.innerText");
        text.as_str().unwrap().to_owned()
    }

    /// Clicks on what a selector finds, where a finger would, and waits for the page that follows.
    pub fn click(&mut self, selector: &str) {
        let found = self.evaluate(&format!(
            "(() => {{ const it = document.querySelector({selector:?}); it.scrollIntoView({{block: 'center'}}); \
             const box = it.getBoundingClientRect(); return [box.x + box.width / 2, box.y + box.height / 2]; }})()"
        ));
        self.loads = 0;
        for kind in ["mousePressed", "mouseReleased"] {
            let event = json!({"type": kind, "x": found[0], "y": found[1], "button": "left", "clickCount": 1});
            self.ask("Input.dispatchMouseEvent", event);
        }
        self.loaded();
    }

    /// Types a text into what a selector finds.
    pub fn type_into(&mut self, selector: &str, text: &str) {
        self.evaluate(&format!("document.querySelector({selector:?}).focus()"));
        self.ask("Input.insertText", json!({"text": text}));
    }

    fn ask(&mut self, method: &str, parameters: Value) -> Value {
        self.asked += 1;
        let asked = self.asked;
        let mut message = json!({"id": asked, "method": method, "params": parameters});
        if let Some(session) = &self.session {
            message["sessionId"] = session.as_str().into();
        }
        let mut line = message.to_string().into_bytes();
        line.push(0);
        self.to.write_all(&line).unwrap();
        loop {
            let answer = self.next();
            if answer["id"] == asked {
                assert_eq!(answer["error"], Value::Null, "{method}");
                return answer["result"].clone();
            }
        }
    }

    fn next(&mut self) -> Value {
        let next = self.from.recv_timeout(PATIENCE);
        let next = next.unwrap_or_else(|why| panic!("Chromium does not answer: {why}"));
        self.loads += u32::from(next["method"] == "Page.loadEventFired");
        next
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
