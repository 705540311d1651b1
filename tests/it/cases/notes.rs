//! Notes: for whom each is, who changes it, and that a deleted one is gone.

use serde_json::{Value, json};

use crate::both;
use crate::support::{Client, World};

/// A second case manager in Udine, who does not manage Maria's cases.
fn colleague(world: &World) -> Client {
    let fixture = &world.fixture;
    let (client, _, _) = world.another_client(&json!({
        "role": "case_manager", "organisation_id": fixture.comune_udine, "territory_ids": [fixture.udine],
    }));
    client
}

fn write(client: &Client, case: &str, confidentiality: &str, body: &str) -> String {
    let note = json!({"body": body, "confidentiality": confidentiality});
    client.post(&format!("/cases/{case}/notes"), &note).expect(201).id()
}

fn seen(client: &Client, case: &str) -> Vec<Value> {
    let page = client.get(&format!("/cases/{case}/notes")).expect(200).json();
    page["items"].as_array().expect("notes").iter().map(|note| note["body"].clone()).collect()
}

both! {
    fn a_note_is_for_those_it_names(world: &World) {
        let (maria, colleague) = (world.maria_case_manager(), colleague(world));
        let case = world.case_in_udine();
        let (normal, restricted, privileged) = (
            write(&maria, &case, "normal", "to all"),
            write(&maria, &case, "restricted", "to the manager"),
            write(&maria, &case, "legal_privileged", "to herself"),
        );
        let (theirs, sealed) = (
            write(&colleague, &case, "restricted", "from a colleague"),
            write(&colleague, &case, "legal_privileged", "for the colleague"),
        );
        assert_eq!(seen(&maria, &case), ["to all", "to the manager", "to herself", "from a colleague"]);
        assert_eq!(seen(&colleague, &case), ["to all", "from a colleague", "for the colleague"]);
        maria.get(&format!("/notes/{theirs}")).expect(200);
        maria.get(&format!("/notes/{sealed}")).expect(404);
        colleague.get(&format!("/notes/{normal}")).expect(200);
        for hidden in [&restricted, &privileged] {
            let absent = colleague.get(&format!("/notes/{hidden}")).expect(404).json();
            let nothing = colleague.get(&format!("/notes/{}", uuid::Uuid::now_v7())).expect(404).json();
            assert_eq!(absent["detail"], nothing["detail"]);
            colleague.patch(&format!("/notes/{hidden}"), "*", &json!({"body": "x"})).expect(404);
            colleague.delete(&format!("/notes/{hidden}"), "*").expect(404);
        }
        let page = colleague.get(&format!("/cases/{case}/notes?limit=2")).expect(200).json();
        assert_eq!(page["items"].as_array().map(Vec::len), Some(2), "a page is full although notes are left out");
        world.matej_case_manager_in_trieste().get(&format!("/notes/{normal}")).expect(404);
        world.regional_sync_client().get(&format!("/cases/{case}/notes")).expect(403);
    }

    fn only_its_author_changes_a_note(world: &World) {
        let (maria, colleague) = (world.maria_case_manager(), colleague(world));
        let case = world.case_in_udine();
        let note = format!("/notes/{}", write(&maria, &case, "normal", "first"));
        colleague.patch(&note, "*", &json!({"body": "second"})).expect(403);
        colleague.delete(&note, "*").expect(403);
        // Nor does the case manager change what others have written.
        let theirs = format!("/notes/{}", write(&colleague, &case, "restricted", "theirs"));
        maria.patch(&theirs, "*", &json!({"body": "hers"})).expect(403);
        maria.delete(&theirs, "*").expect(403);
        colleague.delete(&theirs, "*").expect(204);
        let edited = maria.patch(&note, "*", &json!({"body": "second", "confidentiality": "legal_privileged"})).expect(200);
        assert_eq!((&edited.json()["body"], &edited.json()["version"]), (&json!("second"), &json!(2)));
        colleague.get(&note).expect(404);
        maria.patch(&note, "*", &json!({"written_on": "2999-01-01"})).expect(422);
        maria.patch(&note, "*", &json!({"body": null})).expect(422);
        maria.delete(&note, "\"1.x\"").expect(412);
        maria.delete(&note, edited.header("etag")).expect(204);
        maria.get(&note).expect(404);
        maria.delete(&note, "*").expect(404);
        assert!(seen(&maria, &case).is_empty());
    }

    fn what_was_written_stays_when_the_case_is_closed_and_more_can_be_added(world: &World) {
        let maria = world.maria_case_manager();
        let case = world.case_in_udine();
        let note = write(&maria, &case, "normal", "before");
        world.moved(&case, &[json!({"to": "closed", "reason_code": "moved"})]);
        maria.delete(&format!("/notes/{note}"), "*").expect(409);
        maria.patch(&format!("/notes/{note}"), "*", &json!({"body": "x"})).expect(409);
        write(&maria, &case, "normal", "after");
        assert_eq!(seen(&maria, &case), ["before", "after"]);
    }

    fn a_deleted_note_is_a_deletion_on_record(world: &World) {
        use approdo_db::schema::changes;
        use diesel::prelude::*;
        let maria = world.maria_case_manager();
        let case = world.case_in_udine();
        let note = write(&maria, &case, "normal", "a slip");
        maria.delete(&format!("/notes/{note}"), "*").expect(204);
        world.feed_settled();
        let told: Vec<(String, i64)> = changes::table
            .filter(changes::resource.eq("note"))
            .order(changes::position)
            .select((changes::operation, changes::version))
            .load(&mut world.connection())
            .expect("changes");
        assert_eq!(told, [("created".to_owned(), 1), ("deleted".to_owned(), 2)]);
    }
}
