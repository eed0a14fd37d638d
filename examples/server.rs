//! A server that changes models without a gap: HTTP 1.1 over the standard library, a watched alias
//! behind it.
//!
//! ```text
//! cargo run --release --example server                                      proves it under load
//! cargo run --release --example server -- STORE NAME ALIAS 127.0.0.1:8080   serves a store of yours
//! curl --data 1.5,2 http://127.0.0.1:8080/predict
//! ```
//!
//! `POST /predict` takes one row of numbers between commas and answers with the version that
//! predicted it. One request asks the watcher once, so no answer is of two versions.

use std::error::Error;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use deadweight::base::{Array, Parameters};
use deadweight::models::Predictions;
use deadweight::store::{NewVersion, Store, Watcher};
use ndarray::Array2;

type Failure = Box<dyn Error + Send + Sync>;

/// Longest line of a request, longest body, most lines.
const MAX_LINE: u64 = 8 << 10;
const MAX_BODY: usize = 1 << 20;
const MAX_LINES: usize = 100;
/// How often the alias is looked at.
const INTERVAL: Duration = Duration::from_millis(2);

pub fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.as_slice() {
        [store, name, alias, address] => {
            let watcher = Store::open(store)?.watch(name, alias, Duration::from_secs(1))?;
            serve(TcpListener::bind(address)?, Arc::new(watcher));
            Ok(())
        }
        [] => {
            println!("{}", prove(100, Duration::from_millis(100))?);
            Ok(())
        }
        _ => Err("expected STORE NAME ALIAS ADDRESS, or nothing".into()),
    }
}

// ---------------------------------------------------------------- the server

/// Answers until the program ends, each connection in a thread of its own.
fn serve(listener: TcpListener, watcher: Arc<Watcher>) {
    for stream in listener.incoming().flatten() {
        let watcher = Arc::clone(&watcher);
        std::thread::spawn(move || {
            // A connection that breaks is its client's matter.
            let _ = connection(stream, &watcher);
        });
    }
}

fn connection(stream: TcpStream, watcher: &Watcher) -> Result<(), Failure> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut writer = stream;
    while let Some((target, body)) = request(&mut reader)? {
        let (status, answer) = match target.as_str() {
            "POST /predict" => match predict(&body, watcher) {
                Ok(answer) => ("200 OK", answer),
                Err(error) => ("400 Bad Request", format!("{{\"error\":{:?}}}", error.to_string())),
            },
            _ => ("404 Not Found", "{\"error\":\"POST /predict\"}".to_owned()),
        };
        let head = "Content-Type: application/json\r\nContent-Length";
        write!(writer, "HTTP/1.1 {status}\r\n{head}: {}\r\n\r\n{answer}", answer.len())?;
    }
    Ok(())
}

/// Method and target of a request, and its body; `None` when the client is gone.
fn request(reader: &mut impl BufRead) -> Result<Option<(String, String)>, Failure> {
    let (mut target, mut length) = (String::new(), 0usize);
    for number in 0..MAX_LINES {
        let mut line = String::new();
        if reader.take(MAX_LINE).read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let line = line.trim_end();
        if number == 0 {
            target = line.split(' ').take(2).collect::<Vec<_>>().join(" ");
        } else if line.is_empty() {
            if length > MAX_BODY {
                return Err("the body is too long".into());
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body)?;
            return Ok(Some((target, String::from_utf8(body)?)));
        } else if let Some((field, value)) = line.split_once(':')
            && field.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse()?;
        }
    }
    Err("too many lines".into())
}

fn predict(body: &str, watcher: &Watcher) -> Result<String, Failure> {
    let row = body.split(',').map(|number| number.trim().parse::<f64>());
    let row = row.collect::<Result<Vec<_>, _>>()?;
    let rows = Array2::from_shape_vec((1, row.len()), row)?;
    // Held until it is answered: the alias may move meanwhile.
    let current = watcher.current();
    let prediction = match current.loaded.predict(rows.view().into())? {
        Predictions::Values(values) => format!("{:?}", values.iter().collect::<Vec<_>>()),
        Predictions::Integers(labels) => format!("{labels:?}"),
        Predictions::Booleans(labels) => format!("{labels:?}"),
        Predictions::Texts(labels) => format!("{labels:?}"),
        Predictions::Outputs(_) => return Err("several outputs".into()),
    };
    Ok(format!("{{\"version\":{},\"prediction\":{prediction}}}", current.entry.version))
}

// ---------------------------------------------------------------- the proof

/// What a client saw.
#[derive(Default)]
struct Seen {
    /// When each answer came, after the start, and how long it took.
    answers: Vec<(Duration, Duration)>,
    failed: usize,
    mixed: usize,
    versions: std::collections::BTreeSet<u64>,
}

/// Version `v` predicts `v x`, in a vector wide enough that its load is no trifle.
fn model(version: u64, features: usize) -> Result<Parameters, Failure> {
    let mut parameters = Parameters::new("linear_regression", 1);
    let mut coef = vec![0.0; features];
    coef[0] = version as f64;
    parameters.insert("coef", Array::from_vec(coef, &[1, features])?)?;
    parameters.insert("intercept", Array::from_vec(vec![0.0], &[1])?)?;
    Ok(parameters)
}

const FEATURES: usize = 1000;
const VERSIONS: u64 = 4;
const CLIENTS: u64 = 4;
/// What a client waits between two requests: the load is steady, not as much as there can be.
const PAUSE: Duration = Duration::from_millis(4);

/// Serves and asks while an alias moves `swaps` times, one every `every`, and says how it went.
pub fn prove(swaps: u64, every: Duration) -> Result<String, Failure> {
    let directory = tempfile::tempdir()?;
    let url = directory.path().to_str().ok_or("a path")?;
    let store = Store::create(url)?;
    let (name, alias) = ("price".parse()?, "production".parse()?);
    for version in 1..=VERSIONS {
        store.put(NewVersion::new("price".parse()?, model(version, FEATURES)?))?;
    }
    store.set_alias(&name, &alias, 1)?;
    let watcher = Arc::new(store.watch("price", "production", INTERVAL)?);
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let serving = Arc::clone(&watcher);
    std::thread::spawn(move || serve(listener, serving));

    let (stop, start) = (AtomicBool::new(false), Instant::now());
    let seen = std::thread::scope(|scope| -> Result<Vec<Seen>, Failure> {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|client| {
                scope.spawn({
                    let stop = &stop;
                    move || ask(address, client, start, stop)
                })
            })
            .collect();
        let moved = move_alias(&store, &watcher, swaps, every);
        stop.store(true, Ordering::Relaxed);
        let seen = clients.into_iter().map(|client| client.join().unwrap_or_default()).collect();
        moved.map(|()| seen)
    })?;
    report(&seen, watcher.swaps(), start.elapsed())
}

/// Moves the alias, and waits each time until the server has followed.
fn move_alias(
    store: &Store,
    watcher: &Watcher,
    swaps: u64,
    every: Duration,
) -> Result<(), Failure> {
    let (name, alias) = ("price".parse()?, "production".parse()?);
    for swap in 1..=swaps {
        std::thread::sleep(every);
        let entry = store.set_alias(&name, &alias, swap % VERSIONS + 1)?;
        let until = Instant::now() + Duration::from_secs(60);
        while watcher.current().entry.number < entry.number {
            if Instant::now() > until {
                return Err(format!("swap {swap} did not come: {:?}", watcher.failure()).into());
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }
    Ok(())
}

/// Asks over one connection until it is told to stop.
fn ask(address: SocketAddr, client: u64, start: Instant, stop: &AtomicBool) -> Seen {
    let mut seen = Seen::default();
    let connect = || -> Result<_, Failure> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        Ok((BufReader::new(stream.try_clone()?), stream))
    };
    let Ok((mut reader, mut writer)) = connect() else { return Seen { failed: 1, ..seen } };
    let zeros = ",0".repeat(FEATURES - 1);
    for number in 0u64.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let x = (number * CLIENTS + client) % 1000;
        let asked = Instant::now();
        match answer(&mut reader, &mut writer, &format!("{x}{zeros}")) {
            Ok((version, prediction)) => {
                seen.answers.push((start.elapsed(), asked.elapsed()));
                seen.versions.insert(version);
                if prediction != (version * x) as f64 {
                    seen.mixed += 1;
                }
            }
            Err(_) => {
                seen.failed += 1;
                match connect() {
                    Ok(both) => (reader, writer) = both,
                    Err(_) => break,
                }
            }
        }
        std::thread::sleep(PAUSE.saturating_sub(asked.elapsed()));
    }
    seen
}

fn answer(
    reader: &mut impl BufRead,
    writer: &mut TcpStream,
    body: &str,
) -> Result<(u64, f64), Failure> {
    write!(
        writer,
        "POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let Some((status, answer)) = request(reader)? else { return Err("no answer".into()) };
    if status != "HTTP/1.1 200" {
        return Err(answer.into());
    }
    let document: serde_json::Value = serde_json::from_str(&answer)?;
    let version = document["version"].as_u64().ok_or("no version")?;
    Ok((version, document["prediction"][0].as_f64().ok_or("no prediction")?))
}

/// The figures; an error when an answer failed, was mixed, or did not come for long.
fn report(seen: &[Seen], swaps: u64, took: Duration) -> Result<String, Failure> {
    /// About as long as one version stands: a gap at a swap is most of a window.
    const WINDOW: Duration = Duration::from_millis(100);
    let mut times: Vec<Duration> = Vec::new();
    // Whole ones only: the last is cut off.
    let windows = (took.as_nanos() / WINDOW.as_nanos()).max(1) as usize;
    let mut counts = vec![0usize; windows];
    for (at, lasted) in seen.iter().flat_map(|seen| &seen.answers) {
        times.push(*lasted);
        if let Some(count) = counts.get_mut((at.as_nanos() / WINDOW.as_nanos()) as usize) {
            *count += 1;
        }
    }
    times.sort();
    counts.sort_unstable();
    let failed: usize = seen.iter().map(|seen| seen.failed).sum();
    let mixed: usize = seen.iter().map(|seen| seen.mixed).sum();
    let versions: std::collections::BTreeSet<u64> =
        seen.iter().flat_map(|seen| seen.versions.iter().copied()).collect();
    let at = |share: f64| {
        let index = (times.len().saturating_sub(1)) as f64 * share;
        times.get(index as usize).copied().unwrap_or_default()
    };
    let rate = |count: Option<&usize>| count.copied().unwrap_or(0) as f64 / WINDOW.as_secs_f64();
    let text = format!(
        "{} answers in {took:.1?} while {swaps} swaps happened, of versions {versions:?}\n\
         failed: {failed}, mixed: {mixed}\n\
         answers a second, by tenths of a second: {:.0} at least, {:.0} in the middle, {:.0} at most\n\
         an answer took {:.1?} in the middle, {:.1?} at 99 %, {:.1?} at most",
        times.len(),
        rate(counts.first()),
        rate(counts.get(windows / 2)),
        rate(counts.last()),
        at(0.5),
        at(0.99),
        at(1.0),
    );
    match failed + mixed {
        0 if !times.is_empty() => Ok(text),
        _ => Err(text.into()),
    }
}
