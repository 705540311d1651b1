//! Servers as processes of their own, to be several and to be killed.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use super::database::master_key;

/// A running `approdo serve`.
pub struct ServerProcess {
    child: Child,
    pub base: String,
}

impl ServerProcess {
    /// Starts one and waits until it listens.
    pub fn start(database_url: &str) -> Self {
        Self::try_start(database_url, &[]).expect("the server starts")
    }

    /// The same with further arguments; gives standard error where it does not start.
    pub fn try_start(database_url: &str, arguments: &[&str]) -> Result<Self, String> {
        let mut child = command()
            .args(["serve", "--bind", "127.0.0.1:0", "--database-url", database_url])
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program runs");
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        match lines.next() {
            Some(Ok(line)) => {
                let base = line.strip_prefix("Approdo listens on ").expect("the address comes first").to_owned();
                // Nobody reads what follows: it must not fill the pipes.
                std::thread::spawn(move || lines.for_each(drop));
                let errors = child.stderr.take().expect("piped");
                std::thread::spawn(move || BufReader::new(errors).lines().for_each(drop));
                Ok(Self { child, base })
            }
            _ => {
                let output = child.wait_with_output().expect("it ended");
                Err(String::from_utf8_lossy(&output.stderr).into_owned())
            }
        }
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it is gone");
    }

    /// Asks it to end, and waits.
    pub fn terminate(&mut self) -> std::process::ExitStatus {
        let pid = self.child.id().to_string();
        Command::new("kill").arg(pid).status().expect("kill runs");
        self.child.wait().expect("it ends")
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
