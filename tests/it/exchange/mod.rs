//! The directory exchanged as HSDS: what is imported comes back, apart from the closed list in docs/hsds-losses.md.

mod bodies;

use std::collections::BTreeSet;
use std::io::{Cursor, Write as _};

use serde_json::{Value, json};
use zip::write::SimpleFileOptions;

use crate::both;
use crate::support::http::Answer;
use crate::support::{Client, World};

const FILE: &str = include_str!("../../fixtures/hsds/services.json");
const LOSSES: &str = include_str!("../../../docs/hsds-losses.md");

fn imports(world: &World) -> String {
    format!("/organisations/{}/directory-imports", world.fixture.comune_udine)
}

fn import(client: &Client, path: &str, media_type: &str, file: &[u8]) -> Answer {
    client.send("POST", path, &[("content-type", media_type)], Some(file))
}

fn imported(world: &World, query: &str, file: &str) -> Value {
    let path = format!("{}?{query}", imports(world));
    import(&world.paolo_organisation_administrator(), &path, "application/json", file.as_bytes()).expect(200).json()
}

fn exported(world: &World) -> Vec<Value> {
    let path = format!("/organisations/{}/directory-exports", world.fixture.comune_udine);
    world.maria_case_manager().get(&path).expect(200).json()["items"].as_array().unwrap().clone()
}

fn counts(report: &Value) -> [i64; 4] {
    ["created", "updated", "unchanged", "rejected"].map(|status| report["counts"][status].as_i64().unwrap())
}

fn zipped(tables: &[(&str, &str)]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in tables {
        archive.start_file(*name, SimpleFileOptions::default()).unwrap();
        archive.write_all(text.as_bytes()).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// The patterns of docs/hsds-losses.md, one set for each line.
fn listed() -> Vec<Vec<String>> {
    let lines = LOSSES.lines().filter(|line| line.starts_with("| `/") || line.starts_with("| `**"));
    let first = lines.map(|line| line.split('|').nth(1).unwrap());
    first.map(|cell| cell.split(',').map(|path| path.trim().trim_matches('`').to_owned()).collect()).collect()
}

fn ignored_tables() -> Vec<String> {
    let lines = LOSSES.lines().filter(|line| line.starts_with("| `") && line.contains(".csv`"));
    lines.flat_map(|line| line.split('`').filter(|text| text.ends_with(".csv")).map(str::to_owned)).collect()
}

/// Whether a path is one of the pattern.
fn fits(pattern: &[&str], path: &[&str]) -> bool {
    match (pattern, path) {
        ([], path) => path.is_empty(),
        (["**", rest @ ..], _) => (0..=path.len()).any(|skipped| fits(rest, &path[skipped..])),
        (["*", pattern @ ..], [_, path @ ..]) => fits(pattern, path),
        ([wanted, pattern @ ..], [step, path @ ..]) => wanted == step && fits(pattern, path),
        (_, []) => false,
    }
}

fn is_listed(patterns: &[String], path: &str) -> bool {
    let steps = |path: &str| path.split('/').filter(|step| !step.is_empty()).map(str::to_owned).collect::<Vec<_>>();
    let path = steps(path);
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    patterns.iter().any(|pattern| {
        let pattern = steps(pattern);
        fits(&pattern.iter().map(String::as_str).collect::<Vec<_>>(), &path)
    })
}

/// Without what is as if it were not there.
fn plain(value: &Value) -> Option<Value> {
    match value {
        Value::Null => None,
        Value::String(text) if text.trim().is_empty() => None,
        Value::Array(items) if items.is_empty() => None,
        Value::Array(items) => Some(items.iter().filter_map(plain).collect()),
        Value::Object(members) => Some(
            members
                .iter()
                .filter_map(|(name, value)| Some((name.clone(), plain(value)?)))
                .collect::<serde_json::Map<_, _>>()
                .into(),
        ),
        other => Some(other.clone()),
    }
}

/// The paths at which two values differ, places in lists as `*`.
fn differences(one: &Value, other: &Value, path: &str, found: &mut BTreeSet<String>) {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            for name in one.keys().chain(other.keys()).collect::<BTreeSet<_>>() {
                let path = format!("{path}/{name}");
                match (one.get(name), other.get(name)) {
                    (Some(one), Some(other)) => differences(one, other, &path, found),
                    _ => drop(found.insert(path)),
                }
            }
        }
        (Value::Array(one), Value::Array(other)) => {
            let path = format!("{path}/*");
            one.iter().zip(other).for_each(|(one, other)| differences(one, other, &path, found));
            if one.len() != other.len() {
                found.insert(path);
            }
        }
        _ if one == other || (one.is_number() && one.as_f64() == other.as_f64()) => {}
        _ => drop(found.insert(path.to_owned())),
    }
}

/// Where an export differs from what was imported, service by service.
fn lost(file: &Value, exported: &[Value]) -> BTreeSet<String> {
    let file = file.as_array().unwrap();
    assert_eq!(file.len(), exported.len());
    let mut found = BTreeSet::new();
    for (one, other) in file.iter().zip(exported) {
        differences(&plain(one).unwrap(), &plain(other).unwrap(), "", &mut found);
    }
    found
}

/// What a report says was lost, as paths from a full service.
fn reported(report: &Value) -> BTreeSet<String> {
    let mut paths = BTreeSet::new();
    for entry in report["entries"].as_array().unwrap() {
        let within = match entry["kind"].as_str().unwrap() {
            "organisation" => "/organization",
            "program" => "/program",
            "location" => "/service_at_locations/*/location",
            "service_at_location" => "/service_at_locations/*",
            _ => "",
        };
        for name in entry["lost"].as_array().unwrap() {
            // Between what something is in and its name there is a place in a list.
            let name = name.as_str().unwrap().replace("/zone", "").replace('/', "/*/").replace("/*/*", "/*");
            paths.insert(format!("{within}/{name}"));
        }
    }
    paths
}

both! {
    fn what_is_imported_comes_back_apart_from_the_closed_list(world: &World) {
        let report = imported(world, "service_type=psychosocial_support", FILE);
        // Two organisations, two programs, two locations, three services, three services at locations.
        assert_eq!(counts(&report), [12, 0, 0, 0], "{report}");
        let file: Value = serde_json::from_str(FILE).unwrap();
        let exports = exported(world);
        assert_eq!(exports[0]["id"], file[0]["id"]);
        assert_eq!(exports[1]["service_at_locations"][0]["location"]["id"], "library");
        let found = lost(&file, &exports);
        let listed = listed();
        assert!(listed.len() > 20, "the list is there");
        let all: Vec<String> = listed.concat();
        let unlisted: Vec<&String> = found.iter().filter(|path| !is_listed(&all, path)).collect();
        assert!(unlisted.is_empty(), "lost, and not on the list: {unlisted:?}");
        let unneeded: Vec<&Vec<String>> = listed.iter().filter(|line| !found.iter().any(|path| is_listed(line, path))).collect();
        assert!(unneeded.is_empty(), "on the list, and nothing needs it: {unneeded:?}");
        let unlisted: Vec<String> = reported(&report).into_iter().filter(|path| !is_listed(&all, path)).collect();
        assert!(unlisted.is_empty(), "reported as lost, and not on the list: {unlisted:?}");
        // The façade for everyone tells it too, under our own ids.
        let first = report["entries"].as_array().unwrap().iter().find(|entry| entry["kind"] == "service").unwrap();
        let ours = world.maria_case_manager().get(&format!("/services/{}", first["id"].as_str().unwrap())).expect(200).json();
        assert_eq!((&ours["name"], &ours["status"]), (&json!("Community counselling"), &json!("temporarily_closed")));
        assert_eq!((&ours["provider_kind"], &ours["service_type"]), (&json!("external"), &json!("psychosocial_support")));
    }

    fn the_same_file_again_changes_nothing_and_another_one_what_differs(world: &World) {
        let paolo = world.paolo_organisation_administrator();
        imported(world, "service_type=psychosocial_support", FILE);
        let before = exported(world);
        let again = imported(world, "service_type=psychosocial_support", FILE);
        assert_eq!(counts(&again), [0, 0, 12, 0], "{again}");
        assert_eq!(exported(world), before);
        // The type was told once, and stays.
        assert_eq!(counts(&imported(world, "", FILE)), [0, 0, 12, 0]);
        // An export is a file as well. It names the importing organisation too.
        let page = json!({"items": before}).to_string();
        let back = imported(world, "", &page);
        assert_eq!(counts(&back), [0, 0, 12, 0], "{back}");
        let mut changed: Value = serde_json::from_str(FILE).unwrap();
        changed[0]["phones"] = json!([]);
        changed[0].as_object_mut().unwrap().remove("alert");
        changed[1]["service_at_locations"][0]["location"]["name"] = json!("The library");
        let report = imported(world, "dry_run=true", &changed.to_string());
        assert_eq!((counts(&report), &report["dry_run"]), ([0, 2, 10, 0], &json!(true)));
        assert_eq!(exported(world), before, "nothing is kept of a trial");
        let report = imported(world, "", &changed.to_string());
        assert_eq!(counts(&report), [0, 2, 10, 0], "{report}");
        let after = exported(world);
        assert_eq!((&after[0]["phones"], after[0].get("alert")), (&json!([]), None));
        assert_eq!(after[1]["service_at_locations"][0]["location"]["name"], "The library");
        // What HSDS has no word for stays as our own administrators say.
        let service = report["entries"].as_array().unwrap().iter().find(|entry| entry["source_id"] == "service-2").unwrap();
        let address = format!("/services/{}", service["id"].as_str().unwrap());
        paolo.patch(&address, "*", &json!({"regular_structure": true, "eligibility": {"legal_statuses": ["refugee"]}})).expect(200);
        assert_eq!(counts(&imported(world, "", &changed.to_string())), [0, 0, 12, 0]);
        let kept = paolo.get(&address).expect(200).json();
        assert_eq!((&kept["regular_structure"], &kept["eligibility"]["legal_statuses"]), (&json!(true), &json!(["refugee"])));
        assert_eq!(kept["eligibility"]["target_groups"], json!(["refugee"]));
    }

    fn rows_of_a_table_belong_to_the_narrowest_they_name(world: &World) {
        let tables = zipped(&[
            ("organizations.csv", "id,name\no,Valley Aid\n"),
            ("services.csv", "id,organization_id,name\n1,o,Service\n"),
            ("locations.csv", "id,organization_id,name\nplace,o,Centre\n"),
            ("service_at_location.csv", "id,service_id,location_id\nat,1,place\n"),
            ("contacts.csv", "id,organization_id,service_id,name\nc,o,,Office\nd,o,1,Desk\n"),
            ("phones.csv", "id,organization_id,service_id,location_id,service_at_location_id,contact_id,number\n\
                ,o,,,,,1\n,o,1,,,,2\n,o,,place,,,3\n,o,,,at,,4\n,o,,,,c,5\n"),
            ("funding.csv", "id,organization_id,service_id,source\n,o,,Members\n,o,1,The region\n"),
            ("addresses.csv", "id,organization_id,location_id,address_1,city,state_province,postal_code,country\n,o,place,1 Main,Town,UD,33100,IT\n"),
        ]);
        let path = format!("{}?service_type=housing", imports(world));
        let report = import(&world.paolo_organisation_administrator(), &path, "application/zip", &tables).expect(200).json();
        assert_eq!((counts(&report), &report["entries"][0]["lost"]), ([4, 0, 0, 0], &json!([])), "{report}");
        let service = exported(world)[0].clone();
        let organisation = &service["organization"];
        let told = |list: &Value, member: &str| list.as_array().unwrap().iter().map(|one| one[member].clone()).collect::<Vec<_>>();
        assert_eq!(told(&organisation["phones"], "number"), ["1"]);
        assert_eq!(told(&organisation["contacts"], "name"), ["Office"]);
        assert_eq!(told(&organisation["contacts"][0]["phones"], "number"), ["5"]);
        assert_eq!(told(&organisation["funding"], "source"), ["Members"]);
        assert_eq!((told(&service["phones"], "number"), told(&service["contacts"], "name")), (vec![json!("2")], vec![json!("Desk")]));
        assert_eq!(told(&service["service_at_locations"][0]["location"]["phones"], "number"), ["3"]);
        assert_eq!(told(&service["service_at_locations"][0]["phones"], "number"), ["4"]);
    }

    fn an_entry_is_kept_whole_or_not_at_all(world: &World) {
        let wrong = json!([
            {"id": "good", "name": "Good"},
            {"id": "long", "name": "x".repeat(201)},
            {"name": "Nobody could find it again"},
            {"id": "ages", "name": "Ages", "minimum_age": 30, "maximum_age": 18},
            {"id": "hours", "name": "Hours", "schedules": [{"opens_at": "25:00"}], "service_at_locations": [
                {"id": "at", "location": {"id": "there", "name": "There"}}]},
            {"id": "place", "name": "Place", "service_at_locations": [
                {"id": "at-nowhere", "location": {"id": "nowhere", "url": "no address"}}]},
        ]);
        let report = imported(world, "service_type=housing", &wrong.to_string());
        let told = |id: &str| {
            let entries = report["entries"].as_array().unwrap();
            let entry = entries.iter().find(|entry| entry["source_id"] == id && entry["status"] == "rejected");
            entry.map(|entry| entry["errors"][0]["pointer"].as_str().unwrap().to_owned()).unwrap_or_default()
        };
        for (id, pointer) in [
            ("good", ""), ("long", "#/name"), ("ages", "#/maximum_age"), ("hours", "#/schedules/0/opens_at"),
            ("at", "#/service_id"), ("there", ""), ("place", ""), ("nowhere", "#/url"), ("at-nowhere", "#/location_id"),
        ] {
            assert_eq!(told(id), pointer, "{id}: {report}");
        }
        // Kept: two services and a location.
        assert_eq!(counts(&report), [3, 0, 0, 7], "{report}");
        let names: Vec<Value> = exported(world).iter().map(|service| service["name"].clone()).collect();
        assert_eq!(names, ["Good", "Place"]);
        let unclassified = imported(world, "", &json!([{"id": "new", "name": "New"}]).to_string());
        assert_eq!(unclassified["entries"][0]["errors"][0]["pointer"], "#/service_type");
    }

    fn a_link_to_no_place_on_the_web_is_left_out_and_what_stands_beside_it_is_kept(world: &World) {
        let import = |url: &str, email: &str| {
            let there = json!([{"id": "at", "location": {"id": "there", "name": "There", "url": url}}]);
            let file = json!([{"id": "one", "name": "One", "url": url, "email": email, "service_at_locations": there,
                "required_documents": [{"id": "d", "document": "Permit", "uri": "urn:permit"}]}]);
            imported(world, "service_type=housing", &file.to_string())
        };
        let told = || {
            let service = exported(world)[0].clone();
            let document = service["required_documents"][0].clone();
            (service["url"].clone(), service["email"].clone(), service["service_at_locations"][0]["location"]["url"].clone(),
                document["document"].clone(), document["uri"].clone())
        };
        let address = json!("http://udine.example/one");
        assert_eq!(counts(&import("HTTP://udine.example/one", "a@udine.example"))[3], 0);
        assert_eq!(told(), (address.clone(), json!("a@udine.example"), address.clone(), json!("Permit"), Value::Null));
        let report = import("ftp://udine.example/one", "b@udine.example");
        assert_eq!(counts(&report)[3], 0, "{report}");
        let entries = report["entries"].as_array().unwrap();
        let service = entries.iter().find(|entry| entry["source_id"] == "one").unwrap();
        assert_eq!(service["lost"], json!(["required_documents/*/uri", "url"]));
        // What was known is not taken away by an address that is of no use.
        assert_eq!(told(), (address.clone(), json!("b@udine.example"), address, json!("Permit"), Value::Null));
    }

    fn a_file_of_others_touches_only_what_is_below_the_one_who_imports(world: &World) {
        let (anna, paolo) = (world.anna_system_administrator(), world.paolo_organisation_administrator());
        let theirs = json!({"organisation_id": world.fixture.comune_trieste, "name": "Theirs", "service_type": "housing", "provider_kind": "internal"});
        let theirs = anna.post("/services", &theirs).expect(201).id();
        let file = json!([{"id": theirs, "name": "Mine now", "organization": {"id": world.fixture.comune_trieste, "name": "Comune di Trieste"}}]);
        let report = imported(world, "service_type=housing", &file.to_string());
        assert_eq!(counts(&report), [2, 0, 0, 0], "another service, of another body: {report}");
        assert_eq!(anna.get(&format!("/services/{theirs}")).expect(200).json()["name"], "Theirs");
        let made = report["entries"][0]["id"].as_str().unwrap();
        let made = anna.get(&format!("/organisations/{made}")).expect(200).json();
        assert_eq!(made["parent_id"], json!(world.fixture.comune_udine));
        // What bears the importing organisation's own name is that one, and what it keeps is found by its own id.
        let own = json!({"organisation_id": world.fixture.comune_udine, "name": "Ours", "service_type": "housing", "provider_kind": "internal"});
        let own = paolo.post("/services", &own).expect(201).id();
        let file = json!([{"id": own, "name": "Ours, renamed", "organization": {"id": "1", "name": "Comune di Udine"}}]);
        assert_eq!(counts(&imported(world, "", &file.to_string())), [0, 1, 1, 0]);
        assert_eq!(paolo.get(&format!("/services/{own}")).expect(200).json()["name"], "Ours, renamed");
        let there = format!("/organisations/{}/directory-imports", world.fixture.comune_trieste);
        import(&paolo, &there, "application/json", b"[]").expect(403);
        import(&world.maria_case_manager(), &imports(world), "application/json", b"[]").expect(403);
        import(&paolo, &format!("/organisations/{}/directory-imports", uuid::Uuid::now_v7()), "application/json", b"[]").expect(404);
    }

    fn packages_of_tables_are_read_in_both_generations(world: &World) {
        let third = zipped(&[
            ("hsds/organizations.csv", "id,name,description\norg,Valley Aid,Helps\n"),
            ("hsds/services.csv", "\u{feff}id,organization_id,program_id,name,status,minimum_age,last_modified\n1,org,p,\"Counselling, and more\",active,12,2023\n"),
            ("hsds/locations.csv", "id,location_type,name,latitude,longitude\nplace,physical,Centre,46.06,13.23\n"),
            ("hsds/service_at_location.csv", "id,service_id,location_id,description\nat,1,place,First floor\n"),
            ("hsds/phones.csv", "id,service_id,location_id,contact_id,organization_id,number,extension\n1554f2e2-a373-45db-a3fa-9fc48a61c15e,1,place,,org,+39 1,7\n"),
            ("hsds/languages.csv", "id,phone_id,service_id,code,name\n2989d3ed-c547-48f8-8f9d-432d81c7892e,1554f2e2-a373-45db-a3fa-9fc48a61c15e,1,UR,Urdu\n"),
            ("hsds/cost_options.csv", "id,service_id,amount,currency\n1fdf4d39-3d80-484d-9f92-a8ffa08621e7,1,35,EUR\n"),
            ("hsds/programs.csv", "id,organization_id,name,alternate_name\np,org,Aid for all,All\n"),
            ("hsds/read me.txt", "hello"),
        ]);
        let path = format!("{}?service_type=psychosocial_support", imports(world));
        let paolo = world.paolo_organisation_administrator();
        let report = import(&paolo, &path, "application/zip", &third).expect(200).json();
        assert_eq!(counts(&report), [5, 0, 0, 0], "{report}");
        assert_eq!(report["entries"][3]["at"], "services.csv:2");
        let service = exported(world)[0].clone();
        assert_eq!((&service["program"]["id"], &service["program"]["alternate_name"]), (&json!("p"), &json!("All")));
        assert_eq!((&service["name"], &service["minimum_age"]), (&json!("Counselling, and more"), &json!(12)));
        let phone = json!([{"id": "1554f2e2-a373-45db-a3fa-9fc48a61c15e", "number": "+39 1", "extension": 7,
            "languages": [{"id": "2989d3ed-c547-48f8-8f9d-432d81c7892e", "code": "ur", "name": "Urdu"}]}]);
        assert_eq!((&service["phones"], &service["service_at_locations"][0]["location"]["phones"]), (&phone, &phone));
        assert_eq!(service["cost_options"][0]["amount"], 35.0);
        assert_eq!(service["service_at_locations"][0]["description"], "First floor");
        let first = zipped(&[
            ("organizations.csv", "id,name,alternate_name,email,tax_status\n91676,Library,,a@example.com,x\n"),
            ("services.csv", "id,organization_id,program_id,name,description,fees\n135836,91676,,Legal information,Self-help,Free\n"),
            ("locations.csv", "id,organization_id,name\n135831,91676,Reading room\n"),
            ("services_at_location.csv", "id,service_id,location_id\n5,135836,135831\n"),
            ("regular_schedules.csv", "id,location_id,weekday,opens_at,closes_at\n,135831,Sunday,9:00,20:00\n,135831,Monday,10:00,\n"),
            ("phones.csv", "id,service_id,organization_id,number,language\n,,91676,1,\n,135836,,(312) 938-2106,\n"),
            ("physical_addresses.csv", "id,location_id,address_1,city,state_province,postal_code,country\n,135831,1 Main,Town,IL,60601,US\n"),
            ("payment_accepted.csv", "id\n1\n"),
        ]);
        let report = import(&paolo, &path, "application/zip", &first).expect(200).json();
        assert_eq!(counts(&report), [4, 0, 0, 0], "{report}");
        let service = exported(world)[1].clone();
        assert_eq!((&service["id"], &service["fees_description"]), (&json!("135836"), &json!("Free")));
        assert_eq!(service["phones"][0]["number"], "(312) 938-2106");
        let location = &service["service_at_locations"][0]["location"];
        let hours: Vec<_> = location["schedules"].as_array().unwrap().iter().map(|one| (&one["byday"], &one["opens_at"])).collect();
        assert_eq!(hours, [(&json!("SU"), &json!("09:00")), (&json!("MO"), &json!("10:00"))]);
        assert_eq!(location["addresses"][0]["address_type"], "physical");
        let again = import(&paolo, &path, "application/zip", &first).expect(200).json();
        assert_eq!(counts(&again), [0, 0, 4, 0], "{again}");
        let (listed, tables) = (listed().concat(), ignored_tables());
        for report in [&report, &again] {
            let unlisted: Vec<String> = reported(report).into_iter().filter(|path| !is_listed(&listed, path)).collect();
            assert!(unlisted.is_empty(), "{unlisted:?}");
            for table in report["ignored"].as_array().unwrap() {
                assert!(tables.iter().any(|known| table == known), "{table}");
            }
        }
        assert_eq!(report["ignored"], json!(["payment_accepted.csv"]));
    }

    fn files_that_cannot_be_read_are_refused_as_a_whole(world: &World) {
        let (paolo, path) = (world.paolo_organisation_administrator(), imports(world));
        let refused = |media_type: &str, file: &[u8], status: u16| drop(import(&paolo, &path, media_type, file).expect(status));
        refused("application/json", b"{", 400);
        refused("application/json", b"\"text\"", 422);
        refused("application/json", b"[1]", 422);
        refused("application/json", br#"[{"id": "1", "name": "x\u0000"}]"#, 422);
        refused("text/csv", b"id,name\n1,x\n", 415);
        refused("application/zip", b"id,name\n1,x\n", 422);
        refused("application/zip", &zipped(&[("../services.csv", "id,name\n1,x\n")]), 422);
        refused("application/zip", &zipped(&[("services.csv", "id,name\n1,x\0\n")]), 422);
        // A megabyte of blanks packs to a thousandth.
        refused("application/zip", &zipped(&[("services.csv", &"\n".repeat(20 << 20))]), 422);
        let many: Vec<Value> = (0..5_001).map(|number| json!({"id": number.to_string(), "name": "x"})).collect();
        refused("application/json", json!(many).to_string().as_bytes(), 422);
        refused("application/json", &vec![b' '; (16 << 20) + 1], 413);
        import(&paolo, &format!("{path}?service_type=no_such_type"), "application/json", b"[]").expect(422);
        import(&paolo, &format!("{path}?dry_run=perhaps"), "application/json", b"[]").expect(400);
        assert_eq!(exported(world), Vec::<Value>::new());
    }
}
