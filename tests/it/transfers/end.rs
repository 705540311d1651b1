//! How transfers end by themselves, and what erasure leaves of them.

use serde_json::json;

use super::{Cast, moved, read};
use crate::both;
use crate::support::Client;

/// Moves the demonstration's clock.
pub fn it_is(client: &Client, day: &str) {
    let body = json!({"now": format!("{day}T12:00:00Z")}).to_string();
    client.send("PUT", "/sandbox/clock", &[("content-type", "application/json")], Some(body.as_bytes())).expect(200);
}

both! {
    in_a_sandbox:
    fn what_nobody_answers_expires(world: &World) {
        let cast = Cast::new(world);
        let soon = approdo::clock::date_of(approdo::clock::now()) + chrono::Days::new(40);
        let transfer = cast.proposes(&json!({"expires_on": soon})).expect(201).id();
        it_is(&world.anna_system_administrator(), &soon.to_string());
        let (maria, matej) = (world.maria_case_manager(), world.matej_case_manager_in_trieste());
        let expired = (0..100).any(|_| {
            std::thread::sleep(std::time::Duration::from_millis(100));
            read(&maria, &transfer)["status"] == "expired"
        });
        assert!(expired);
        moved(&matej, &transfer, &json!({"to": "accepted"})).expect(409);
        assert_eq!(cast.case_as(&maria)["owner_org_id"], json!(world.fixture.comune_udine));
    }
}

mod erased {
    use super::*;

    both! {
        fn with_the_person_goes_what_was_kept_of_the_case(world: &World) {
            let cast = Cast::new(world);
            cast.note(&cast.maria, "Sleeps badly.", "normal");
            let transfer = cast.accepted();
            let closed = json!({"to": "closed", "reason_code": "moved"});
            cast.matej.post_matching(&format!("/cases/{}/transitions", cast.case), "*", &closed).expect(201);
            let administers = json!({"role": "organisation_administrator", "organisation_id": world.fixture.comune_trieste,
                "territory_ids": [world.fixture.trieste]});
            let (administrator, ..) = world.another_client(&administers);
            let erase = json!({"to": "erased", "note": "Consent is withdrawn and no duty to keep remains."});
            administrator.post_matching(&format!("/people/{}/transitions", cast.person), "*", &erase).expect(201);
            cast.maria.get(&format!("/transfers/{transfer}/record")).expect(404);
            let left = read(&cast.maria, &transfer);
            assert_eq!((&left["reason"], &left["status"], &left["package_fields"]), (&json!("(erased)"), &json!("accepted"), &json!([])));
            let dump = crate::people::privacy::dump(world);
            assert!(dump.contains(&transfer) && !dump.contains("Sleeps badly.") && !dump.contains("Moves to Trieste"));
        }
    }
}
