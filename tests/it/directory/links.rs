//! Links that are kept: what a page may lead to, wherever it is entered.

use serde_json::{Value, json};

use crate::both;
use crate::observatory::elena;
use crate::observatory::observatories::observatory;
use crate::observatory::queries::dataset_of;
use crate::support::Client;
use crate::support::http::Answer;

/// What is no link, whatever a browser makes of it.
const NO_LINKS: [&str; 7] = [
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "file:///etc/passwd",
    "ftp://udine.example/list",
    "urn:isbn:9788800000000",
    "//udine.example",
    "https://",
];

/// Enters a member's value at its place: edited, or entered with a new row.
fn kept(client: &Client, path: &str, pointer: &str, value: &str) -> Answer {
    let body = match pointer.split('/').collect::<Vec<_>>().as_slice() {
        ["#", list, "0", member] => {
            let part = match *list {
                "schedules" => json!({"freq": "WEEKLY"}),
                "required_documents" => json!({"document": "Permit"}),
                _ => json!({}),
            };
            let mut part = part;
            part[*member] = json!(value);
            json!({*list: [part]})
        }
        ["#", member] => json!({*member: value}),
        other => panic!("{other:?}"),
    };
    client.patch(path, "*", &body)
}

both! {
    fn the_directory_leads_to_the_web_and_nowhere_else(world: &World) {
        let (paolo, udine) = (world.paolo_organisation_administrator(), world.fixture.comune_udine);
        let service = json!({"organisation_id": udine, "name": "Sportello", "service_type": "migration_counselling", "provider_kind": "internal"});
        let service = format!("/services/{}", paolo.post("/services", &service).expect(201).id());
        let location = format!("/locations/{}", paolo.post("/locations", &json!({"organisation_id": udine})).expect(201).id());
        let organisation = format!("/organisations/{udine}");
        for (path, pointer) in [
            (&service, "#/url"), (&service, "#/schedules/0/schedule_link"), (&service, "#/required_documents/0/uri"),
            (&service, "#/service_areas/0/uri"), (&location, "#/url"), (&location, "#/accessibility/0/url"),
            (&organisation, "#/website"), (&organisation, "#/uri"), (&organisation, "#/logo"),
        ] {
            for wrong in NO_LINKS {
                let refused = kept(&paolo, path, pointer, wrong).expect(422).json();
                assert_eq!(refused["errors"][0]["pointer"], pointer, "{path} {wrong}");
            }
            // Directories that come from elsewhere have both.
            for right in ["http://udine.example/a", "https://udine.example/a?b=c#d"] {
                kept(&paolo, path, pointer, right).expect(200);
            }
        }
        let new = |member: &str, path: &str| {
            let mut new = json!({"organisation_id": udine, "name": "Neu", "service_type": "migration_counselling", "provider_kind": "internal"});
            if path == "/locations" {
                new = json!({"organisation_id": udine});
            }
            if path == "/organisations" {
                new = json!({"name": "Neu", "kind": "municipality", "parent_id": world.fixture.root});
            }
            new[member] = json!("javascript:alert(1)");
            let refused = world.anna_system_administrator().post(path, &new).expect(422).json();
            assert_eq!(refused["errors"][0]["pointer"], json!(format!("#/{member}")));
        };
        for (member, path) in [("url", "/services"), ("url", "/locations"), ("website", "/organisations"), ("uri", "/organisations"), ("logo", "/organisations")] {
            new(member, path);
        }
    }

    fn sources_of_statistics_are_on_the_web_and_what_the_house_publishes_is_encrypted(world: &World) {
        let elena = elena(world);
        let dataset = format!("/datasets/{}", dataset_of(world, "PEOPLE", "stock", &[]));
        let regional = observatory(world);
        let act = json!({"organisation_id": world.fixture.root, "issuing_body": "Consiglio regionale", "territory_id": world.fixture.region,
            "kind": "law", "policy_area": "housing", "title": "Edilizia sociale", "adopted_on": "2025-05-01"});
        let act = format!("/policy-documents/{}", elena.post("/policy-documents", &act).expect(201).id());
        for (path, pointer, is_encrypted) in [(&dataset, "#/source_url", false), (&regional, "#/website", true), (&act, "#/url", true)] {
            let plain = is_encrypted.then_some("http://udine.example");
            for wrong in NO_LINKS.into_iter().chain(plain) {
                let refused = kept(&elena, path, pointer, wrong).expect(422).json();
                assert_eq!(refused["errors"][0]["pointer"], pointer, "{path} {wrong}");
            }
            kept(&elena, path, pointer, "https://udine.example").expect(200);
        }
        kept(&elena, &dataset, "#/source_url", "http://dati.example").expect(200);
        let too_long = format!("https://udine.example/{}", "a".repeat(2048));
        for (path, pointer) in [(&dataset, "#/source_url"), (&regional, "#/website"), (&act, "#/url")] {
            kept(&elena, path, pointer, &too_long).expect(422);
        }
        let refused = |path: &str, new: &Value, member: &str| {
            let mut new = new.clone();
            new[member] = json!("javascript:alert(1)");
            assert_eq!(elena.post(path, &new).expect(422).json()["errors"][0]["pointer"], json!(format!("#/{member}")));
        };
        refused("/observatories", &json!({"organisation_id": world.fixture.root, "territory_id": world.fixture.region, "name": "O"}), "website");
        let mut dataset = json!({"organisation_id": world.fixture.root, "code": "NEW", "name": "New", "unit": "persons", "measure_kind": "stock", "source": "A register"});
        dataset["dimensions"] = json!([{"id": "REF_AREA", "role": "area", "name": "Place"}, {"id": "TIME_PERIOD", "role": "time", "name": "Time"}]);
        refused("/datasets", &dataset, "source_url");
    }
}
