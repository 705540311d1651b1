//! A case goes to another municipality: whose it is from when on, what goes with it, and what is left where it was.

use serde_json::json;

use super::{Cast, kept_notes, listed, moved, read, text};
use crate::both;
use crate::referrals::network::{self, Network};
use crate::support::Client;
use crate::support::feed::{Follower, told};
use crate::support::files;
use crate::support::planning::in_days;

const FILE: &[u8] = b"Come on Tuesday at eleven.";

fn declare(client: &Client, case: &str, confidentiality: &str) -> String {
    let mut new = files::text("appointment.txt", FILE);
    new["confidentiality"] = json!(confidentiality);
    client.post(&format!("/cases/{case}/attachments"), &new).expect(201).id()
}

fn put(client: &Client, file: &str) {
    client.put_file(&format!("/attachments/{file}/content"), "*", "text/plain", FILE).expect(200);
}

/// A file that is stored.
fn attach(client: &Client, case: &str, confidentiality: &str) -> String {
    let file = declare(client, case, confidentiality);
    put(client, &file);
    file
}

both! {
    fn the_case_is_its_owners_until_the_other_body_accepts_and_then_the_others(world: &World) {
        let cast = Cast::new(world);
        let (maria, matej, case) = (&cast.maria, &cast.matej, &cast.case);
        let mine = world.id_of("maria_case_manager");
        let task = json!({"title": "Find a school", "assignee_id": mine});
        let task = maria.post(&format!("/cases/{case}/tasks"), &task).expect(201).id();
        let visit = json!({"kind": "in_person", "subject": "Visit", "starts_at": "2999-01-12T09:00:00Z",
            "ends_at": "2999-01-12T10:00:00Z", "attendee_id": mine});
        let visit = maria.post(&format!("/cases/{case}/appointments"), &visit).expect(201).id();
        let note = cast.note(maria, "Came to the desk.", "normal");
        let grant = |org: approdo::access::OrganisationId, territory: approdo::access::TerritoryId| {
            json!({"role": "sync_client", "organisation_id": org, "territory_ids": [territory]})
        };
        let fixture = &world.fixture;
        let mut udine = Follower::caught_up(world.another_client(&grant(fixture.comune_udine, fixture.udine)).0);
        let mut trieste = Follower::caught_up(world.another_client(&grant(fixture.comune_trieste, fixture.trieste)).0);

        let transfer = cast.proposed();
        let asked = read(matej, &transfer);
        assert_eq!((&asked["your_sides"], &asked["from_org_id"]), (&json!(["receiver"]), &json!(fixture.comune_udine)));
        assert_eq!(asked["allowed_transitions"], json!(["accepted", "rejected"]));
        for hidden in ["case_id", "person_id", "author_id"] {
            assert!(asked.get(hidden).is_none(), "{hidden}");
        }
        let package = matej.get(&format!("/transfers/{transfer}/package")).expect(200).json();
        assert_eq!(package["content"], json!({"given_name": "Олена", "languages": ["uk", "it"]}));
        assert_eq!((listed(matej, ""), listed(maria, "?box=outbox")), (vec![transfer.clone()], vec![transfer.clone()]));
        assert_eq!((listed(maria, ""), listed(matej, "?box=outbox")), (vec![], vec![]));
        for path in [format!("/cases/{case}"), format!("/people/{}", cast.person), format!("/transfers/{transfer}/record")] {
            assert_eq!(matej.get(&path).status, if path.ends_with("record") { 403 } else { 404 }, "{path}");
        }
        maria.get(&format!("/transfers/{transfer}/record")).expect(404);
        maria.patch(&format!("/cases/{case}"), "*", &json!({"priority": "high"})).expect(200);
        world.feed_settled();
        assert_eq!(told(&trieste.rest(), &transfer).len(), 1);
        udine.rest();

        let answer = moved(matej, &transfer, &json!({"to": "accepted", "note": "Registered here."})).expect(201).json();
        assert_eq!((&answer["side"], &answer["from"]), (&json!("receiver"), &json!("proposed")));
        let his = json!(world.id_of("matej_case_manager_in_trieste"));
        let now = cast.case_as(matej);
        assert_eq!((&now["owner_org_id"], &now["territory_id"]), (&json!(fixture.comune_trieste), &json!(fixture.trieste)));
        assert_eq!((&now["case_manager_id"], &now["priority"], &now["person_id"]), (&his, &json!("high"), &json!(cast.person)));
        let person = matej.get(&format!("/people/{}", cast.person)).expect(200).json();
        assert_eq!((&person["owner_org_id"], &person["territory_id"]), (&now["owner_org_id"], &now["territory_id"]));
        assert_eq!(matej.get(&format!("/tasks/{task}")).expect(200).json()["assignee_id"], his);
        assert_eq!(matej.get(&format!("/appointments/{visit}")).expect(200).json()["attendee_id"], his);
        assert_eq!(matej.get("/cases").expect(200).json()["items"][0]["id"], json!(case));
        for path in ["cases", "people", "tasks", "notes", "appointments"].into_iter().zip([case, &cast.person, &task, &note, &visit]) {
            maria.get(&format!("/{}/{}", path.0, path.1)).expect(404);
        }
        assert_eq!(maria.get("/cases").expect(200).json()["items"], json!([]));
        maria.patch(&format!("/cases/{case}"), "*", &json!({"priority": "low"})).expect(404);

        world.feed_settled();
        let (left, entered) = (udine.rest(), trieste.rest());
        for id in [case, &cast.person, &task, &visit] {
            assert_eq!(told(&left, id).last().expect("told").1, "access_removed");
            assert_eq!(told(&entered, id).last().expect("told").1, "upsert");
        }
        assert_eq!(told(&left, &transfer).last().expect("told").1, "upsert");
        let seen = read(maria, &transfer);
        assert_eq!((&seen["status"], &seen["case_id"], &seen["from_org_id"]), (&json!("accepted"), &json!(case), &json!(fixture.comune_udine)));
        assert_eq!(seen["allowed_transitions"], json!([]));
        assert_eq!(read(matej, &transfer)["case_id"], json!(case));
        matej.get(&format!("/transfers/{transfer}/package")).expect(404);
        let moves = maria.get(&format!("/transfers/{transfer}/transitions")).expect(200).json();
        assert_eq!((&moves["items"][0]["note"], moves["items"][0].get("actor_id")), (&json!("Registered here."), None));
    }

    fn who_handed_it_over_keeps_it_as_it_was_and_nothing_that_came_after(world: &World) {
        let cast = Cast::new(world);
        let colleague = json!({"role": "case_manager", "organisation_id": world.fixture.comune_udine, "territory_ids": [world.fixture.udine]});
        let (colleague, ..) = world.another_client(&colleague);
        cast.note(&cast.maria, "For all.", "normal");
        cast.note(&colleague, "For the two of us.", "restricted");
        cast.note(&colleague, "For nobody else.", "legal_privileged");
        let transfer = cast.accepted();
        cast.note(&cast.matej, "After.", "normal");
        let surname = json!({"family_name": "Shevchuk"});
        cast.matej.patch(&format!("/people/{}", cast.person), "*", &surname).expect(200);
        assert_eq!(kept_notes(&cast.maria, &transfer), ["For all.", "For the two of us."]);
        assert_eq!(kept_notes(&colleague, &transfer), ["For all.", "For the two of us.", "For nobody else."]);
        let record = cast.maria.get(&format!("/transfers/{transfer}/record")).expect(200).json();
        assert_eq!((&record["withheld_notes"], &record["person"]["family_name"]), (&json!(1), &json!("Шевчук")));
        assert_eq!(record["case"]["case"]["owner_org_id"], json!(world.fixture.comune_udine));
        assert!(!record.to_string().contains("After."));
        // It has been looked at: who asks of the case is told.
        let looks = cast.matej.get(&format!("/cases/{}/accesses?limit=200", cast.case)).expect(200).json();
        let looks = looks["items"].as_array().expect("looks").iter();
        assert!(looks.clone().any(|look| look["operation"] == "read_transfer_record"), "{looks:?}");
        cast.matej.get(&format!("/transfers/{transfer}/record")).expect(403);
        world.samira_help_desk_operator().get(&format!("/transfers/{transfer}/record")).expect(403);
    }

    fn the_files_of_the_record_are_those_that_there_were(world: &World) {
        let cast = Cast::new(world);
        let (mine, confined) = (attach(&cast.maria, &cast.case, "normal"), attach(&cast.maria, &cast.case, "legal_privileged"));
        let pending = declare(&cast.maria, &cast.case, "normal");
        let colleague = json!({"role": "case_manager", "organisation_id": world.fixture.comune_udine, "territory_ids": [world.fixture.udine]});
        let (colleague, ..) = world.another_client(&colleague);
        let transfer = cast.accepted();
        let at = |file: &str| format!("/transfers/{transfer}/record/attachments/{file}/content");
        let record = cast.maria.get(&format!("/transfers/{transfer}/record")).expect(200).json();
        let told = record["case"]["attachments"].as_array().expect("files").iter();
        let told: Vec<bool> =
            told.map(|file| file["content"].as_str().is_some_and(|at| at.ends_with(&format!("{}/content", text(&file["id"]))))).collect();
        assert_eq!(told, [true, true, false]);
        // What is sent and what is changed afterwards is none of what was handed over.
        put(&cast.matej, &pending);
        let after = attach(&cast.matej, &cast.case, "normal");
        cast.matej.patch(&format!("/attachments/{mine}"), "*", &json!({"title": "Renamed", "confidentiality": "restricted"})).expect(200);
        let read = cast.maria.get(&at(&mine)).expect(200);
        assert_eq!(read.text.as_bytes(), FILE);
        assert!(read.header("content-disposition").contains("appointment.txt"));
        assert_eq!(cast.maria.get(&at(&confined)).expect(200).text.as_bytes(), FILE);
        colleague.get(&at(&mine)).expect(200);
        for file in [&confined, &pending, &after] {
            colleague.get(&at(file)).expect(404);
        }
        cast.matej.get(&at(&mine)).expect(403);
        world.samira_help_desk_operator().get(&at(&mine)).expect(403);
        cast.maria.get(&format!("/attachments/{mine}/content")).expect(404);
        let looks = cast.matej.get(&format!("/cases/{}/accesses?limit=200", cast.case)).expect(200).json();
        let looks = looks["items"].as_array().expect("looks").iter();
        assert!(looks.clone().any(|look| look["operation"] == "read_transfer_record_content"), "{looks:?}");
        let tag = cast.matej.get(&format!("/attachments/{mine}")).expect(200).header("etag").to_owned();
        cast.matej.delete(&format!("/attachments/{mine}"), &tag).expect(204);
        cast.maria.get(&at(&mine)).expect(404);
    }

    fn referrals_that_are_not_over_go_with_the_case(world: &World) {
        let (network, _) = Network::ready(world);
        let over = network.at_school(&["received", "declined"]);
        let live = network.at_school(&["received"]);
        let draft = network.drafted(&[&network.association.service]);
        let matej = world.matej_case_manager_in_trieste();
        let new = json!({"case_id": network.case, "to_org_id": world.fixture.comune_trieste, "to_territory_id": world.fixture.trieste,
            "reason": "Moves.", "legal_basis": "public_task"});
        let transfer = network.maria.post("/transfers", &new).expect(201).id();
        let mut feed = Follower::caught_up(network.school.system.clone());
        moved(&matej, &transfer, &json!({"to": "accepted"})).expect(201);
        for id in [&live, &draft] {
            network.maria.get(&format!("/referrals/{id}")).expect(404);
            let mine = network::read(&matej, id);
            assert_eq!((&mine["your_sides"], &mine["from_org_id"]), (&json!(["sender"]), &json!(world.fixture.comune_trieste)));
        }
        assert_eq!(network::read(&network.school.worker, &live)["from_org_id"], json!(world.fixture.comune_trieste));
        assert_eq!(network::heard(world, &mut feed, &live), ["upsert"]);
        assert_eq!(network::read(&network.school.worker, &over)["from_org_id"], json!(world.fixture.comune_udine));
        let record = network.maria.get(&format!("/transfers/{transfer}/record")).expect(200).json();
        let told: Vec<&str> =
            record["referrals"].as_array().expect("referrals").iter().filter_map(|told| told["referral"]["id"].as_str()).collect();
        assert_eq!(told, [&over, &live, &draft]);
        network.school.moves(&live, "accepted").expect(201);
        network::moved(&matej, &live, &json!({"to": "cancelled", "note": "There is one here."})).expect(201);
    }

    fn a_household_goes_along_or_stays_without_the_person(world: &World) {
        for along in [true, false] {
            let cast = Cast::new(world);
            let at = |rest: &str| format!("/households{rest}");
            let home = json!({"owner_org_id": world.fixture.comune_udine, "territory_id": world.fixture.udine, "label": "Via Roma 1"});
            let home = cast.maria.post("/households", &home).expect(201).id();
            let child = cast.maria.post("/people", &world.person_in_udine()).expect(201).id();
            let lives = |person: &str| {
                let member = json!({"person_id": person, "valid_from": "2024-01-01"});
                cast.maria.post(&at(&format!("/{home}/members")), &member).expect(201).id()
            };
            let (_, of_child) = (lives(&cast.person), lives(&child));
            assert_eq!(cast.proposes(&json!({"with_household": true})).expect(422).json()["errors"][0]["pointer"], "#/with_household");
            cast.maria.patch(&format!("/cases/{}", cast.case), "*", &json!({"household_id": home})).expect(200);
            let covered = json!({"household_member_id": of_child});
            let covered = cast.maria.post(&format!("/cases/{}/household-members", cast.case), &covered).expect(201).id();
            let transfer = cast.proposes(&json!({"with_household": along})).expect(201).id();
            moved(&cast.matej, &transfer, &json!({"to": "accepted"})).expect(201);
            let (has, has_not) = if along { (&cast.matej, &cast.maria) } else { (&cast.maria, &cast.matej) };
            for path in [at(&format!("/{home}")), format!("/people/{child}")] {
                has.get(&path).expect(200);
                has_not.get(&path).expect(404);
            }
            assert_eq!(cast.case_as(&cast.matej)["household_id"].as_str(), along.then_some(home.as_str()));
            assert_eq!(cast.matej.get(&format!("/case-household-members/{covered}")).status, if along { 200 } else { 404 });
            cast.matej.get(&format!("/people/{}", cast.person)).expect(200);
            // Whose household stays has left it, and moves into another one.
            let home = json!({"owner_org_id": world.fixture.comune_trieste, "territory_id": world.fixture.trieste});
            let home = cast.matej.post("/households", &home).expect(201).id();
            let member = json!({"person_id": cast.person, "valid_from": in_days(1)});
            let moved_in = cast.matej.post(&at(&format!("/{home}/members")), &member);
            assert_eq!(moved_in.status, if along { 409 } else { 201 }, "{}", moved_in.text);
        }
    }

    fn restricted_notes_are_in_the_record_for_who_managed_the_case_when_it_went(world: &World) {
        let cast = Cast::new(world);
        let colleague = json!({"role": "case_manager", "organisation_id": world.fixture.comune_udine, "territory_ids": [world.fixture.udine]});
        let ((colleague, id, _), (third, ..)) = (world.another_client(&colleague), world.another_client(&colleague));
        let transfer = cast.proposed();
        cast.maria.patch(&format!("/cases/{}", cast.case), "*", &json!({"case_manager_id": id})).expect(200);
        cast.note(&third, "Not for Maria.", "restricted");
        moved(&cast.matej, &transfer, &json!({"to": "accepted"})).expect(201);
        assert_eq!(kept_notes(&cast.maria, &transfer), [""; 0]);
        assert_eq!(kept_notes(&colleague, &transfer), ["Not for Maria."]);
    }

    fn who_follows_both_bodies_hears_last_what_it_still_sees(world: &World) {
        let cast = Cast::new(world);
        let above = json!({"role": "sync_client", "organisation_id": world.fixture.root, "territory_ids": [world.fixture.region]});
        let mut above = Follower::caught_up(world.another_client(&above).0);
        let transfer = cast.proposed();
        moved(&cast.maria, &transfer, &json!({"to": "withdrawn"})).expect(201);
        world.feed_settled();
        assert_eq!(told(&above.rest(), &transfer).last().expect("told").1, "upsert");
        above.reader.get(&format!("/transfers/{transfer}")).expect(200);
    }

    fn a_transfer_is_as_confined_as_its_case(world: &World) {
        let cast = Cast::new(world);
        let colleague = json!({"role": "case_manager", "organisation_id": world.fixture.comune_udine, "territory_ids": [world.fixture.udine]});
        let (colleague, ..) = world.another_client(&colleague);
        let transfer = cast.proposed();
        read(&colleague, &transfer);
        cast.maria.patch(&format!("/cases/{}", cast.case), "*", &json!({"access_level": "closed"})).expect(200);
        colleague.get(&format!("/transfers/{transfer}")).expect(404);
        assert_eq!((listed(&colleague, "?box=outbox"), listed(&cast.maria, "?box=outbox")), (vec![], vec![transfer.clone()]));
        moved(&cast.matej, &transfer, &json!({"to": "accepted"})).expect(201);
        colleague.get(&format!("/transfers/{transfer}/record")).expect(404);
        cast.maria.get(&format!("/transfers/{transfer}/record")).expect(200);
        assert_eq!(text(&cast.case_as(&cast.matej)["access_level"]), "closed");
    }
}
