//! A wire between the server and PostgreSQL that can lose a commit.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

/// What becomes of the commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It never reaches PostgreSQL.
    RequestLost,
    /// PostgreSQL commits, and nobody hears of it.
    AnswerLost,
}

/// Forwards connections; breaks the one that commits a certain text.
pub struct Proxy {
    pub url: String,
    plan: Arc<Mutex<Plan>>,
}

#[derive(Default)]
struct Plan {
    next: Option<(String, Fate)>,
    lost: usize,
}

impl Proxy {
    /// Listens before the PostgreSQL of a URL.
    pub fn before(url: &str) -> Self {
        let (user, rest) = url.split_once('@').expect("a URL with a user");
        let (server, database) = rest.split_once('/').expect("a URL with a database");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let plan = Arc::new(Mutex::new(Plan::default()));
        let (server, shared) = (server.to_owned(), plan.clone());
        // It ends with the test process.
        thread::spawn(move || {
            for near in listener.incoming().map_while(Result::ok) {
                let far = TcpStream::connect(&server).expect("PostgreSQL answers");
                connect(near, far, shared.clone());
            }
        });
        Self { url: format!("{user}@{address}/{database}"), plan }
    }

    /// The next transaction that has sent this text loses its commit, once.
    pub fn lose_one_commit_of(&self, text: &str, fate: Fate) {
        *self.plan.lock().expect("no panic") = Plan { next: Some((text.to_owned(), fate)), lost: 0 };
    }

    /// Commits lost since then.
    pub fn lost(&self) -> usize {
        self.plan.lock().expect("no panic").lost
    }
}

fn connect(near: TcpStream, far: TcpStream, plan: Arc<Mutex<Plan>>) {
    let cut = Arc::new(AtomicBool::new(false));
    let (mut to_near, mut from_far) = (near.try_clone().expect("a handle"), far.try_clone().expect("a handle"));
    let told_to_cut = cut.clone();
    thread::spawn(move || {
        let mut buffer = [0; 65_536];
        while let Ok(length @ 1..) = from_far.read(&mut buffer) {
            if told_to_cut.load(Ordering::Acquire) || to_near.write_all(&buffer[..length]).is_err() {
                break;
            }
        }
        let _ = (to_near.shutdown(Shutdown::Both), from_far.shutdown(Shutdown::Both));
    });
    let (mut from_near, mut to_far) = (near, far);
    thread::spawn(move || {
        let mut buffer = [0; 65_536];
        let mut marked = false;
        while let Ok(length @ 1..) = from_near.read(&mut buffer) {
            let sent = &buffer[..length];
            let fate = {
                let mut plan = plan.lock().expect("no panic");
                marked |= plan.next.as_ref().is_some_and(|(text, _)| contains(sent, text));
                let now = marked && contains(sent, "COMMIT");
                let taken = if now { plan.next.take() } else { None };
                plan.lost += usize::from(taken.is_some());
                taken.map(|(_, fate)| fate)
            };
            // The answer to what is sent now is read by the other thread, which then cuts the wire.
            cut.fetch_or(fate == Some(Fate::AnswerLost), Ordering::AcqRel);
            if fate == Some(Fate::RequestLost) || to_far.write_all(sent).is_err() {
                break;
            }
        }
        let _ = (from_near.shutdown(Shutdown::Both), to_far.shutdown(Shutdown::Both));
    });
}

fn contains(sent: &[u8], text: &str) -> bool {
    sent.windows(text.len()).any(|window| window == text.as_bytes())
}
