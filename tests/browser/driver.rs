//! A Chromium that a test drives: found or missed, started, asked, and ended.

use std::fmt::Debug;
use std::future::Future;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Map, Value, json};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

/// Set where a browser must be there, so that its absence is a failure and no reason to skip.
const REQUIRED: &str = "DEADWEIGHT_BROWSER";
/// What is waited for at most.
const PATIENCE: Duration = Duration::from_secs(60);
/// Scripts that every check may call.
const CHECKS: &str = include_str!("checks.js");

/// One browser at a time: what is measured is not to depend on the others.
static TURN: Mutex<()> = Mutex::new(());

/// A browser with one page.
pub struct Browser {
    runtime: Runtime,
    client: Option<Client>,
    driver: Child,
    directory: TempDir,
    _turn: MutexGuard<'static, ()>,
}

/// A command of the driver that the standard does not have.
#[derive(Debug)]
struct Vendor {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Vendor {
    fn endpoint(
        &self,
        base: &url::Url,
        session: Option<&str>,
    ) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(self.body.to_string()))
    }
}

fn version(program: &str) -> bool {
    let mut command = Command::new(program);
    let asked = command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    asked.is_ok_and(|status| status.success())
}

/// Starts the driver on a port of its own choice.
fn start() -> (Child, String) {
    let mut driver = Command::new("chromedriver")
        .arg("--port=0")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("chromedriver starts");
    let output = BufReader::new(driver.stdout.take().expect("it has an output"));
    let mut lines = output.lines();
    let line = lines
        .by_ref()
        .map_while(Result::ok)
        .find(|line| line.contains("started successfully on port"))
        .expect("chromedriver names its port");
    // A driver that nobody listens to would end in the middle of a sentence.
    std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
    let port: String = line.chars().filter(char::is_ascii_digit).collect();
    (driver, format!("http://127.0.0.1:{port}"))
}

fn capabilities(profile: &Path) -> Map<String, Value> {
    let arguments = [
        "--headless".to_owned(),
        // The tests may run as root, where Chromium has no sandbox; the page is ours.
        "--no-sandbox".to_owned(),
        "--disable-gpu".to_owned(),
        "--disable-dev-shm-usage".to_owned(),
        "--disable-quic".to_owned(),
        "--no-first-run".to_owned(),
        "--disable-background-networking".to_owned(),
        "--disable-component-update".to_owned(),
        "--disable-sync".to_owned(),
        // Fonts differ between machines; their hinting is not to.
        "--font-render-hinting=none".to_owned(),
        format!("--user-data-dir={}", profile.display()),
    ];
    let options = json!({
        "goog:chromeOptions": { "args": arguments },
        "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
        "timeouts": { "script": PATIENCE.as_millis() as u64 },
    });
    options.as_object().cloned().unwrap_or_default()
}

impl Browser {
    /// A fresh browser; `None` where there is none and none is required.
    ///
    /// # Panics
    /// Where one is required and there is none.
    pub fn new() -> Option<Self> {
        let there = version("chromium") && version("chromedriver");
        if !there {
            let text = "no chromium and chromedriver here (Debian: chromium, chromium-driver)";
            assert!(std::env::var_os(REQUIRED).is_none(), "{text}, and {REQUIRED} requires them");
            eprintln!("not tested in a browser: {text}");
            return None;
        }
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let directory = tempfile::tempdir().expect("a directory");
        let (driver, address) = start();
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let mut builder = ClientBuilder::new(HttpConnector::new());
        builder.capabilities(capabilities(&directory.path().join("profile")));
        let client = runtime.block_on(builder.connect(&address)).expect("chromium starts");
        let browser = Browser { runtime, client: Some(client), driver, directory, _turn: turn };
        let downloads = browser.downloads();
        std::fs::create_dir(&downloads).expect("a directory");
        browser.cdp(
            "Browser.setDownloadBehavior",
            json!({ "behavior": "allow", "downloadPath": downloads }),
        );
        // What the browser's own first page asked for is not ours.
        browser.wait(browser.client().goto("about:blank"));
        browser.log();
        Some(browser)
    }

    fn wait<T, E: Debug>(&self, work: impl Future<Output = Result<T, E>>) -> T {
        self.runtime.block_on(work).unwrap_or_else(|error| panic!("the browser: {error:?}"))
    }

    fn client(&self) -> &Client {
        self.client.as_ref().expect("it is open")
    }

    /// Where downloads go.
    pub fn downloads(&self) -> PathBuf {
        self.directory.path().join("downloads")
    }

    /// A command of the DevTools protocol.
    pub fn cdp(&self, command: &str, parameters: Value) -> Value {
        let body = json!({ "cmd": command, "params": parameters });
        self.wait(self.client().issue_cmd(Vendor { path: "goog/cdp/execute", body }))
    }

    /// Writes a page to a file, opens it with this fragment, and waits until it is ready.
    pub fn open(&self, html: &str, fragment: &str) {
        let path = self.directory.path().join("index.html");
        std::fs::write(&path, html).expect("a file");
        // The same address with another fragment would be no new page.
        self.wait(self.client().goto("about:blank"));
        self.wait(self.client().goto(&format!("file://{}{fragment}", path.display())));
        self.settle();
    }

    /// Waits until nothing is unpacked any more.
    pub fn settle(&self) {
        self.until("!document.querySelector('[aria-busy=true]') && !document.querySelector('[data-download][disabled]')");
    }

    /// Waits until an expression is true.
    pub fn until(&self, expression: &str) {
        let start = Instant::now();
        while self.run(&format!("return Boolean({expression});")) != Value::Bool(true) {
            assert!(start.elapsed() < PATIENCE, "never true: {expression}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Runs a script, which may call the checks.
    pub fn run(&self, script: &str) -> Value {
        self.wait(self.client().execute(&format!("{CHECKS}\n{script}"), Vec::new()))
    }

    /// The text of an expression.
    pub fn text(&self, expression: &str) -> String {
        let found = self.run(&format!("return String({expression});"));
        found.as_str().unwrap_or_default().to_owned()
    }

    /// Runs a script that calls its last argument when it is done.
    pub fn run_async(&self, script: &str) -> Value {
        self.wait(self.client().execute_async(script, Vec::new()))
    }

    /// The size of the window in CSS pixels.
    pub fn resize(&self, width: u32, height: u32) {
        let metrics =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.cdp("Emulation.setDeviceMetricsOverride", metrics);
    }

    /// `light` or `dark`, as the system would say.
    pub fn prefer(&self, scheme: &str) {
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.cdp("Emulation.setEmulatedMedia", json!({ "features": features }));
    }

    /// Presses a key, as `DOM_KEY` names it: `Tab`, `Enter`, `ArrowRight`, `a`.
    pub fn press(&self, key: &str) {
        let code = match key {
            "Tab" => 9,
            "Enter" => 13,
            "ArrowRight" => 39,
            "End" => 35,
            "Home" => 36,
            _ => 0,
        };
        // Keys that type something carry it.
        let text = match key {
            "Enter" => "\r",
            key if key.chars().count() == 1 => key,
            _ => "",
        };
        for kind in ["keyDown", "keyUp"] {
            let mut event = json!({ "type": kind, "key": key, "windowsVirtualKeyCode": code });
            if kind == "keyDown" && !text.is_empty() {
                event["text"] = json!(text);
            }
            self.cdp("Input.dispatchKeyEvent", event);
        }
    }

    /// A mouse click in the middle of the first element that a selector finds, after scrolling there.
    pub fn click(&self, selector: &str) {
        let place = self.run(&format!("return middleOf({selector:?});"));
        let at = |name: &str| place[name].as_f64().unwrap_or_else(|| panic!("{selector}: {place}"));
        self.mouse("mousePressed", at("x"), at("y"));
        self.mouse("mouseReleased", at("x"), at("y"));
    }

    /// An event of the mouse.
    pub fn mouse(&self, kind: &str, x: f64, y: f64) {
        let button = if kind == "mouseMoved" { "none" } else { "left" };
        let event = json!({ "type": kind, "x": x, "y": y, "button": button, "buttons": 1, "clickCount": 1 });
        self.cdp("Input.dispatchMouseEvent", event);
    }

    /// The page on paper.
    pub fn pdf(&self) -> Vec<u8> {
        let printed = self
            .cdp("Page.printToPDF", json!({ "printBackground": true, "preferCSSPageSize": true }));
        STANDARD.decode(printed["data"].as_str().unwrap_or_default()).expect("base64")
    }

    /// The page from top to bottom, at most `height` pixels of it, as PNG beside the tests' other output.
    pub fn screenshot(&self, name: &str, height: f64) {
        let size = self.cdp("Page.getLayoutMetrics", json!({}));
        let (width, all) = (&size["cssContentSize"]["width"], &size["cssContentSize"]["height"]);
        let height = all.as_f64().unwrap_or(height).min(height);
        self.shoot(name, &json!({ "x": 0, "y": 0, "width": width, "height": height, "scale": 1 }));
    }

    /// An element, at most `height` pixels of it.
    pub fn picture(&self, name: &str, id: &str, height: f64) {
        let clip = self.run(&format!(
            "var box = document.getElementById({id:?}).getBoundingClientRect();
             return {{ x: box.x + window.scrollX, y: box.y + window.scrollY, width: box.width,
                       height: Math.min(box.height, {height}), scale: 1 }};"
        ));
        self.shoot(name, &clip);
    }

    fn shoot(&self, name: &str, clip: &Value) {
        let taken = self
            .cdp("Page.captureScreenshot", json!({ "clip": clip, "captureBeyondViewport": true }));
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("screenshots");
        std::fs::create_dir_all(&directory).expect("a directory");
        let bytes = STANDARD.decode(taken["data"].as_str().unwrap_or_default()).expect("base64");
        std::fs::write(directory.join(format!("{name}.png")), bytes).expect("a file");
    }

    /// What the console said, and every address that was asked for, since it was asked last.
    pub fn log(&self) -> (Vec<String>, Vec<String>) {
        let of = |kind: &str| {
            let body = json!({ "type": kind });
            let entries = self.wait(self.client().issue_cmd(Vendor { path: "se/log", body }));
            entries.as_array().cloned().unwrap_or_default()
        };
        let console = of("browser").iter().map(|entry| entry["message"].to_string()).collect();
        let events = of("performance");
        let requests = events.iter().filter_map(|entry| {
            let event: Value = serde_json::from_str(entry["message"].as_str()?).ok()?;
            let message = &event["message"];
            let sent = message["method"] == "Network.requestWillBeSent"
                || message["method"] == "Network.webSocketCreated";
            let url = message["params"]["request"]["url"].as_str();
            sent.then(|| url.or(message["params"]["url"].as_str()).unwrap_or("?").to_owned())
        });
        (console, requests.collect())
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if let Some(client) = self.client.take() {
            let _ = self.runtime.block_on(client.close());
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
