//! Agreements: drawn up, signed by every party, one answer to each question.

use serde_json::{Value, json};

use super::network::{Network, guards, refused_at};
use crate::both;

both! {
    fn an_agreement_is_drawn_up_signed_suspended_and_ended(world: &World) {
        let network = Network::new(world);
        let (anna, paolo) = (world.anna_system_administrator(), world.paolo_organisation_administrator());
        let new = network.agreement_with(&network.school, &json!({"valid_to": "2999-01-01"}));
        let made = paolo.post("/agreements", &new).expect(201);
        let path = format!("/agreements/{}", made.id());
        let drawn_up = made.json();
        assert_eq!((&drawn_up["status"], &drawn_up["in_force"]), (&json!("draft"), &json!(false)));
        assert_eq!(drawn_up["allowed_transitions"], json!(["signed", "ended"]));
        for reader in [world.maria_case_manager(), world.matej_case_manager_in_trieste(), world.giulia_auditor()] {
            assert_eq!(reader.get(&path).expect(200).json()["allowed_transitions"], json!([]));
        }
        paolo.patch(&path, "*", &json!({"response_hours": 72})).expect(200);
        world.maria_case_manager().patch(&path, "*", &json!({"response_hours": 1})).expect(403);
        let moves = format!("{path}/transitions");
        let half = json!({"to": "signed", "signatures": [{"organisation_id": network.school.organisation, "signed_on": "2020-01-01"}]});
        assert_eq!(guards(paolo.post_matching(&moves, "*", &half)), ["signatures"]);
        let stranger = json!({"to": "signed", "signatures": [{"organisation_id": network.association.organisation, "signed_on": "2020-01-01"}]});
        assert_eq!(refused_at(paolo.post_matching(&moves, "*", &stranger)), "#/signatures/0/organisation_id");
        let future = json!({"to": "signed", "signatures": [{"organisation_id": network.school.organisation, "signed_on": "2999-01-01"}]});
        assert_eq!(refused_at(paolo.post_matching(&moves, "*", &future)), "#/signatures/0/signed_on");
        network.sign(&made.id(), &new).expect(201);
        let signed = anna.get(&path).expect(200).json();
        assert_eq!((&signed["in_force"], &signed["response_hours"]), (&json!(true), &json!(72)));
        assert_eq!(signed["parties"][0]["signed_on"], "2020-01-01");
        assert_eq!(guards(paolo.patch(&path, "*", &json!({"response_hours": 1}))), ["draft"]);
        let suspend = json!({"to": "suspended", "note": "No teachers until spring."});
        paolo.post_matching(&moves, "*", &suspend).expect(201);
        assert_eq!(anna.get(&path).expect(200).json()["in_force"], json!(false));
        assert_eq!(guards(paolo.post_matching(&moves, "*", &suspend)), ["allowed_transition"]);
        paolo.post_matching(&moves, "*", &json!({"to": "signed"})).expect(201);
        paolo.post_matching(&moves, "*", &json!({"to": "ended", "note": "By common accord."})).expect(201);
        assert_eq!(guards(paolo.post_matching(&moves, "*", &json!({"to": "signed"}))), ["allowed_transition"]);
        let of = |organisation: &str| {
            let page = anna.get(&format!("/agreements?organisation_id={organisation}")).expect(200).json();
            page["items"].as_array().unwrap().len()
        };
        assert_eq!((of(&network.school.organisation), of(&network.association.organisation)), (1, 0));
    }

    fn two_agreements_do_not_answer_the_same_question(world: &World) {
        let network = Network::new(world);
        network.agree(&network.school, &json!({"valid_to": "2999-01-01"}));
        let anna = world.anna_system_administrator();
        let signed = |more: &Value| {
            let new = network.agreement_with(&network.school, more);
            let id = anna.post("/agreements", &new).expect(201).id();
            network.sign(&id, &new)
        };
        assert_eq!(guards(signed(&json!({}))), ["overlap"]);
        assert_eq!(guards(signed(&json!({"service_ids": [network.school.service], "target_groups": ["refugee"]}))), ["overlap"]);
        signed(&json!({"valid_from": "2999-01-01"})).expect(201);
        // What was refused is the draft it was, and lets nothing go.
        let drafts = anna.get("/agreements?status=draft").expect(200).json();
        let drafts = drafts["items"].as_array().unwrap();
        assert_eq!(drafts.len(), 2);
        for draft in drafts {
            let id = draft["id"].as_str().unwrap();
            let told = anna.get(&format!("/agreements/{id}")).expect(200).json();
            assert_eq!((&told["status"], &told["version"]), (&json!("draft"), &json!(1)));
            assert!(told["parties"].as_array().unwrap().iter().all(|party| party.get("signed_on").is_none()), "{told}");
        }
    }

    fn of_two_that_are_signed_at_once_one_is_refused(world: &World) {
        let network = Network::new(world);
        let anna = world.anna_system_administrator();
        let new = network.agreement_with(&network.school, &json!({}));
        for _ in 0..10 {
            let ids = [(); 2].map(|()| anna.post("/agreements", &new).expect(201).id());
            let mut statuses = std::thread::scope(|scope| {
                let signing = ids.clone().map(|id| {
                    let (network, new) = (&network, &new);
                    scope.spawn(move || network.sign(&id, new).status)
                });
                signing.map(|made| made.join().expect("an answer"))
            });
            statuses.sort_unstable();
            assert_eq!(statuses, [201, 409]);
            for id in ids {
                let moves = format!("/agreements/{id}/transitions");
                anna.post_matching(&moves, "*", &json!({"to": "ended", "note": "Again."})).expect(201);
            }
        }
    }

    fn what_does_not_fit_together_is_refused_with_the_member(world: &World) {
        let network = Network::new(world);
        let paolo = world.paolo_organisation_administrator();
        let refused = |more: Value| refused_at(paolo.post("/agreements", &network.agreement_with(&network.school, &more)));
        let (udine, school) = (json!(world.fixture.comune_udine), &network.school.organisation);
        let party = |organisation: &Value, send: bool, receive: bool| json!({"organisation_id": organisation, "may_send": send, "may_receive": receive});
        assert_eq!(refused(json!({"organisation_id": world.fixture.comune_trieste})), "#/organisation_id");
        assert_eq!(refused(json!({"valid_to": "2020-01-01"})), "#/valid_to");
        assert_eq!(refused(json!({"parties": [party(&udine, true, false), party(&udine, false, true)]})), "#/parties/1/organisation_id");
        assert_eq!(refused(json!({"parties": [party(&udine, true, false), party(&json!(uuid::Uuid::now_v7()), false, true)]})), "#/parties/1/organisation_id");
        assert_eq!(refused(json!({"parties": [party(&udine, true, true), party(&json!(school), false, false)]})), "#/parties");
        assert_eq!(refused(json!({"parties": [party(&json!(school), true, true), party(&json!(network.association.organisation), true, true)]})), "#/parties");
        assert_eq!(refused(json!({"working_time": {"time_zone": "Europe/Udine"}})), "#/working_time/time_zone");
        assert_eq!(refused(json!({"legal_basis": "nonsense"})), "#/legal_basis");
        assert_eq!(refused(json!({"territory_ids": [uuid::Uuid::now_v7()]})), "#/territory_ids/0");
        assert_eq!(refused(json!({"service_ids": [uuid::Uuid::now_v7()]})), "#/service_ids/0");
        assert_eq!(refused(json!({"target_groups": ["nonsense"]})), "#/target_groups/0");
        assert_eq!(refused(json!({"response_hours": 0})), "#/response_hours");
    }
}
