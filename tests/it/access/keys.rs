//! Rotation of the keys that sign tokens, while servers run.

use std::thread;
use std::time::{Duration, Instant};

use base64::Engine as _;
use serde_json::Value;

use crate::both;
use crate::support::http::Client;
use crate::support::process::run;
use crate::support::{World, log_in};

const MARIA: &str = "maria_case_manager";

/// The id of the key that signed a token.
fn key_of(token: &str) -> String {
    let head = token.split('.').next().expect("a header");
    let head = base64::prelude::BASE64_URL_SAFE_NO_PAD.decode(head).expect("base64");
    serde_json::from_slice::<Value>(&head).expect("JSON")["kid"].as_str().expect("a key id").to_owned()
}

fn published(world: &World) -> Vec<String> {
    let keys = ureq::get(format!("{}/.well-known/jwks.json", world.base())).call().expect("an answer");
    let keys: Value = serde_json::from_str(&keys.into_body().read_to_string().expect("text")).expect("JSON");
    keys["keys"].as_array().expect("keys").iter().map(|key| key["kid"].as_str().expect("an id").to_owned()).collect()
}

fn keys(world: &World, arguments: &[&str]) -> String {
    let (first, rest) = arguments.split_first().expect("a command");
    let output = run(&[&["keys", first, "--database-url", &world.database.url], rest].concat());
    let told = [output.stdout, output.stderr].concat();
    String::from_utf8(told).expect("text").trim().to_owned()
}

/// Tries again until a running server has read the keys anew, which it does every few seconds.
fn soon(what: &str, mut is: impl FnMut() -> bool) {
    let until = Instant::now() + Duration::from_secs(60);
    while !is() {
        assert!(Instant::now() < until, "{what} did not come");
        thread::sleep(Duration::from_millis(200));
    }
}

fn fresh(world: &World) -> Client {
    log_in(world.base(), &world.fixture, MARIA)
}

both! {
    fn keys_are_rotated_while_the_server_runs(world: &World) {
        let before = fresh(world);
        let first = key_of(before.token());
        assert_eq!(published(world), std::slice::from_ref(&first));

        let waiting = keys(world, &["add", "signing"]);
        soon("the new public key", || published(world).contains(&waiting));
        assert_eq!(key_of(fresh(world).token()), first, "a key that others may not know yet signs nothing");
        let told = keys(world, &["retire", &first]);
        assert!(told.contains("in use"), "the only usable key was retired: {told}");

        let leaked = keys(world, &["add", "signing", "--at-once"]);
        soon("a token of the key to be used at once", || key_of(fresh(world).token()) == leaked);
        let after = fresh(world);
        before.get("/me").expect(200);

        assert_eq!(keys(world, &["retire", &first]), "");
        soon("the end of the retired key's tokens", || before.get("/me").status == 401);
        after.get("/me").expect(200);
        assert!(!published(world).contains(&first));
        assert!(!keys(world, &["list"]).contains(&first));
    }

    fn a_cursor_sealed_before_a_rotation_is_good_after_it(world: &World) {
        let reader = world.regional_sync_client();
        world.case_in_udine();
        world.feed_settled();
        let cursor = reader.get("/changes?limit=1").expect(200).json()["next_cursor"].as_str().expect("a cursor").to_owned();
        let added = keys(world, &["add", "cursor", "--at-once"]);
        let in_use = keys(world, &["list"]);
        assert!(in_use.lines().any(|line| line.starts_with(&added) && line.ends_with("in use")), "{in_use}");
        // The running server seals by the new key within seconds; what the old one sealed it opens at any time.
        thread::sleep(Duration::from_secs(6));
        reader.get(&format!("/changes?cursor={cursor}")).expect(200);
    }
}
