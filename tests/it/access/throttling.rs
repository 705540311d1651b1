//! Logins that fail again and again are slowed down, without telling who exists.

use serde_json::json;

use crate::both;
use crate::support::SECRET;
use crate::support::http::{Answer, Client};
use crate::support::process::ServerProcess;

fn attempt(nobody: &Client, username: &str, password: &str) -> Answer {
    nobody.form("/auth/token", &[("grant_type", "password"), ("username", username), ("password", password)])
}

/// The statuses of failing attempts, up to the first that is not looked at any more.
fn until_throttled(nobody: &Client, username: &str) -> Vec<u16> {
    let mut statuses = Vec::new();
    while statuses.len() < 20 {
        let answer = attempt(nobody, username, "not the password");
        statuses.push(answer.status);
        if answer.status == 429 {
            let seconds: u64 = answer.header("retry-after").parse().expect("seconds");
            assert!(seconds > 0);
            break;
        }
    }
    statuses
}

both! {
    fn known_and_unknown_users_are_slowed_down_alike_and_others_not_at_all(world: &World) {
        let nobody = world.nobody();
        let known = until_throttled(&nobody, "maria_case_manager");
        assert_eq!(known.last(), Some(&429));
        assert!(known.len() > 3, "a few mistakes are forgiven: {known:?}");
        assert_eq!(until_throttled(&nobody, "nobody_at_all"), known);
        // Not even the right password is looked at, in any process, however the name is written.
        let other = ServerProcess::start(&world.database.url);
        attempt(&nobody, "maria_case_manager", SECRET).expect(429);
        attempt(&nobody.at(&other.base), "MARIA_case_manager", SECRET).expect(429);
        attempt(&nobody, "samira_help_desk_operator", SECRET).expect(200);
    }

    fn a_success_forgives_earlier_mistakes(world: &World) {
        let nobody = world.nobody();
        let free = until_throttled(&nobody, "nobody_at_all").len() - 1;
        for _ in 0..3 {
            for _ in 0..free - 1 {
                attempt(&nobody, "maria_case_manager", "not the password").expect(400);
            }
            attempt(&nobody, "maria_case_manager", SECRET).expect(200);
        }
    }

    fn machine_clients_are_slowed_down_too(world: &World) {
        let id = world.id_of("regional_sync_client");
        let form = [("grant_type", "client_credentials"), ("client_id", id.as_str()), ("client_secret", "wrong")];
        let statuses: Vec<u16> = (0..8).map(|_| world.nobody().form("/auth/token", &form).status).collect();
        assert_eq!((statuses[0], statuses[7]), (401, 429));
        assert_eq!(world.nobody().form("/auth/token", &form).json()["status"], json!(429));
    }
}
