//! A store that speaks S3, in the test's own process and in a folder of its own, behind a wire that can be cut.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use approdo::config::AttachmentArgs;
use approdo::contents::s3::S3Secrets;

use super::s3_signature::Signed;

pub const BUCKET: &str = "attachments";
pub const ACCESS_KEY: &str = "AKTEST";
pub const SECRET_KEY: &str = "a-secret-nobody-may-see";

const WHOLE: u8 = 0;
const CUT: u8 = 1;
const HELD: u8 = 2;

/// The store. It ends with the test process; its folder goes with this.
pub struct S3Server {
    pub endpoint: String,
    folder: tempfile::TempDir,
    wire: Arc<AtomicU8>,
}

impl S3Server {
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join(BUCKET)).expect("a bucket");
        let server = serve(folder.path().to_owned());
        let wire = Arc::new(AtomicU8::new(WHOLE));
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
        let state = wire.clone();
        thread::spawn(move || {
            for near in listener.incoming().map_while(Result::ok) {
                if state.load(Ordering::Acquire) != CUT {
                    connect(near, TcpStream::connect(server).expect("the store answers"), &state);
                }
            }
        });
        Self { endpoint, folder, wire }
    }

    /// Settings of a server that keeps contents here.
    pub fn arguments(&self) -> AttachmentArgs {
        AttachmentArgs {
            attachment_store: format!("s3://{BUCKET}/in/a/folder"),
            s3_endpoint: Some(self.endpoint.clone()),
            s3_secrets: Some(S3Secrets { access_key: ACCESS_KEY.into(), secret_key: SECRET_KEY.into() }),
            ..AttachmentArgs::default()
        }
    }

    /// The same for a process of its own.
    pub fn tell(&self, command: &mut std::process::Command) {
        command
            .env("APPRODO_ATTACHMENT_STORE", format!("s3://{BUCKET}/in/a/folder"))
            .env("APPRODO_S3_ENDPOINT", &self.endpoint)
            .env("APPRODO_S3_ACCESS_KEY", ACCESS_KEY)
            .env("APPRODO_S3_SECRET_KEY", SECRET_KEY);
    }

    /// Nobody reaches it.
    pub fn cut(&self) {
        self.wire.store(CUT, Ordering::Release);
    }

    /// It hears what it is told; what it says waits.
    pub fn hold(&self) {
        self.wire.store(HELD, Ordering::Release);
    }

    pub fn mend(&self) {
        self.wire.store(WHOLE, Ordering::Release);
    }

    /// The objects that are there.
    pub fn objects(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        files(&self.folder.path().join(BUCKET), &mut found);
        found
    }

    /// Everything that is in its folder, whatever it keeps beside the objects.
    pub fn bytes(&self) -> Vec<u8> {
        let mut found = Vec::new();
        files(self.folder.path(), &mut found);
        found.iter().flat_map(|file| std::fs::read(file).unwrap_or_default()).collect()
    }

    /// Waits until so many objects are there.
    #[track_caller]
    pub fn comes_to(&self, number: usize) {
        for _ in 0..400 {
            if self.objects().len() == number {
                return;
            }
            thread::sleep(Duration::from_millis(50));
        }
        panic!("not {number}: {:?}", self.objects());
    }
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

/// Serves a folder of buckets as S3 does, as far as contents of attachments need it, to whoever signs as is right.
fn serve(folder: PathBuf) -> SocketAddr {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        actix_web::rt::System::new().block_on(async move {
            let folder = web::Data::new(folder);
            let server = HttpServer::new(move || {
                let limit = web::PayloadConfig::new(200_000_000);
                App::new().app_data(folder.clone()).app_data(limit).default_service(web::to(answer))
            });
            let server = server.workers(2).disable_signals().bind(("127.0.0.1", 0)).expect("a free port");
            sender.send(server.addrs()[0]).expect("the test waits");
            server.run().await.expect("it serves");
        });
    });
    receiver.recv().expect("it listens")
}

async fn answer(request: HttpRequest, body: web::Bytes, buckets: web::Data<PathBuf>) -> HttpResponse {
    let host = request.headers().get("host").and_then(|host| host.to_str().ok()).unwrap_or_default();
    let signed =
        Signed { method: request.method().as_str(), host, path: request.path(), query: request.query_string() };
    if !signed.is_right(ACCESS_KEY, SECRET_KEY, approdo::clock::now().instant()) {
        return HttpResponse::Forbidden().body("<Error><Code>SignatureDoesNotMatch</Code></Error>");
    }
    let path = request.path().trim_start_matches('/');
    let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
    let bucket = buckets.join(bucket);
    let object = bucket.join(key);
    if !bucket.is_dir() {
        return HttpResponse::NotFound().body("<Error><Code>NoSuchBucket</Code></Error>");
    }
    match request.method().as_str() {
        "HEAD" if key.is_empty() => HttpResponse::Ok().finish(),
        "PUT" => {
            std::fs::create_dir_all(object.parent().expect("a folder")).expect("made");
            std::fs::write(&object, &body).expect("written");
            HttpResponse::Ok().finish()
        }
        "GET" => given(&request, &object),
        "DELETE" => {
            let _ = std::fs::remove_file(&object);
            HttpResponse::NoContent().finish()
        }
        _ => HttpResponse::NotImplemented().finish(),
    }
}

/// An object, or the range of it that is asked for.
fn given(request: &HttpRequest, object: &Path) -> HttpResponse {
    let Ok(bytes) = std::fs::read(object) else {
        return HttpResponse::NotFound().body("<Error><Code>NoSuchKey</Code></Error>");
    };
    let range =
        request.headers().get("range").and_then(|range| range.to_str().ok()?.strip_prefix("bytes=")?.split_once('-'));
    let Some((first, last)) = range.and_then(|(first, last)| Some((first.parse().ok()?, last.parse::<usize>().ok()?)))
    else {
        return HttpResponse::Ok().body(bytes);
    };
    let end = bytes.len().min(last + 1);
    let told = format!("bytes {first}-{}/{}", end - 1, bytes.len());
    HttpResponse::PartialContent().insert_header(("content-range", told)).body(bytes[first..end].to_vec())
}

fn connect(near: TcpStream, far: TcpStream, wire: &Arc<AtomicU8>) {
    let (again_near, again_far) = (near.try_clone().expect("a handle"), far.try_clone().expect("a handle"));
    for (from, to, answers) in [(near, far, false), (again_far, again_near, true)] {
        let wire = wire.clone();
        thread::spawn(move || carry(from, to, &wire, answers));
    }
}

fn carry(mut from: TcpStream, mut to: TcpStream, wire: &AtomicU8, answers: bool) {
    let mut buffer = [0; 65_536];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        while answers && wire.load(Ordering::Acquire) == HELD {
            thread::sleep(Duration::from_millis(10));
        }
        if wire.load(Ordering::Acquire) == CUT || to.write_all(&buffer[..length]).is_err() {
            break;
        }
    }
    let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
}
