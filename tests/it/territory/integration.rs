//! What a territory's profile tells of integration there (domain K8).

use serde_json::{Value, json};

use super::events::municipality;
use crate::both;
use crate::observatory::queries::{dataset_of, land};
use crate::observatory::{elena, published};
use crate::support::World;
use crate::support::planning::{in_days, today};

/// A profile as everyone who logs in reads it.
fn profile(world: &World, territory: impl std::fmt::Display) -> Value {
    world.giulia_auditor().get(&format!("/territories/{territory}/profile")).expect(200).json()
}

fn days_ago(days: u64) -> chrono::NaiveDate {
    in_days(0) - chrono::Days::new(days)
}

/// How many a list has that an address leads to.
fn listed(world: &World, href: &Value) -> usize {
    let address = href.as_str().unwrap();
    let path = address.split_once("/rest/integration/v1").unwrap().1;
    world.maria_case_manager().get(path).expect(200).json()["items"].as_array().unwrap().len()
}

fn counts(counted: &Value) -> Vec<(String, i64)> {
    let told = |row: &Value| (row["code"].as_str().unwrap().to_owned(), row["count"].as_i64().unwrap());
    counted.as_array().unwrap().iter().map(told).collect()
}

fn counted(expected: &[(&str, i64)]) -> Vec<(String, i64)> {
    expected.iter().map(|(code, count)| ((*code).to_owned(), *count)).collect()
}

fn names(rows: &Value, member: &str) -> Vec<String> {
    rows.as_array().unwrap().iter().map(|row| row[member].as_str().unwrap().to_owned()).collect()
}

/// A location of Udine's municipality.
fn place(world: &World, territory: impl serde::Serialize, languages: &[&str]) -> String {
    let languages: Vec<Value> = languages.iter().map(|code| json!({"code": code})).collect();
    let new = json!({"organisation_id": world.fixture.comune_udine, "territory_id": territory, "languages": languages});
    world.paolo_organisation_administrator().post("/locations", &new).expect(201).id()
}

/// A service of Udine's municipality that is given at these locations.
fn service(world: &World, locations: &[&str], more: &Value) -> String {
    let paolo = world.paolo_organisation_administrator();
    let mut new = json!({"organisation_id": world.fixture.comune_udine, "name": "Sportello", "service_type": "migration_counselling",
        "provider_kind": "internal"});
    new.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let service = paolo.post("/services", &new).expect(201).id();
    for location in locations {
        paolo.post(&format!("/services/{service}/service-at-locations"), &json!({"location_id": location})).expect(201);
    }
    service
}

fn program(world: &World, organisation: impl serde::Serialize, name: &str) -> String {
    let new = json!({"organisation_id": organisation, "name": name});
    world.anna_system_administrator().post("/programs", &new).expect(201).id()
}

both! {
    fn the_profile_counts_who_gives_what_in_a_territory_and_below_it(world: &World) {
        let paolo = world.paolo_organisation_administrator();
        let (hall, library) = (place(world, world.fixture.udine, &["it", "sl"]), place(world, world.fixture.udine, &[]));
        let desk = service(world, &[&hall, &library], &json!({"languages": [{"code": "it"}, {"code": "ar"}]}));
        service(world, &[&library], &json!({"name": "Anagrafe", "service_type": "language_course", "regular_structure": true, "provider_kind": "external"}));
        // Neither of these two is there: one is closed, one is given elsewhere.
        service(world, &[&hall], &json!({"name": "Chiuso", "status": "inactive", "languages": [{"code": "fr"}]}));
        service(world, &[&place(world, world.fixture.trieste, &["en"])], &json!({"name": "Trieste"}));
        paolo.post(&format!("/services/{desk}/verifications"), &json!({"method": "visit"})).expect(201);
        let udine = profile(world, world.fixture.udine)["providers"].clone();
        assert_eq!(udine["as_of"], today());
        // Given at two locations, it is one service all the same.
        assert_eq!((&udine["organisations"], &udine["services"], &udine["regular_structures"]), (&json!(1), &json!(2), &json!(1)));
        assert_eq!(counts(&udine["organisation_kinds"]), counted(&[("municipality", 1)]));
        assert_eq!(counts(&udine["provider_kinds"]), counted(&[("external", 1), ("internal", 1)]));
        assert_eq!(counts(&udine["service_types"]), counted(&[("language_course", 1), ("migration_counselling", 1)]));
        assert_eq!(counts(&udine["freshness"]), counted(&[("fresh", 1), ("stale", 1)]));
        // Spoken by the service or where it is given; none is counted twice.
        assert_eq!(counts(&udine["languages"]), counted(&[("ar", 1), ("it", 1), ("sl", 1)]));
        let region = profile(world, world.fixture.region)["providers"].clone();
        assert_eq!((&region["services"], counts(&region["languages"])[0].clone()), (&json!(3), ("ar".to_owned(), 1)));
        // Each address leads to what was counted.
        for landscape in [&udine, &region] {
            for (link, count) in [("services", "services"), ("organisations", "organisations"), ("regular_structures", "regular_structures")] {
                assert_eq!(listed(world, &landscape["_links"][link]), landscape[count].as_u64().unwrap() as usize, "{link}");
            }
            for kind in ["organisation_kinds", "provider_kinds", "service_types", "freshness"] {
                for row in landscape[kind].as_array().unwrap() {
                    assert_eq!(listed(world, &row["href"]), row["count"].as_u64().unwrap() as usize, "{row}");
                }
            }
        }
        assert_eq!(listed(world, &json!(format!("/rest/integration/v1/services?under={}&freshness=ageing", world.fixture.udine))), 0);
        let empty = profile(world, municipality(world, "030107", "Sauris", world.fixture.region))["providers"].clone();
        assert_eq!((&empty["services"], &empty["organisations"], &empty["languages"]), (&json!(0), &json!(0), &json!([])));
    }

    fn an_entry_is_as_fresh_in_the_list_as_it_is_told(world: &World) {
        let (paolo, maria) = (world.paolo_organisation_administrator(), world.maria_case_manager());
        for days in [0, 180, 181, 365, 366] {
            let verified = service(world, &[], &json!({"name": format!("Verified {days} days ago")}));
            let new = json!({"method": "visit", "verified_on": days_ago(days)});
            paolo.post(&format!("/services/{verified}/verifications"), &new).expect(201);
        }
        service(world, &[], &json!({"name": "Never verified"}));
        let mut all = 0;
        for band in ["fresh", "ageing", "stale"] {
            let page = maria.get(&format!("/services?freshness={band}")).expect(200).json();
            for row in page["items"].as_array().unwrap() {
                assert_eq!(row["freshness"], band, "{row}");
                all += 1;
            }
        }
        assert_eq!(all, 6);
    }

    fn the_profile_names_the_programs_whose_services_are_there(world: &World) {
        let (udine, trieste) = (world.fixture.comune_udine, world.fixture.comune_trieste);
        let hall = place(world, world.fixture.udine, &[]);
        let [first, elsewhere, waiting, _nowhere, closed] = [
            program(world, udine, "Accoglienza"), program(world, udine, "Altrove"), program(world, udine, "In attesa"),
            program(world, trieste, "Trieste"), program(world, udine, "Chiuso"),
        ];
        for _ in 0..2 {
            service(world, &[&hall], &json!({"program_id": first}));
        }
        service(world, &[&place(world, world.fixture.trieste, &[])], &json!({"program_id": elsewhere}));
        service(world, &[&hall], &json!({"program_id": closed, "status": "defunct"}));
        let told = profile(world, world.fixture.udine)["programs"].clone();
        // One without a service is where its organisation is; one that gives its services elsewhere is elsewhere.
        let rows: Vec<_> = told["items"].as_array().unwrap().iter()
            .map(|row| (row["program_id"].as_str().unwrap().to_owned(), row["services"].as_i64().unwrap())).collect();
        assert_eq!(rows, [(first, 2), (waiting, 0)]);
        assert_eq!((told["total"].as_u64(), listed(world, &told["href"])), (Some(2), 2));
        assert_eq!(names(&profile(world, world.fixture.region)["programs"]["items"], "name"), ["Accoglienza", "Altrove", "In attesa"]);
    }

    fn the_profile_tells_the_latest_of_every_published_indicator(world: &World) {
        let (elena, samira) = (elena(world), world.samira_help_desk_operator());
        let id = land(world);
        let (before, last, ahead) = ("2024", "2025", "2199");
        let file = |rows: &[(&str, &str, &str, &str)]| {
            let lines = rows.iter().map(|(area, sex, period, rest)| format!("{area},{sex},{period},{rest}\n"));
            format!("REF_AREA,SEX,TIME_PERIOD,OBS_VALUE,OBS_STATUS\n{}", lines.collect::<String>())
        };
        let foreigners = dataset_of(world, "FOREIGNERS", "stock", &["SEX"]);
        published(&elena, &foreigners, file(&[
            ("901001", "1", before, "40,"), ("901001", "2", before, "60,"),
            ("901001", "1", last, "50,p"), ("901001", "2", last, "70,"),
            // A projection: nobody has counted it yet.
            ("901001", "1", ahead, "500,"), ("901001", "2", ahead, "500,"),
            ("901002", "1", before, "10,"), ("901002", "2", before, "10,"), ("901002", "2", last, ",Q"),
            ("902001", "1", before, "1,"), ("902001", "2", before, "1,"),
        ]).as_bytes());
        let people = dataset_of(world, "PEOPLE", "stock", &[]);
        published(&elena, &people, format!("REF_AREA,TIME_PERIOD,OBS_VALUE\n901001,{before},1000\n901002,{before},0\n901002,{last},0\n").as_bytes());
        let draft = dataset_of(world, "DRAFT", "stock", &[]);
        let both = json!({"dataset_id": foreigners, "filters": [{"dimension": "SEX", "codes": ["1", "2"]}]});
        let indicator = |code: &str, numerator: &Value, more: &Value| {
            let mut new = json!({"organisation_id": world.fixture.root, "code": code, "name": code, "unit": "persons", "numerator": numerator, "method": "Counted."});
            new.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            elena.post("/indicators", &new).expect(201).id()
        };
        let count = indicator("A_COUNT", &both, &json!({}));
        let share = indicator("B_SHARE", &both, &json!({"unit": "%", "factor": 100, "denominator": {"dataset_id": people}}));
        indicator("C_DRAFT", &json!({"dataset_id": draft}), &json!({}));
        let told = |place: &str| -> Vec<String> {
            let rows = profile(world, id(place))["composition"]["indicators"].clone();
            rows.as_array().unwrap().iter().map(|row| {
                let value = row["gap"].as_str().map_or_else(|| row["value"].to_string(), str::to_owned);
                let mark = if row["is_provisional"] == true { " p" } else { "" };
                format!("{} {}={value}{mark}", row["name"].as_str().unwrap(), row["period"].as_str().unwrap())
            }).collect()
        };
        // The ratio is of the last year that both were told of.
        assert_eq!(told("901001"), [format!("A_COUNT {last}=120.0 p"), format!("B_SHARE {before}=10.0")]);
        // What is hidden is told to be.
        assert_eq!(told("901002"), [format!("A_COUNT {last}=suppressed"), format!("B_SHARE {last}=suppressed")]);
        assert_eq!(told("902001"), [format!("A_COUNT {before}=2.0"), format!("B_SHARE {last}=not_reported")]);
        // Of what lies below it, each indicator tells at its own address.
        assert_eq!(told("901"), Vec::<String>::new());
        let rows = profile(world, id("901001"))["composition"].clone();
        for (row, indicator) in rows["indicators"].as_array().unwrap().iter().zip([&count, &share]) {
            assert_eq!((&row["indicator_id"], &row["published_on"]), (&json!(indicator), &json!(today())));
            let path = format!("/indicators/{indicator}/values?under={}&from={p}&to={p}", id("901001"), p = row["period"].as_str().unwrap());
            let same = samira.get(&path).expect(200).json()["items"][0].clone();
            for member in ["period", "value", "gap", "is_provisional", "is_estimated"] {
                assert_eq!(row.get(member), same.get(member), "{member} of {indicator}");
            }
            assert!(listed(world, &row["href"]) > 1);
        }
        assert_eq!(names(&rows["datasets"], "name"), ["FOREIGNERS", "PEOPLE"]);
        assert_eq!((&rows["datasets"][0]["period"], listed(world, &rows["datasets"][0]["href"])), (&json!(last), 2));
        // On an earlier day, of what had begun by then.
        let then = samira.get(&format!("/territories/{}/profile?on={before}-12-31", id("901001"))).expect(200).json();
        assert_eq!(then["composition"]["indicators"][0]["value"], 100.0);
    }

    fn a_share_of_a_year_is_told_where_the_denominator_is_told_by_month_as_well(world: &World) {
        let elena = elena(world);
        let id = land(world);
        let foreigners = dataset_of(world, "FOREIGNERS", "stock", &["SEX"]);
        published(&elena, &foreigners, b"REF_AREA,SEX,TIME_PERIOD,OBS_VALUE\n901001,9,2023,30\n901001,9,2024,50\n");
        let people = dataset_of(world, "PEOPLE", "stock", &["SEX"]);
        let months = (2024..=2025).flat_map(|year| (1..=12).map(move |month| format!("901001,9,{year}-{month:02},7\n")));
        let file = format!("REF_AREA,SEX,TIME_PERIOD,OBS_VALUE\n901001,9,2023,600\n901001,9,2024,1000\n{}", months.collect::<String>());
        published(&elena, &people, file.as_bytes());
        let new = json!({"organisation_id": world.fixture.root, "code": "SHARE", "name": "Share", "unit": "%", "factor": 100,
            "numerator": {"dataset_id": foreigners}, "denominator": {"dataset_id": people}, "method": "Counted."});
        elena.post("/indicators", &new).expect(201);
        let row = profile(world, id("901001"))["composition"]["indicators"][0].clone();
        assert_eq!((&row["period"], &row["value"]), (&json!("2024"), &json!(5.0)), "{row}");
    }

    fn the_profile_leaves_to_its_own_address_what_cannot_be_added_up(world: &World) {
        let (elena, samira) = (elena(world), world.samira_help_desk_operator());
        let id = land(world);
        let people = dataset_of(world, "PEOPLE", "stock", &["SEX"]);
        published(&elena, &people, b"REF_AREA,SEX,TIME_PERIOD,OBS_VALUE\n901001,1,2024,4\n901001,5,2024,6\n901001,9,2024,10\n");
        let indicator = |code: &str, codes: &[&str]| {
            let filters = if codes.is_empty() { json!([]) } else { json!([{"dimension": "SEX", "codes": codes}]) };
            let new = json!({"organisation_id": world.fixture.root, "code": code, "name": code, "unit": "persons",
                "numerator": {"dataset_id": people, "filters": filters}, "method": "Counted."});
            elena.post("/indicators", &new).expect(201).id()
        };
        let enter = |codes: Value| {
            elena.put(&format!("/datasets/{people}/codelists/SEX"), &json!({"codes": codes})).expect(200);
        };
        let told = || names(&profile(world, id("901001"))["composition"]["indicators"], "name");
        let values = |indicator: &str| samira.get(&format!("/indicators/{indicator}/values?under={}", id("901001")));
        enter(json!([{"code": "9"}, {"code": "5", "parent_code": "9"}, {"code": "1", "parent_code": "9"}]));
        let (some, all, one) = (indicator("A_SOME", &["1", "5"]), indicator("B_ALL", &[]), indicator("C_ONE", &["1"]));
        assert_eq!(told(), ["A_SOME", "B_ALL", "C_ONE"]);
        // Now one of them is held by the other one.
        enter(json!([{"code": "1", "parent_code": "5"}]));
        assert_eq!(told(), ["B_ALL", "C_ONE"]);
        values(&some).expect(400);
        // So it is with one between them that is not named.
        enter(json!([{"code": "7", "parent_code": "5"}, {"code": "1", "parent_code": "7"}]));
        assert_eq!(told(), ["B_ALL", "C_ONE"]);
        values(&some).expect(400);
        // Of two codes that none holds, neither holds all others.
        enter(json!([{"code": "5"}]));
        assert_eq!(told(), ["C_ONE"]);
        values(&all).expect(400);
        values(&one).expect(200);
    }

    fn the_profile_tells_by_which_means_integration_can_be_worked_on(world: &World) {
        let (anna, paolo, elena) = (world.anna_system_administrator(), world.paolo_organisation_administrator(), elena(world));
        let (udine, trieste) = (world.fixture.comune_udine, world.fixture.comune_trieste);
        place(world, world.fixture.udine, &[]);
        let union = json!({"kind": "union", "code_system": "own", "code": "UTI1", "name": "Unione", "country_code": "IT", "valid_from": "2000-01-01"});
        let union = anna.post("/territories", &union).expect(201).id();
        let convention = json!({"kind": "convention", "code_system": "own", "code": "C1", "name": "Convenzione", "country_code": "IT", "valid_from": "2000-01-01"});
        let convention = anna.post("/territories", &convention).expect(201).id();
        for (aggregate, end) in [(&union, None), (&convention, Some("2010-01-01"))] {
            let mut member = json!({"member_id": world.fixture.udine, "valid_from": "2001-01-01"});
            if let Some(end) = end {
                member["valid_to"] = json!(end);
            }
            anna.post(&format!("/territories/{aggregate}/memberships"), &member).expect(201);
        }
        // What the union is a member of holds in its municipalities as well, for as long as it is one.
        let district = |code: &str, end: Option<&str>| {
            let new = json!({"kind": "district", "code_system": "own", "code": code, "name": code, "country_code": "IT", "valid_from": "2000-01-01"});
            let district = anna.post("/territories", &new).expect(201).id();
            let mut member = json!({"member_id": union, "valid_from": "2001-01-01"});
            if let Some(end) = end {
                member["valid_to"] = json!(end);
            }
            anna.post(&format!("/territories/{district}/memberships"), &member).expect(201);
            district
        };
        let (district, former) = (district("D1", None), district("D2", Some("2010-01-01")));
        let network = |name: &str, members: &[Value]| {
            let new = json!({"organisation_id": udine, "name": name, "starts_on": "2020-01-01"});
            let network = paolo.post("/networks", &new).expect(201).id();
            for (organisation, end) in members.iter().map(|row| (&row[0], &row[1])) {
                for role in ["municipality", "employers"] {
                    let mut member = json!({"organisation_id": organisation, "role": role, "valid_from": "2020-01-01"});
                    if !end.is_null() {
                        member["valid_to"] = end.clone();
                    }
                    paolo.post(&format!("/networks/{network}/members"), &member).expect(201);
                }
            }
        };
        network("Rete", &[json!([udine, null]), json!([trieste, null])]);
        network("Di ieri", &[json!([udine, "2021-01-01"])]);
        network("Di altri", &[json!([trieste, null])]);
        let agreement = |title: &str, more: &Value, is_signed: bool| {
            let mut new = json!({"organisation_id": udine, "title": title, "agreement_type": "protocol", "legal_basis": "public_task",
                "data_categories": ["identity"], "response_hours": 48, "valid_from": "2020-01-01",
                "parties": [{"organisation_id": udine, "may_send": true}, {"organisation_id": trieste, "may_receive": true}]});
            new.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            let made = anna.post("/agreements", &new).expect(201).id();
            if is_signed {
                let signatures = [udine, trieste].map(|id| json!({"organisation_id": id, "signed_on": "2020-01-01"}));
                anna.post_matching(&format!("/agreements/{made}/transitions"), "*", &json!({"to": "signed", "signatures": signatures})).expect(201);
            }
        };
        agreement("Everywhere", &json!({"target_groups": ["refugee"], "service_ids": [service(world, &[], &json!({}))]}), true);
        agreement("Region", &json!({"target_groups": ["worker"], "territory_ids": [world.fixture.region], "valid_from": "2020-01-02"}), true);
        agreement("Trieste", &json!({"target_groups": ["student"], "territory_ids": [world.fixture.trieste]}), true);
        agreement("District", &json!({"target_groups": ["family_member"], "territory_ids": [district], "valid_from": "2020-01-03"}), true);
        agreement("Draft", &json!({"territory_ids": [world.fixture.udine]}), false);
        agreement("To come", &json!({"target_groups": ["other"], "territory_ids": [world.fixture.udine], "valid_from": in_days(10)}), true);
        let document = |title: &str, territory: Value, more: &Value| {
            let mut new = json!({"organisation_id": world.fixture.root, "issuing_body": "Consiglio regionale", "territory_id": territory,
                "kind": "law", "policy_area": "housing", "title": title, "adopted_on": "2025-05-01"});
            new.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            elena.post("/policy-documents", &new).expect(201);
        };
        document("Of the region", json!(world.fixture.region), &json!({"mainstreaming": {"status": "planned", "as_of": "2025-06-01"}}));
        document("Of the union", json!(union), &json!({"adopted_on": "2025-06-01"}));
        document("Of the district", json!(district), &json!({"adopted_on": "2025-07-01"}));
        document("Of a former district", json!(former), &json!({}));
        document("Of Trieste", json!(world.fixture.trieste), &json!({}));
        document("Over", json!(world.fixture.udine), &json!({"valid_to": "2025-06-01"}));
        document("To come", json!(world.fixture.udine), &json!({"valid_from": in_days(10)}));
        let told = profile(world, world.fixture.udine)["options"].clone();
        let forms: Vec<_> = told["joint_management"].as_array().unwrap().iter()
            .map(|row| (row["form"].as_str().unwrap().to_owned(), names(&row["in_force"], "name"))).collect();
        assert_eq!(forms, [("union".to_owned(), vec!["Unione".to_owned()]), ("convention".to_owned(), vec![])]);
        assert_eq!((&told["networks"][0]["name"], &told["networks"][0]["members_there"]), (&json!("Rete"), &json!(1)));
        assert_eq!(names(&told["agreements"], "title"), ["District", "Region", "Everywhere"]);
        assert_eq!(names(&told["policy_documents"], "title"), ["Of the district", "Of the union", "Of the region"]);
        assert_eq!(told["policy_documents"][2]["mainstreaming"], "planned");
        assert_eq!((&told["networks_total"], &told["agreements_total"], &told["policy_documents_total"]), (&json!(1), &json!(3), &json!(3)));
        let maria = world.maria_case_manager();
        for row in ["networks", "agreements", "policy_documents"].iter().flat_map(|kind| told[kind].as_array().unwrap()) {
            let path = row["href"].as_str().unwrap().split_once("/rest/integration/v1").unwrap().1.to_owned();
            maria.get(&path).expect(200);
        }
        // On an earlier day, of what was in force then.
        let then = maria.get(&format!("/territories/{}/profile?on=2009-12-31", world.fixture.udine)).expect(200).json()["options"].clone();
        assert_eq!((names(&then["joint_management"][1]["in_force"], "name"), &then["networks"], &then["policy_documents_total"]), (vec!["Convenzione".to_owned()], &json!([]), &json!(0)));
        // No region can found a union of municipalities.
        assert_eq!(profile(world, world.fixture.region)["options"]["joint_management"], json!([]));
    }

    fn a_profile_that_says_the_same_is_not_sent_again(world: &World) {
        let maria = world.maria_case_manager();
        let path = format!("/territories/{}/profile", world.fixture.udine);
        let tag = maria.get(&path).expect(200).header("etag").to_owned();
        let held = |tag: &str| maria.send("GET", &path, &[("if-none-match", tag)], None);
        held(&tag).expect(304);
        // The territory itself is the same; what is there is not.
        service(world, &[&place(world, world.fixture.udine, &[])], &json!({}));
        held(&tag).expect(200);
    }
}
