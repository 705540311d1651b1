//! Grants: nobody gives beyond their own, and what is taken back counts at once.

use serde_json::{Value, json};

use crate::both;
use crate::support::World;
use crate::support::process::ServerProcess;

/// Paolo's kind of grant for another user of Udine.
fn grant_in_udine(world: &World, role: &str) -> Value {
    json!({
        "principal_id": world.id_of("lorenzo_training_organiser"), "role": role,
        "organisation_id": world.fixture.comune_udine, "territory_ids": [world.fixture.udine],
    })
}

fn changed(grant: &Value, member: &str, value: impl serde::Serialize) -> Value {
    let mut grant = grant.clone();
    grant[member] = json!(value);
    grant
}

both! {
    fn an_administrator_gives_and_reads_grants_within_the_own_organisation(world: &World) {
        let paolo = world.paolo_organisation_administrator();
        let given = paolo.post("/grants", &grant_in_udine(world, "case_manager")).expect(201);
        let address = format!("/grants/{}", given.id());
        let read = paolo.get(&address).expect(200);
        assert_eq!(read.json(), given.json());
        let listed = paolo.get(&format!("/grants?principal_id={}", world.id_of("lorenzo_training_organiser")));
        assert_eq!(listed.expect(200).json()["items"].as_array().map(Vec::len), Some(2));
        // Grants of other organisations are not there for him.
        let theirs = format!("/grants?principal_id={}", world.id_of("matej_case_manager_in_trieste"));
        assert_eq!(paolo.get(&theirs).expect(200).json()["items"], json!([]));
        let matejs = world.anna_system_administrator().get(&theirs).expect(200).json()["items"][0]["id"].clone();
        let matejs = format!("/grants/{}", matejs.as_str().expect("an id"));
        paolo.get(&matejs).expect(404);
        paolo.delete(&matejs, "*").expect(404);
    }

    fn nobody_grants_beyond_the_own_role_organisation_territories_and_target_groups(world: &World) {
        let (paolo, fixture) = (world.paolo_organisation_administrator(), &world.fixture);
        let fine = grant_in_udine(world, "case_manager");
        // A role that his may not grant.
        for role in ["system_administrator", "auditor"] {
            paolo.post("/grants", &changed(&fine, "role", role)).expect(403);
        }
        // An organisation or caller that is not his: the same answer as for none at all.
        let unknown = uuid::Uuid::now_v7();
        let pointer = |answer: crate::support::http::Answer| answer.expect(422).json()["errors"].clone();
        assert_eq!(
            pointer(paolo.post("/grants", &changed(&fine, "organisation_id", fixture.comune_trieste))),
            pointer(paolo.post("/grants", &changed(&fine, "organisation_id", unknown))),
        );
        assert_eq!(
            pointer(
                paolo.post("/grants", &changed(&fine, "principal_id", world.id_of("matej_case_manager_in_trieste")))
            ),
            pointer(paolo.post("/grants", &changed(&fine, "principal_id", unknown))),
        );
        // Territories beyond his, alone or beside his own.
        for territories in [vec![fixture.region], vec![fixture.trieste], vec![fixture.udine, fixture.trieste]] {
            paolo.post("/grants", &changed(&fine, "territory_ids", territories)).expect(403);
        }
        paolo.post("/grants", &changed(&fine, "territory_ids", [unknown])).expect(422);
        paolo.post("/grants", &changed(&fine, "territory_ids", json!([]))).expect(422);
        paolo.post("/grants", &changed(&fine, "target_groups", ["no_such_group"])).expect(422);
        paolo.post("/grants", &fine).expect(201);
        // Who grants nothing grants nothing.
        world.maria_case_manager().post("/grants", &fine).expect(403);
    }

    fn an_administrator_of_some_target_groups_cannot_grant_all_of_them(world: &World) {
        let anna = world.anna_system_administrator();
        let limited =
            changed(&grant_in_udine(world, "organisation_administrator"), "target_groups", ["refugee", "student"]);
        anna.post("/grants", &limited).expect(201);
        let lorenzo = world.caller("lorenzo_training_organiser");
        let for_samira =
            changed(&grant_in_udine(world, "case_manager"), "principal_id", world.id_of("samira_help_desk_operator"));
        lorenzo.post("/grants", &for_samira).expect(403);
        lorenzo.post("/grants", &changed(&for_samira, "target_groups", ["refugee", "worker"])).expect(403);
        lorenzo.post("/grants", &changed(&for_samira, "target_groups", ["refugee"])).expect(201);
    }

    fn two_small_grants_do_not_add_up_to_a_larger_one(world: &World) {
        let paolo = world.id_of("paolo_organisation_administrator");
        let further =
            changed(&grant_in_udine(world, "organisation_administrator"), "territory_ids", [world.fixture.trieste]);
        let further = changed(&changed(&further, "principal_id", paolo), "target_groups", ["refugee"]);
        world.anna_system_administrator().post("/grants", &further).expect(201);
        let both = changed(
            &grant_in_udine(world, "case_manager"),
            "territory_ids",
            [world.fixture.udine, world.fixture.trieste],
        );
        let paolo = world.paolo_organisation_administrator();
        paolo.post("/grants", &both).expect(403);
        paolo.post("/grants", &changed(&both, "target_groups", ["refugee"])).expect(403);
    }

    fn a_grant_on_some_target_groups_reaches_cases_of_those_alone(world: &World) {
        let anna = world.anna_system_administrator();
        anna.post("/grants", &changed(&grant_in_udine(world, "case_manager"), "target_groups", ["student"]))
            .expect(201);
        let (lorenzo, maria) = (world.caller("lorenzo_training_organiser"), world.maria_case_manager());
        let person = |group: Option<&str>| {
            let mut person = world.person_in_udine();
            if let Some(group) = group {
                person["target_group"] = json!(group);
            }
            maria.post("/people", &person).expect(201).id()
        };
        let case = |person: &str, group: &str| json!({"person_id": person, "target_group": group});
        let (refugee, student) = (person(Some("refugee")), person(Some("student")));
        let of_refugee = maria.post("/cases", &case(&refugee, "refugee")).expect(201).id();
        let of_student = maria.post("/cases", &case(&student, "student")).expect(201).id();
        lorenzo.get(&format!("/cases/{of_student}")).expect(200);
        lorenzo.get(&format!("/cases/{of_refugee}")).expect(404);
        let listed = lorenzo.get("/cases").expect(200).json();
        assert_eq!(listed["items"].as_array().map(Vec::len), Some(1));
        // A person of another group is out of reach, whatever group the case would have.
        lorenzo.get(&format!("/people/{refugee}")).expect(404);
        lorenzo.post("/cases", &case(&refugee, "student")).expect(422);
        lorenzo.post("/cases", &case(&student, "refugee")).expect(422);
        lorenzo.post("/cases", &case(&person(None), "student")).expect(201);
    }

    fn a_grant_taken_back_counts_at_the_next_request_in_every_process(world: &World) {
        let case = world.case_in_udine();
        let address = format!("/cases/{case}");
        let other = ServerProcess::start(&world.database.url);
        let samira = world.samira_help_desk_operator();
        let granted = world.grant(&world.id_of("samira_help_desk_operator"), &grant_in_udine(world, "case_manager"));
        for _ in 0..3 {
            samira.get(&address).expect(200);
            samira.at(&other.base).get(&address).expect(200);
        }
        world.withdraw(&granted);
        // Other grants still tell that cases exist, so the refusal is of the action.
        samira.at(&other.base).get(&address).expect(403);
        samira.get(&address).expect(403);
        samira.post("/people/searches", &json!({"name": "shevchuk"})).expect(200);
    }

    fn taking_back_needs_the_right_version_and_happens_once(world: &World) {
        let anna = world.anna_system_administrator();
        let grant = anna.post("/grants", &grant_in_udine(world, "case_manager")).expect(201);
        let address = format!("/grants/{}", grant.id());
        anna.send("DELETE", &address, &[], None).expect(428);
        anna.delete(&address, "\"7.x\"").expect(412);
        anna.delete(&address, grant.header("etag")).expect(204);
        anna.delete(&address, "*").expect(404);
        anna.get(&address).expect(404);
    }
}
