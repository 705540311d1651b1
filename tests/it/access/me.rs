//! `GET /me` and one's own password.

use serde_json::json;

use crate::both;
use crate::support::SECRET;

both! {
    fn everyone_reads_who_they_are_and_what_they_were_granted(world: &World) {
        for caller in &world.fixture.callers {
            let me = world.caller(caller.name).get("/me").expect(200).json();
            assert_eq!(me["id"], json!(caller.id));
            assert_eq!(me["grants"][0]["role"], json!(caller.role));
            assert_eq!(me.get("username").is_some(), !caller.is_client);
        }
        let reached =
            |name: &str| world.caller(name).get("/me").expect(200).json()["grants"][0]["territories_reached"].clone();
        assert_eq!((reached("maria_case_manager"), reached("elena_observatory_analyst")), (json!(1), json!(3)));
        world.nobody().get("/me").expect(401);
        world.maria_case_manager().get("/me?x=1").expect(400);
    }

    fn a_new_password_ends_the_other_sessions(world: &World) {
        let maria = world.maria_case_manager();
        let login = |password: &str| {
            let form = [("grant_type", "password"), ("username", "maria_case_manager"), ("password", password)];
            world.nobody().form("/auth/token", &form)
        };
        let elsewhere = login(SECRET).expect(200).json();
        let elsewhere = world.nobody().with_token(elsewhere["access_token"].as_str().expect("a token"));
        let change = |current: &str, new: &str| json!({"current_password": current, "new_password": new});
        maria.post("/me/passwords", &change("not mine", "a long enough password")).expect(422);
        maria.post("/me/passwords", &change(SECRET, "short")).expect(422);
        elsewhere.get("/me").expect(200);
        maria.post("/me/passwords", &change(SECRET, "a long enough password")).expect(204);
        maria.get("/me").expect(200);
        elsewhere.get("/me").expect(401);
        login(SECRET).expect(400);
        login("a long enough password").expect(200);
        world.regional_sync_client().post("/me/passwords", &change(SECRET, "a long enough password")).expect(403);
    }

    fn a_token_cannot_be_used_to_guess_the_password(world: &World) {
        let maria = world.maria_case_manager();
        let guess = json!({"current_password": "a guess", "new_password": "a long enough password"});
        let statuses: Vec<u16> = (0..7).map(|_| maria.post("/me/passwords", &guess).status).collect();
        assert_eq!(statuses, [422, 422, 422, 422, 422, 429, 429]);
        let right = json!({"current_password": SECRET, "new_password": "a long enough password"});
        assert_ne!(maria.post("/me/passwords", &right).expect(429).header("retry-after"), "");
    }

    fn an_ended_session_changes_no_password(world: &World) {
        let maria = world.maria_case_manager();
        world.nobody().form("/auth/revoke", &[("token", maria.token())]).expect(200);
        let change = json!({"current_password": SECRET, "new_password": "a long enough password"});
        maria.post("/me/passwords", &change).expect(401);
    }
}
