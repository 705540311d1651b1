//! Households, who lives in them and when, and whom of them a case covers.

use std::sync::Barrier;

use serde_json::{Value, json};

use crate::both;
use crate::support::World;
use crate::support::feed::{Follower, told};
use crate::support::http::{Answer, Client};

fn person(world: &World) -> String {
    world.maria_case_manager().post("/people", &world.person_in_udine()).expect(201).id()
}

fn household(world: &World) -> String {
    let body = json!({"owner_org_id": world.fixture.comune_udine, "territory_id": world.fixture.udine, "address": "Via Roma 1"});
    world.maria_case_manager().post("/households", &body).expect(201).id()
}

fn moves_in(client: &Client, household: &str, person: &str, from: &str, to: Option<&str>) -> Answer {
    let mut body = json!({"person_id": person, "valid_from": from});
    if let Some(to) = to {
        body["valid_to"] = json!(to);
    }
    client.post(&format!("/households/{household}/members"), &body)
}

fn guards(answer: Answer) -> Value {
    answer.expect(409).json()["unmet_guards"][0]["guard"].clone()
}

fn pointer(answer: Answer) -> Value {
    answer.expect(422).json()["errors"][0]["pointer"].clone()
}

fn ids(client: &Client, path: &str) -> Vec<String> {
    let page = client.get(path).expect(200).json();
    page["items"].as_array().expect("rows").iter().map(|row| row["id"].as_str().expect("an id").to_owned()).collect()
}

both! {
    fn a_person_lives_in_one_household_at_a_time(world: &World) {
        let maria = world.maria_case_manager();
        let (person, first, second) = (person(world), household(world), household(world));
        let made = moves_in(&maria, &first, &person, "2025-01-01", None).expect(201);
        let address = format!("/household-members/{}", made.id());
        for house in [&first, &second] {
            assert_eq!(guards(moves_in(&maria, house, &person, "2026-01-01", None)), "one_household_at_a_time");
        }
        assert_eq!(pointer(maria.patch(&address, "*", &json!({"valid_to": "2025-01-01"}))), "#/valid_to");
        let ended = maria.patch(&address, made.header("etag"), &json!({"valid_to": "2026-01-01"})).expect(200);
        assert_eq!(ended.json()["version"], 2);
        maria.patch(&address, made.header("etag"), &json!({"valid_to": null})).expect(412);
        let later = moves_in(&maria, &second, &person, "2026-01-01", None).expect(201).id();
        assert_eq!(guards(maria.patch(&address, "*", &json!({"valid_to": null}))), "one_household_at_a_time");

        let of_person = format!("/people/{person}/household-members");
        assert_eq!(ids(&maria, &of_person), [made.id(), later.clone()]);
        assert_eq!(ids(&maria, &format!("{of_person}?valid_on=2025-12-31")), [made.id()]);
        assert_eq!(ids(&maria, &format!("{of_person}?valid_on=2026-01-01")), [later.as_str()]);
        assert_eq!(ids(&maria, &format!("/households/{first}/members")), [made.id()]);
        assert_eq!(ids(&maria, &format!("/households/{first}/members?valid_on=2026-01-01")), Vec::<String>::new());
        assert_eq!(ids(&maria, &format!("/households/{second}/members?valid_on=2026-01-01")), [later]);
    }

    fn two_households_never_take_somebody_in_at_once(world: &World) {
        let maria = world.maria_case_manager();
        let houses: Vec<String> = (0..4).map(|_| household(world)).collect();
        for round in 0..15 {
            let (person, barrier) = (person(world), Barrier::new(houses.len()));
            let mut statuses: Vec<u16> = std::thread::scope(|scope| {
                let race = |house: &String| {
                    let (maria, person, barrier) = (&maria, &person, &barrier);
                    let house = house.clone();
                    scope.spawn(move || {
                        barrier.wait();
                        moves_in(maria, &house, person, "2026-01-01", None).status
                    })
                };
                let racing: Vec<_> = houses.iter().map(race).collect();
                racing.into_iter().map(|side| side.join().expect("an answer")).collect()
            });
            statuses.sort_unstable();
            assert_eq!(statuses, [201, 409, 409, 409], "round {round}");
            assert_eq!(ids(&maria, &format!("/people/{person}/household-members")).len(), 1);
        }
    }

    fn a_household_is_where_its_owner_and_territory_are(world: &World) {
        let (maria, matej) = (world.maria_case_manager(), world.matej_case_manager_in_trieste());
        let (house, lodger) = (household(world), person(world));
        let member = moves_in(&maria, &house, &lodger, "2026-01-01", None).expect(201).id();
        let address = format!("/households/{house}");
        for answer in [
            matej.get(&address), matej.patch(&address, "*", &json!({"label": "x"})), matej.get(&format!("{address}/members")),
            moves_in(&matej, &house, &lodger, "2020-01-01", None), matej.get(&format!("/household-members/{member}")),
            matej.get(&format!("/people/{lodger}/household-members")),
        ] {
            answer.expect(404);
        }
        let mut stranger = world.person_in_udine();
        stranger["owner_org_id"] = json!(world.fixture.comune_trieste);
        stranger["territory_id"] = json!(world.fixture.trieste);
        let stranger = matej.post("/people", &stranger).expect(201).id();
        assert_eq!(pointer(moves_in(&maria, &house, &stranger, "2026-01-01", None)), "#/person_id");
        let elsewhere = json!({"owner_org_id": world.fixture.comune_udine, "territory_id": world.fixture.trieste});
        assert_eq!(pointer(maria.post("/households", &elsewhere)), "#/territory_id");
        let edited = maria.patch(&address, "*", &json!({"address": "Via Grazzano 5"})).expect(200).json();
        assert_eq!((&edited["version"], &edited["address"]), (&json!(2), &json!("Via Grazzano 5")));
        assert_eq!(world.regional_sync_client().get(&address).expect(200).json()["address"], "Via Grazzano 5");
        world.giulia_auditor().get(&address).expect(403);
    }

    fn a_case_covers_members_of_its_household(world: &World) {
        let maria = world.maria_case_manager();
        let (house, other_house) = (household(world), household(world));
        let (mother, child) = (person(world), person(world));
        let own = moves_in(&maria, &house, &mother, "2026-01-01", None).expect(201).id();
        let member = moves_in(&maria, &house, &child, "2026-01-01", None).expect(201).id();
        let stranger = moves_in(&maria, &other_house, &person(world), "2026-01-01", None).expect(201).id();
        let case = maria.post("/cases", &json!({"person_id": mother, "target_group": "refugee"})).expect(201).id();
        let (address, members) = (format!("/cases/{case}"), format!("/cases/{case}/household-members"));
        let cover = |member: &str| maria.post(&members, &json!({"household_member_id": member}));
        assert_eq!(pointer(cover(&member)), "#/household_member_id", "the case has no household yet");
        assert_eq!(pointer(maria.patch(&address, "*", &json!({"household_id": uuid::Uuid::now_v7()}))), "#/household_id");
        assert_eq!(maria.patch(&address, "*", &json!({"household_id": house})).expect(200).json()["household_id"], json!(house));
        assert_eq!(pointer(cover(&stranger)), "#/household_member_id");
        assert_eq!(pointer(cover(&own)), "#/household_member_id", "the case is hers");
        let made = cover(&member).expect(201);
        assert_eq!(made.json()["person_id"], json!(child));
        assert_eq!(guards(cover(&member)), "not_covered_yet");
        assert_eq!(ids(&maria, &members), [made.id()]);
        assert_eq!(guards(maria.patch(&address, "*", &json!({"household_id": other_house}))), "nobody_covered");

        let part = format!("/case-household-members/{}", made.id());
        let matej = world.matej_case_manager_in_trieste();
        matej.get(&part).expect(404);
        matej.get(&members).expect(404);
        maria.post_matching(&format!("{address}/transitions"), "*", &json!({"to": "declined", "reason_code": "other"})).expect(201);
        assert_eq!(guards(maria.delete(&part, "*")), "case_open");
        let paolo = world.paolo_organisation_administrator().get("/cases").expect(200);
        assert!(!paolo.text.contains(&house), "a household tells whose case it is");
    }

    fn what_others_change_in_the_household_is_news_to_the_case_manager(world: &World) {
        let maria = world.maria_case_manager();
        let (house, lodger, mother) = (household(world), person(world), person(world));
        let case = json!({
            "person_id": mother, "target_group": "refugee", "household_id": house,
            "case_manager_id": world.id_of("maria_case_manager"),
        });
        maria.post("/cases", &case).expect(201);
        let colleague = world.another_client(&json!({
            "role": "case_manager", "organisation_id": world.fixture.comune_udine, "territory_ids": [world.fixture.udine],
        })).0;
        let unread = || maria.get("/me/worklist?kind=change").expect(200).json()["items"][0]["unread_changes"].clone();
        assert_eq!(unread(), Value::Null);
        colleague.patch(&format!("/households/{house}"), "*", &json!({"address": "Via Grazzano 5"})).expect(200);
        assert_eq!(unread(), json!(1));
        moves_in(&colleague, &house, &lodger, "2026-01-01", None).expect(201);
        assert_eq!(unread(), json!(2));
        let relation = json!({"kind": "sibling_of", "object_id": lodger});
        colleague.post(&format!("/people/{mother}/relations"), &relation).expect(201);
        assert_eq!(unread(), json!(3));
    }

    fn whom_a_case_covers_can_be_taken_out(world: &World) {
        let maria = world.maria_case_manager();
        let house = household(world);
        let member = moves_in(&maria, &house, &person(world), "2026-01-01", None).expect(201).id();
        let new = json!({"person_id": person(world), "target_group": "refugee", "household_id": house});
        let case = maria.post("/cases", &new).expect(201).id();
        let part = maria.post(&format!("/cases/{case}/household-members"), &json!({"household_member_id": member})).expect(201);
        maria.delete(&format!("/case-household-members/{}", part.id()), part.header("etag")).expect(204);
        maria.patch(&format!("/cases/{case}"), "*", &json!({"household_id": null})).expect(200);
        world.feed_settled();
        let events = Follower::from_the_beginning(world.regional_sync_client()).rest();
        let event = |kind: &str, operation: &str| (kind.to_owned(), operation.to_owned());
        assert_eq!(told(&events, &house), [event("household.created", "upsert")]);
        assert_eq!(told(&events, &member), [event("household_member.created", "upsert")]);
        assert_eq!(
            told(&events, &part.id()),
            [event("case_household_member.created", "upsert"), event("case_household_member.deleted", "delete")]
        );
        assert!(!json!(events).to_string().contains("Via Roma"));
    }
}
