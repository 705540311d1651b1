//! A consent is withdrawn in the middle: what rests on it ends at once, for everyone, or not at all.

use diesel::RunQueryDsl as _;
use serde_json::{Value, json};

use super::network::{Network, guards, heard, listed, moved, package, read};
use crate::both;
use crate::support::World;
use crate::support::feed::Follower;

/// Lets the database refuse to write one referral, as a fault would.
pub fn refuse_to_write(world: &World, referral: &str) {
    let mut connection = world.connection();
    match &mut connection {
        approdo_db::Connection::Postgres(connection) => {
            let function = "CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'refused'; END $$";
            diesel::sql_query(function).execute(connection).expect("a function");
            let trigger = format!(
                "CREATE TRIGGER refused BEFORE UPDATE ON referrals FOR EACH ROW WHEN (OLD.id = '{referral}') EXECUTE FUNCTION refuse()"
            );
            diesel::sql_query(trigger).execute(connection).expect("a trigger");
        }
        approdo_db::Connection::Sqlite(connection) => {
            let trigger = format!(
                "CREATE TRIGGER refused BEFORE UPDATE ON referrals WHEN OLD.id = '{referral}' BEGIN SELECT RAISE(ABORT, 'refused'); END"
            );
            diesel::sql_query(trigger).execute(connection).expect("a trigger");
        }
    }
}

pub fn write_again(world: &World) {
    let mut connection = world.connection();
    match &mut connection {
        approdo_db::Connection::Postgres(connection) => {
            diesel::sql_query("DROP TRIGGER refused ON referrals").execute(connection).expect("gone");
        }
        approdo_db::Connection::Sqlite(connection) => {
            diesel::sql_query("DROP TRIGGER refused").execute(connection).expect("gone");
        }
    }
}

both! {
    fn what_rests_on_it_ends_and_its_receivers_know_of_it_no_more(world: &World) {
        let (network, consent) = Network::ready(world);
        let school = &network.school;
        let running = network.at_school(&["received", "accepted", "scheduled", "in_progress"]);
        let offered = network.sent(&[&school.service, &network.association.service]);
        let done = network.at_school(&["received", "accepted", "scheduled", "in_progress", "completed"]);
        moved(&network.maria, &done, &json!({"to": "closed"})).expect(201);
        let draft = network.drafted(&[&school.service]);
        package(&school.worker, &running).expect(200);
        world.feed_settled();
        let mut feed = Follower::caught_up(school.system.clone());
        let mut other = Follower::caught_up(network.association.system.clone());

        network.withdraws(&consent).expect(201);
        assert_eq!([&running, &offered, &done, &draft].map(|id| network.status(id)), ["consent_revoked", "consent_revoked", "closed", "draft"]);
        for path in ["", "/package", "/transitions"] {
            school.worker.get(&format!("/referrals/{running}{path}")).expect(404);
        }
        assert_eq!(listed(&school.worker, ""), std::slice::from_ref(&done));
        assert_eq!(listed(&network.association.worker, ""), [""; 0]);
        world.feed_settled();
        let told = feed.rest();
        for id in [&running, &offered] {
            assert_eq!(crate::support::feed::told(&told, id).into_iter().map(|(_, operation)| operation).collect::<Vec<_>>(), ["access_removed"]);
        }
        assert_eq!(heard(world, &mut other, &offered), ["access_removed"]);
        package(&school.worker, &done).expect(200);
        // What was lawful stays in the records, and the sender knows what happened.
        let moves = network.maria.get(&format!("/referrals/{running}/transitions")).expect(200).json();
        let last = moves["items"].as_array().unwrap().last().unwrap().clone();
        assert_eq!((&last["to"], &last["side"]), (&json!("consent_revoked"), &json!("system")));
        package(&network.maria, &running).expect(200);
        let read_before = |records: &Value| records["items"].as_array().unwrap().iter().any(|record| {
            record.to_string().contains("referral_packages") && record.to_string().contains(&running)
        });
        let giulia = world.giulia_auditor();
        assert!((0..100).any(|_| {
            std::thread::sleep(std::time::Duration::from_millis(50));
            read_before(&giulia.get("/audit-records?limit=200").expect(200).json())
        }));
        assert_eq!(guards(moved(&network.maria, &draft, &json!({"to": "requested"}))), ["consent"]);
    }

    fn a_fault_in_the_middle_leaves_everything_as_it_was(world: &World) {
        let (network, consent) = Network::ready(world);
        let (first, second) = (network.at_school(&["received"]), network.at_school(&["received"]));
        world.feed_settled();
        let mut feed = Follower::caught_up(network.school.system.clone());
        let mut cases = Follower::caught_up(world.regional_sync_client());
        refuse_to_write(world, &second);
        network.withdraws(&consent).expect(500);
        assert_eq!(network.maria.get(&format!("/consents/{consent}")).expect(200).json()["status"], "active");
        assert_eq!([&first, &second].map(|id| network.status(id)), ["received", "received"]);
        package(&network.school.worker, &first).expect(200);
        world.feed_settled();
        assert_eq!((feed.rest().len(), cases.rest().len()), (0, 0), "nothing was told");
        write_again(world);
        network.withdraws(&consent).expect(201);
        assert_eq!([&first, &second].map(|id| network.status(id)), ["consent_revoked", "consent_revoked"]);
        world.feed_settled();
        let told = feed.rest();
        assert_eq!(told.iter().filter(|event| event["operation"] == "access_removed").count(), 2);
    }

    fn a_consent_in_the_place_of_another_carries_on_what_it_covers(world: &World) {
        let (network, consent) = Network::ready(world);
        let narrow = network.at_school(&["received"]);
        let mut body = network.referral_to(&[&network.school.service]);
        body["package_fields"] = json!(["phone"]);
        let wide = network.maria.post("/referrals", &body).expect(201).id();
        moved(&network.maria, &wide, &json!({"to": "requested"})).expect(201);
        let next = network.consents(&json!({"data_categories": ["identity"], "supersedes_id": consent}));
        assert_eq!(read(&network.maria, &narrow)["consent_id"], json!(next));
        assert_eq!([&narrow, &wide].map(|id| network.status(id)), ["received", "consent_revoked"]);
    }

    fn what_was_handed_on_ends_with_the_consent_too(world: &World) {
        let network = Network::new(world);
        network.agree(&network.school, &json!({}));
        let onward = json!({"organisation_id": network.school.organisation,
            "parties": [{"organisation_id": network.school.organisation, "may_send": true},
                {"organisation_id": network.association.organisation, "may_receive": true}]});
        network.agree(&network.association, &onward);
        let consent = network.consents(&json!({"onward_sharing": true}));
        let id = network.at_school(&["received"]);
        let on = json!({"service_id": network.association.service, "reason": "Nearer."});
        let child = network.school.worker.post_matching(&format!("/referrals/{id}/forwards"), "*", &on).expect(201).id();
        network.withdraws(&consent).expect(201);
        assert_eq!(network.status(&id), "consent_revoked");
        network.association.worker.get(&format!("/referrals/{child}")).expect(404);
        assert_eq!(read(&network.school.worker, &child)["status"], "consent_revoked", "who handed it on is told");
    }
}
