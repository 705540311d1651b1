//! Legal statuses: dated, never overlapping, corrected with history; odd things are told, not refused.

use serde_json::{Value, json};

use crate::both;
use crate::support::World;
use crate::support::http::Answer;

fn person(world: &World) -> String {
    world.maria_case_manager().post("/people", &world.person_in_udine()).expect(201).id()
}

fn record(world: &World, person: &str, body: &Value) -> Answer {
    world.maria_case_manager().post(&format!("/people/{person}/legal-statuses"), body)
}

fn status(category: &str, change: &str, from: &str, to: Option<&str>) -> Value {
    let mut body = json!({"category": category, "change_kind": change, "valid_from": from});
    if let Some(to) = to {
        body["valid_to"] = json!(to);
    }
    body
}

fn listed(world: &World, person: &str, query: &str) -> Vec<(String, String, Value)> {
    let page = world.maria_case_manager().get(&format!("/people/{person}/legal-statuses{query}")).expect(200).json();
    page["items"]
        .as_array()
        .expect("statuses")
        .iter()
        .map(|row| {
            let text = |name: &str| row[name].as_str().expect("a text").to_owned();
            (text("category"), text("valid_from"), row["valid_to"].clone())
        })
        .collect()
}

fn warned(answer: &Answer) -> Vec<String> {
    let body = answer.json();
    let warnings = body["warnings"].as_array().cloned().unwrap_or_default();
    warnings.iter().map(|warning| warning["code"].as_str().expect("a code").to_owned()).collect()
}

both! {
    fn an_asylum_application_becomes_refugee_status(world: &World) {
        let person = person(world);
        let applied = record(world, &person, &status("asylum_applicant", "first", "2024-03-01", None)).expect(201);
        assert!(warned(&applied).is_empty());
        let recognised = status("refugee", "recognition", "2025-06-01", Some("2030-06-01"));
        let refused = record(world, &person, &recognised).expect(409).json();
        assert_eq!(refused["unmet_guards"][0]["guard"], "no_overlap");

        let mut following = recognised;
        following["ends_previous"] = json!(true);
        let made = record(world, &person, &following).expect(201);
        assert!(warned(&made).is_empty(), "{}", made.text);
        assert_eq!(listed(world, &person, ""), [
            ("asylum_applicant".into(), "2024-03-01".into(), json!("2025-06-01")),
            ("refugee".into(), "2025-06-01".into(), json!("2030-06-01")),
        ]);
        assert_eq!(listed(world, &person, "?valid_on=2025-05-31")[0].0, "asylum_applicant");
        assert_eq!(listed(world, &person, "?valid_on=2025-06-01")[0].0, "refugee");
        assert!(listed(world, &person, "?valid_on=2031-01-01").is_empty());
        let pages = listed(world, &person, "?limit=1");
        assert_eq!(pages.len(), 1);
    }

    fn gaps_and_odd_changes_are_told_and_kept(world: &World) {
        let person = person(world);
        let odd = record(world, &person, &status("refugee", "renewal", "2020-01-01", Some("2021-01-01"))).expect(201);
        assert_eq!(warned(&odd), ["odd_change"], "a renewal of nothing");
        let gap = record(world, &person, &status("refugee", "renewal", "2021-03-01", Some("2022-01-01"))).expect(201);
        assert_eq!(warned(&gap), ["gap"]);
        let between = record(world, &person, &status("tcn_work", "conversion", "2021-01-10", Some("2021-02-20"))).expect(201);
        assert_eq!(warned(&between), ["gap", "gap"]);
        let minor = record(world, &person, &status("unaccompanied_minor", "conversion", "2022-01-01", None)).expect(201);
        assert_eq!(warned(&minor), ["of_age"]);
        assert_eq!(listed(world, &person, "").len(), 4);
    }

    fn what_cannot_be_is_refused_with_the_member(world: &World) {
        let person = person(world);
        for (body, pointer) in [
            (status("refugee", "first", "2024-01-01", Some("2024-01-01")), "#/valid_to"),
            (status("refugee", "first", "2024-01-01", Some("2023-01-01")), "#/valid_to"),
            (status("refugee", "first", "1990-01-01", None), "#/valid_from"),
            (status("refugee", "first", "2023-02-29", None), "#/valid_from"),
            (status("tourist", "first", "2024-01-01", None), "#/category"),
            (status("refugee", "gift", "2024-01-01", None), "#/change_kind"),
        ] {
            let refused = record(world, &person, &body).expect(422).json();
            assert_eq!(refused["errors"][0]["pointer"], pointer, "{refused}");
        }
        assert!(listed(world, &person, "").is_empty());
    }

    fn a_correction_keeps_what_was_known_before(world: &World) {
        let maria = world.maria_case_manager();
        let person = person(world);
        let made = record(world, &person, &status("tcn_work", "first", "2024-01-01", Some("2026-01-01"))).expect(201);
        let address = format!("/legal-statuses/{}", made.id());
        let then = made.json()["updated_at"].as_str().expect("an instant").to_owned();
        let edited = maria.patch(&address, made.header("etag"), &json!({"valid_to": "2027-01-01", "category": "tcn_family"})).expect(200);
        assert_eq!(edited.json()["version"], 2);
        maria.patch(&address, made.header("etag"), &json!({"valid_to": null})).expect(412);
        maria.patch(&address, "*", &json!({"valid_to": "2023-01-01"})).expect(422);
        assert_eq!(listed(world, &person, ""), [("tcn_family".into(), "2024-01-01".into(), json!("2027-01-01"))]);
        assert_eq!(listed(world, &person, &format!("?known_at={then}")), [("tcn_work".into(), "2024-01-01".into(), json!("2026-01-01"))]);
        assert!(listed(world, &person, "?known_at=2020-01-01T00:00:00Z").is_empty());

        record(world, &person, &status("refugee", "recognition", "2027-01-01", None)).expect(201);
        maria.patch(&address, "*", &json!({"valid_to": null})).expect(409);
    }

    fn a_document_moves_freely_and_odd_moves_are_told(world: &World) {
        let maria = world.maria_case_manager();
        let person = person(world);
        let made = record(world, &person, &status("tcn_work", "first", "2024-01-01", None)).expect(201);
        let moves = format!("/legal-statuses/{}/transitions", made.id());
        let pending = maria.post_matching(&moves, made.header("etag"), &json!({"to": "renewal_pending", "note": "receipt"})).expect(201);
        assert_eq!((&pending.json()["from"], &pending.json()["to"]), (&json!("valid"), &json!("renewal_pending")));
        assert!(warned(&pending).is_empty());
        maria.post_matching(&moves, made.header("etag"), &json!({"to": "valid"})).expect(412);
        let odd = maria.post_matching(&moves, "*", &json!({"to": "appealed"})).expect(201);
        assert_eq!(warned(&odd), ["odd_move"]);
        maria.post_matching(&moves, "*", &json!({"to": "appealed"})).expect(409);
        maria.post_matching(&moves, "*", &json!({"to": "lost"})).expect(422);

        maria.post_matching(&moves, "*", &json!({"to": "entered_in_error"})).expect(201);
        maria.post_matching(&moves, "*", &json!({"to": "valid"})).expect(409);
        maria.patch(&format!("/legal-statuses/{}", made.id()), "*", &json!({"note": "x"})).expect(409);
        record(world, &person, &status("tcn_family", "first", "2024-02-01", None)).expect(201);
    }

    fn legal_statuses_are_seen_by_those_who_may(world: &World) {
        let person = person(world);
        let mut note = status("tcn_work", "first", "2023-01-01", Some("2024-01-01"));
        note["note"] = json!("lost his job");
        let lawful = record(world, &person, &note).expect(201).id();
        let hidden = record(world, &person, &status("undocumented", "loss", "2024-01-01", None)).expect(201).id();

        let sync = world.regional_sync_client();
        let seen = sync.get(&format!("/people/{person}/legal-statuses")).expect(200);
        assert_eq!(seen.json()["items"].as_array().map(Vec::len), Some(1));
        assert!(!seen.text.contains("lost his job") && !seen.text.contains("undocumented"));
        assert_eq!(seen.json()["items"][0]["withheld_fields"], json!(["note"]));
        sync.get(&format!("/legal-statuses/{lawful}")).expect(200);
        sync.get(&format!("/legal-statuses/{hidden}")).expect(404);
        sync.patch(&format!("/legal-statuses/{lawful}"), "*", &json!({})).expect(403);

        let samira = world.samira_help_desk_operator();
        assert_eq!(samira.get(&format!("/people/{person}/legal-statuses")).expect(200).json()["items"].as_array().map(Vec::len), Some(2));
        let matej = world.matej_case_manager_in_trieste();
        matej.get(&format!("/people/{person}/legal-statuses")).expect(404);
        matej.get(&format!("/legal-statuses/{lawful}")).expect(404);
        matej.post(&format!("/people/{person}/legal-statuses"), &status("refugee", "first", "2030-01-01", None)).expect(404);
    }

    fn two_at_once_never_overlap(world: &World) {
        let person = person(world);
        let answers: Vec<u16> = std::thread::scope(|scope| {
            let racing: Vec<_> = (1..=4)
                .map(|month| {
                    let body = status("tcn_work", "first", &format!("2024-0{month}-01"), Some("2025-01-01"));
                    let person = &person;
                    scope.spawn(move || record(world, person, &body).status)
                })
                .collect();
            racing.into_iter().map(|one| one.join().expect("an answer")).collect()
        });
        assert_eq!(answers.iter().filter(|status| **status == 201).count(), 1, "{answers:?}");
        assert_eq!(listed(world, &person, "").len(), 1);
    }
}
