//! Tokens: login, refresh, revocation, expiry, and the end of a caller.

use approdo::access::keys::Keys;
use approdo::access::tokens::Tokens;
use approdo::access::{ActorKind, SessionId};
use base64::Engine as _;
use serde_json::{Value, json};

use crate::both;
use crate::support::http::{Answer, Client};
use crate::support::process::ServerProcess;
use crate::support::{SECRET, World, database};

const MARIA: &str = "maria_case_manager";

fn log_in(nobody: &Client, username: &str, password: &str) -> Answer {
    nobody.form("/auth/token", &[("grant_type", "password"), ("username", username), ("password", password)])
}

fn refresh(nobody: &Client, token: &str) -> Answer {
    nobody.form("/auth/token", &[("grant_type", "refresh_token"), ("refresh_token", token)])
}

fn pair(tokens: &Value) -> (String, String) {
    let text = |name: &str| tokens[name].as_str().expect("a token").to_owned();
    (text("access_token"), text("refresh_token"))
}

fn works(world: &World, token: &str) -> bool {
    match world.nobody().with_token(token).get("/me").status {
        200 => true,
        401 => false,
        other => panic!("neither in nor out: {other}"),
    }
}

/// Claims and headers of a token, and how to put it together again.
fn parts(token: &str) -> Vec<String> {
    token.split('.').map(str::to_owned).collect()
}

both! {
    fn a_login_gives_a_token_that_works(world: &World) {
        let nobody = world.nobody();
        let answer = log_in(&nobody, "Maria_Case_Manager", SECRET).expect(200);
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!((&answer.json()["token_type"], &answer.json()["expires_in"]), (&json!("Bearer"), &json!(3600)));
        let (access, _) = pair(&answer.json());
        assert_eq!(nobody.with_token(&access).get("/me").expect(200).json()["username"], MARIA);
        let client = world.id_of("regional_sync_client");
        let basic = base64::prelude::BASE64_STANDARD.encode(format!("{client}:{SECRET}"));
        let headers =
            [("authorization", format!("Basic {basic}")), ("content-type", "application/x-www-form-urlencoded".into())];
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let answer = nobody.send("POST", "/auth/token", &headers, Some(b"grant_type=client_credentials")).expect(200);
        assert!(answer.json().get("refresh_token").is_none());
    }

    fn a_failed_login_never_tells_why(world: &World) {
        let nobody = world.nobody();
        let told = |answer: Answer| {
            let mut problem = answer.expect(400).json();
            problem["instance"] = Value::Null;
            problem
        };
        let wrong = told(log_in(&nobody, MARIA, "not the password"));
        assert_eq!(wrong["error"], "invalid_grant");
        assert_eq!(told(log_in(&nobody, "nobody_at_all", "not the password")), wrong);
        assert_eq!(told(refresh(&nobody, "no such token")), wrong);
        let form = [("grant_type", "client_credentials"), ("client_id", "x"), ("client_secret", "y")];
        assert_eq!(nobody.form("/auth/token", &form).expect(401).json()["error"], "invalid_client");
        let unsupported = nobody.form("/auth/token", &[("grant_type", "implicit")]).expect(400).json();
        assert_eq!(unsupported["error"], "unsupported_grant_type");
    }

    fn a_refresh_token_is_good_once_and_its_reuse_ends_the_session(world: &World) {
        let nobody = world.nobody();
        let (access, first) = pair(&log_in(&nobody, MARIA, SECRET).expect(200).json());
        let (renewed, second) = pair(&refresh(&nobody, &first).expect(200).json());
        assert_ne!(first, second);
        assert!(works(world, &access) && works(world, &renewed));
        let (_, elsewhere) = pair(&log_in(&nobody, MARIA, SECRET).expect(200).json());
        assert_eq!(refresh(&nobody, &first).expect(400).json()["error"], "invalid_grant");
        assert!(!works(world, &access) && !works(world, &renewed), "somebody holds a copy: the session is over");
        refresh(&nobody, &second).expect(400);
        refresh(&nobody, &elsewhere).expect(200);
    }

    fn of_two_that_refresh_at_once_one_wins(world: &World) {
        let nobody = world.nobody();
        let (_, token) = pair(&log_in(&nobody, MARIA, SECRET).expect(200).json());
        let answers: Vec<u16> = std::thread::scope(|scope| {
            let sent: Vec<_> = (0..4).map(|_| scope.spawn(|| refresh(&nobody, &token).status)).collect();
            sent.into_iter().map(|answer| answer.join().expect("an answer")).collect()
        });
        assert_eq!(answers.iter().filter(|status| **status == 200).count(), 1, "{answers:?}");
    }

    fn revoking_either_token_ends_the_session(world: &World) {
        let nobody = world.nobody();
        for which in 0..2 {
            let tokens = pair(&log_in(&nobody, MARIA, SECRET).expect(200).json());
            let revoked = if which == 0 { &tokens.0 } else { &tokens.1 };
            nobody.form("/auth/revoke", &[("token", revoked)]).expect(200);
            nobody.form("/auth/revoke", &[("token", revoked)]).expect(200);
            assert!(!works(world, &tokens.0));
            refresh(&nobody, &tokens.1).expect(400);
        }
        nobody.form("/auth/revoke", &[("token", "unknown")]).expect(200);
    }

    fn a_deactivated_caller_is_out_at_once_in_every_process(world: &World) {
        let nobody = world.nobody();
        let other = ServerProcess::start(&world.database.url);
        let (access, renewal) = pair(&log_in(&nobody, MARIA, SECRET).expect(200).json());
        let maria = nobody.with_token(&access);
        let address = format!("/users/{}", world.id_of(MARIA));
        let paolo = world.paolo_organisation_administrator();
        maria.get("/cases").expect(200);
        maria.at(&other.base).get("/cases").expect(200);
        paolo.patch(&address, "*", &json!({"status": "deactivated"})).expect(200);
        maria.get("/cases").expect(401);
        maria.at(&other.base).get("/cases").expect(401);
        refresh(&nobody, &renewal).expect(400);
        log_in(&nobody, MARIA, SECRET).expect(400);
        // Let in again, she must log in again.
        paolo.patch(&address, "*", &json!({"status": "active"})).expect(200);
        maria.get("/cases").expect(401);
        refresh(&nobody, &renewal).expect(400);
        log_in(&nobody, MARIA, SECRET).expect(200);
    }

    fn a_revoked_session_is_over_in_every_process(world: &World) {
        let other = ServerProcess::start(&world.database.url);
        let (access, _) = pair(&log_in(&world.nobody(), MARIA, SECRET).expect(200).json());
        let maria = world.nobody().with_token(&access).at(&other.base);
        maria.get("/me").expect(200);
        world.nobody().form("/auth/revoke", &[("token", &access)]).expect(200);
        maria.get("/me").expect(401);
    }

    fn an_expired_token_is_refused(world: &World) {
        let keys = Keys::new(database::master());
        keys.load(&mut world.connection()).expect("the deployment's keys");
        let claims = &parts(world.maria_case_manager().token())[1];
        let claims = base64::prelude::BASE64_URL_SAFE_NO_PAD.decode(claims).expect("base64");
        let claims: Value = serde_json::from_slice(&claims).expect("claims");
        let session: uuid::Uuid = claims["sid"].as_str().and_then(|id| id.parse().ok()).expect("a session");
        let principal = world.fixture.callers.iter().find(|caller| caller.name == MARIA).expect("Maria").id;
        // The same keys, issuer and session; only the lifetime differs.
        let issued = |seconds: i64| {
            Tokens::new(claims["iss"].as_str().expect("an issuer").into(), seconds)
                .issue(&keys, principal, SessionId(session), ActorKind::User)
                .expect("a token")
        };
        assert!(works(world, &issued(60)));
        assert!(!works(world, &issued(-3600)), "an hour past its end");
        let answer = world.nobody().with_token(&issued(-3600)).get("/me");
        assert_eq!(answer.header("www-authenticate"), "Bearer error=\"invalid_token\"");
    }

    fn a_token_somebody_worked_on_is_refused(world: &World) {
        let token = world.maria_case_manager().token().to_owned();
        let encode = |value: &Value| base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let parts = parts(&token);
        let claims = base64::prelude::BASE64_URL_SAFE_NO_PAD.decode(&parts[1]).expect("base64");
        let mut claims: Value = serde_json::from_slice(&claims).expect("claims");
        claims["sub"] = json!(world.id_of("anna_system_administrator"));
        let forged = [
            format!("{}.{}.{}", parts[0], encode(&claims), parts[2]),
            format!("{}.{}.", encode(&json!({"alg": "none", "typ": "at+jwt"})), parts[1]),
            format!("{}.{}", parts[0], parts[1]),
            String::new(),
        ];
        for forged in forged {
            assert!(!works(world, &forged), "{forged}");
        }
        assert!(works(world, &token));
    }
}
