//! For whose eyes attachments are, and who changes them.

use serde_json::{Value, json};

use crate::both;
use crate::support::files::{self, TEXT, declare};
use crate::support::{Client, World};

/// A second case manager in Udine, who does not manage Maria's cases.
fn colleague(world: &World) -> Client {
    let fixture = &world.fixture;
    let grant =
        json!({"role": "case_manager", "organisation_id": fixture.comune_udine, "territory_ids": [fixture.udine]});
    world.another_client(&grant).0
}

fn attached(client: &Client, case: &str, confidentiality: &str, name: &str) -> String {
    let mut new = files::text(name, name.as_bytes());
    new["confidentiality"] = json!(confidentiality);
    let path = declare(client, case, &new);
    client.put_file(&format!("{path}/content"), "*", TEXT, name.as_bytes()).expect(200);
    path
}

fn seen(client: &Client, case: &str) -> Vec<Value> {
    let page = client.get(&format!("/cases/{case}/attachments")).expect(200).json();
    page["items"].as_array().expect("rows").iter().map(|row| row["file_name"].clone()).collect()
}

both! {
    fn an_attachment_is_for_those_it_names(world: &World) {
        let (maria, colleague) = (world.maria_case_manager(), colleague(world));
        let case = world.case_in_udine();
        let normal = attached(&maria, &case, "normal", "for-all.txt");
        let hidden = [
            attached(&maria, &case, "restricted", "for-the-manager.txt"),
            attached(&maria, &case, "legal_privileged", "for-herself.txt"),
        ];
        let theirs = attached(&colleague, &case, "restricted", "from-a-colleague.txt");
        let sealed = attached(&colleague, &case, "legal_privileged", "for-the-colleague.txt");
        assert_eq!(seen(&maria, &case), ["for-all.txt", "for-the-manager.txt", "for-herself.txt", "from-a-colleague.txt"]);
        assert_eq!(seen(&colleague, &case), ["for-all.txt", "from-a-colleague.txt", "for-the-colleague.txt"]);
        for client in [&maria, &colleague] {
            let embedded = client.get(&format!("/cases/{case}?embed=attachments")).expect(200).json();
            let listed = client.get(&format!("/cases/{case}/attachments")).expect(200).json();
            assert_eq!(embedded["_embedded"]["attachments"], listed["items"]);
        }
        assert_eq!(maria.get(&format!("{theirs}/content")).expect(200).text, "from-a-colleague.txt");
        maria.get(&sealed).expect(404);
        maria.get(&format!("{sealed}/content")).expect(404);
        assert_eq!(colleague.get(&format!("{normal}/content")).expect(200).text, "for-all.txt");
        let nothing = colleague.get(&format!("/attachments/{}/content", uuid::Uuid::now_v7())).expect(404).json();
        for path in &hidden {
            colleague.get(path).expect(404);
            let absent = colleague.get(&format!("{path}/content")).expect(404).json();
            assert_eq!(absent["detail"], nothing["detail"]);
            colleague.put_file(&format!("{path}/content"), "*", TEXT, b"x").expect(404);
            colleague.patch(path, "*", &json!({"title": "x"})).expect(404);
            colleague.delete(path, "*").expect(404);
        }
        let page = colleague.get(&format!("/cases/{case}/attachments?limit=2")).expect(200).json();
        assert_eq!(page["items"].as_array().map(Vec::len), Some(2), "a page is full although some are left out");
        for path in [normal.clone(), format!("{normal}/content")] {
            world.matej_case_manager_in_trieste().get(&path).expect(404);
            world.regional_sync_client().get(&path).expect(403);
            world.samira_help_desk_operator().get(&path).expect(403);
        }
        world.regional_sync_client().get(&format!("/cases/{case}/attachments")).expect(403);
    }

    fn its_author_and_the_case_manager_change_an_attachment(world: &World) {
        let (maria, colleague) = (world.maria_case_manager(), colleague(world));
        let case = world.case_in_udine();
        let hers = attached(&maria, &case, "normal", "hers.txt");
        let theirs = attached(&colleague, &case, "normal", "theirs.txt");
        let awaiting = declare(&maria, &case, &files::text("awaiting.txt", b"x"));
        colleague.patch(&hers, "*", &json!({"title": "x"})).expect(403);
        colleague.delete(&hers, "*").expect(403);
        colleague.put_file(&format!("{awaiting}/content"), "*", TEXT, b"x").expect(403);
        let edited = maria.patch(&theirs, "*", &json!({"title": "A title", "confidentiality": "restricted"})).expect(200).json();
        assert_eq!((&edited["title"], &edited["confidentiality"], &edited["version"]), (&json!("A title"), &json!("restricted"), &json!(3)));
        assert_eq!(maria.patch(&theirs, "*", &json!({"title": null})).expect(200).json().get("title"), None);
        for wrong in [json!({"title": ""}), json!({"confidentiality": null}), json!({"file_name": "b.txt"}), json!({"size": 3})] {
            maria.patch(&theirs, "*", &wrong).expect(422);
        }
        maria.patch(&theirs, "\"1.x\"", &json!({"title": "y"})).expect(412);
        assert_eq!(maria.get(&format!("{theirs}/content")).expect(200).text, "theirs.txt");
        maria.delete(&theirs, "*").expect(204);
        colleague.get(&theirs).expect(404);
    }

    fn on_a_closed_case_attachments_are_read_and_not_changed(world: &World) {
        let maria = world.maria_case_manager();
        let case = world.case_in_udine();
        let path = attached(&maria, &case, "normal", "before.txt");
        let awaiting = declare(&maria, &case, &files::text("awaiting.txt", b"x"));
        world.moved(&case, &[json!({"to": "closed", "reason_code": "moved"})]);
        for refused in [
            maria.post(&format!("/cases/{case}/attachments"), &files::text("after.txt", b"x")),
            maria.put_file(&format!("{awaiting}/content"), "*", TEXT, b"x"),
            maria.patch(&path, "*", &json!({"title": "x"})),
            maria.delete(&path, "*"),
        ] {
            assert_eq!(refused.expect(409).json()["unmet_guards"][0]["guard"], "case_open");
        }
        assert_eq!(maria.get(&format!("{path}/content")).expect(200).text, "before.txt");
    }

    fn what_becomes_of_an_attachment_is_on_record_without_its_name(world: &World) {
        use approdo_db::schema::changes;
        use diesel::prelude::*;
        let maria = world.maria_case_manager();
        let case = world.case_in_udine();
        let path = attached(&maria, &case, "normal", "a-slip.txt");
        maria.delete(&path, "*").expect(204);
        world.feed_settled();
        let told: Vec<(String, i64)> = changes::table
            .filter(changes::resource.eq("attachment"))
            .order(changes::position)
            .select((changes::operation, changes::version))
            .load(&mut world.connection())
            .expect("changes");
        assert_eq!(told, [("created".to_owned(), 1), ("updated".to_owned(), 2), ("deleted".to_owned(), 3)]);
    }
}
