//! Servers as processes of their own, to be several and to be killed.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use super::database::master_key;

/// A running `approdo serve`.
pub struct ServerProcess {
    child: Child,
    pub base: String,
    errors: Arc<Mutex<String>>,
}

impl ServerProcess {
    /// Starts one and waits until it listens.
    pub fn start(database_url: &str) -> Self {
        Self::try_start(database_url, &[]).expect("the server starts")
    }

    /// The same with further arguments; gives standard error where it does not start.
    pub fn try_start(database_url: &str, arguments: &[&str]) -> Result<Self, String> {
        let mut command = command();
        command.args(["serve", "--database-url", database_url]).args(arguments);
        Self::of(command)
    }

    /// The same from a command that lacks only the address to listen on.
    pub fn of(mut command: Command) -> Result<Self, String> {
        let mut child = command
            .args(["--bind", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program runs");
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        match lines.next() {
            Some(Ok(line)) => {
                let base = line.strip_prefix("Approdo listens on ").expect("the address comes first").to_owned();
                // What follows is of no interest, but it must not fill the pipe.
                std::thread::spawn(move || lines.for_each(drop));
                let errors = Arc::new(Mutex::new(String::new()));
                let (stderr, kept) = (BufReader::new(child.stderr.take().expect("piped")), errors.clone());
                std::thread::spawn(move || {
                    for line in stderr.lines().map_while(Result::ok) {
                        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                        kept.push_str(&line);
                        kept.push('\n');
                    }
                });
                Ok(Self { child, base, errors })
            }
            _ => {
                let output = child.wait_with_output().expect("it ended");
                assert!(!output.status.success(), "a server that does not start must say so by its exit code");
                Err(String::from_utf8_lossy(&output.stderr).into_owned())
            }
        }
    }

    /// What it has written to standard error so far.
    pub fn errors(&self) -> String {
        self.errors.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it is gone");
    }

    /// Asks it to end, and waits.
    pub fn terminate(&mut self) -> std::process::ExitStatus {
        self.ask_to_end();
        self.child.wait().expect("it ends")
    }

    /// Asks it to end.
    pub fn ask_to_end(&self) {
        let pid = self.child.id().to_string();
        Command::new("kill").arg(pid).status().expect("kill runs");
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The program with the environment of a test.
pub fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_approdo"));
    command.env("APPRODO_MASTER_KEY", master_key()).env("RUST_LOG", "warn").env_remove("DATABASE_URL");
    command
}

/// Runs the program to its end.
pub fn run(arguments: &[&str]) -> Output {
    command().args(arguments).output().expect("the program runs")
}
