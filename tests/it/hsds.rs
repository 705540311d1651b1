//! The directory as clients of the Human Services Data Specification 3.0 read it. What its entities look like is written down here
//! from the published schemas (Open Referral, CC BY-SA 4.0); `scripts/check-hsds` holds the answers to the schemas themselves.

use serde_json::{Value, json};

use crate::both;
use crate::support::http::Answer;
use crate::support::{Client, World};

/// An entity: what it must have, its texts, its numbers, its related entities (`*` behind a list's).
type Shape = (&'static str, &'static str, &'static str, &'static str, &'static [(&'static str, &'static str)]);

const SHAPES: [Shape; 18] = [
    (
        "service",
        "id name status",
        "id organization_id program_id name alternate_name description url email status interpretation_services \
         application_process fees_description wait_time fees accreditations eligibility_description assured_date assurer_email \
         licenses alert last_modified",
        "minimum_age maximum_age",
        &[
            ("phones", "phone*"),
            ("schedules", "schedule*"),
            ("service_areas", "service_area*"),
            ("service_at_locations", "service_at_location*"),
            ("languages", "language*"),
            ("organization", "organization"),
            ("program", "program"),
            ("funding", "funding*"),
            ("cost_options", "cost_option*"),
            ("required_documents", "required_document*"),
            ("contacts", "contact*"),
            ("attributes", "attribute*"),
        ],
    ),
    (
        "organization",
        "id name description",
        "id name alternate_name description email website tax_status tax_id legal_status logo uri parent_organization_id",
        "year_incorporated",
        &[
            ("organization_identifiers", "organization_identifier*"),
            ("locations", "location*"),
            ("programs", "program*"),
            ("services", "service*"),
            ("contacts", "contact*"),
            ("phones", "phone*"),
            ("funding", "funding*"),
        ],
    ),
    ("program", "id name description", "id organization_id name alternate_name description", "", &[]),
    (
        "organization_identifier",
        "id identifier_type identifier",
        "id organization_id identifier_scheme identifier_type identifier",
        "",
        &[],
    ),
    (
        "service_at_location",
        "id",
        "id service_id location_id description",
        "",
        &[
            ("contacts", "contact*"),
            ("phones", "phone*"),
            ("schedules", "schedule*"),
            ("location", "location"),
            ("service", "service"),
        ],
    ),
    (
        "location",
        "id location_type",
        "id location_type url organization_id name alternate_name description transportation external_identifier \
         external_identifier_type",
        "latitude longitude",
        &[
            ("languages", "language*"),
            ("addresses", "address*"),
            ("contacts", "contact*"),
            ("accessibility", "accessibility*"),
            ("phones", "phone*"),
            ("schedules", "schedule*"),
        ],
    ),
    (
        "address",
        "id address_1 city state_province postal_code country address_type",
        "id location_id attention address_1 address_2 city region state_province postal_code country address_type",
        "",
        &[],
    ),
    ("phone", "id number", "id number type description", "extension", &[("languages", "language*")]),
    ("contact", "id", "id name title department email", "", &[("phones", "phone*")]),
    ("language", "id", "id name code note", "", &[]),
    (
        "schedule",
        "id",
        "id valid_from valid_to dtstart until wkst freq byday byweekno bymonthday byyearday description opens_at closes_at \
         schedule_link attending_type notes",
        "timezone count interval",
        &[],
    ),
    ("service_area", "id", "id name description extent extent_type uri", "", &[]),
    ("funding", "id", "id source", "", &[]),
    ("cost_option", "id", "id valid_from valid_to option currency amount_description", "amount", &[]),
    ("required_document", "id", "id document uri", "", &[]),
    ("accessibility", "id", "id description details url", "", &[]),
    (
        "attribute",
        "id",
        "id link_id taxonomy_term_id link_type link_entity value",
        "",
        &[("taxonomy_term", "taxonomy_term")],
    ),
    (
        "taxonomy_term",
        "id name description",
        "id code name description parent_id taxonomy language taxonomy_id term_uri",
        "",
        &[],
    ),
];

/// Holds an entity, and all that it holds, to its shape.
#[track_caller]
fn is_shaped(kind: &str, entity: &Value) {
    let shape = SHAPES.iter().find(|shape| shape.0 == kind).unwrap_or_else(|| panic!("no shape of {kind}"));
    let (_, required, texts, numbers, related) = shape;
    let members = entity.as_object().unwrap_or_else(|| panic!("{kind} is no object: {entity}"));
    for name in required.split_whitespace() {
        assert!(members.contains_key(name), "{kind} lacks {name}: {entity}");
    }
    for (name, value) in members {
        let holds = |names: &str| names.split_whitespace().any(|known| known == name);
        if holds(texts) {
            assert!(value.is_string(), "{kind}.{name} is no text: {value}");
        } else if holds(numbers) {
            assert!(value.is_number(), "{kind}.{name} is no number: {value}");
        } else {
            let of =
                related.iter().find(|(known, _)| known == name).unwrap_or_else(|| panic!("{kind} has no {name}")).1;
            match of.strip_suffix('*') {
                Some(of) => value.as_array().expect("a list").iter().for_each(|item| is_shaped(of, item)),
                None => is_shaped(of, value),
            }
        }
    }
    if let Some(id) = members.get("id") {
        uuid::Uuid::parse_str(id.as_str().expect("a text")).expect("an id of HSDS is a UUID");
    }
}

/// A client of HSDS: it has no token and knows no other address.
struct Reader {
    client: Client,
}

impl Reader {
    fn of(world: &World) -> Self {
        Self { client: world.nobody() }
    }

    #[track_caller]
    fn get(&self, path: &str) -> Answer {
        self.client.get(&format!("//rest/hsds/v3{path}"))
    }

    #[track_caller]
    fn page(&self, path: &str, kind: &str) -> Vec<Value> {
        let page = self.get(path).expect(200).json();
        let contents = page["contents"].as_array().expect("contents").clone();
        contents.iter().for_each(|entity| is_shaped(kind, entity));
        assert_eq!(page["size"], contents.len());
        assert_eq!(page["empty"], contents.is_empty());
        contents
    }
}

fn names(entities: &[Value]) -> Vec<&str> {
    entities.iter().map(|entity| entity["name"].as_str().unwrap()).collect()
}

/// A service with one of everything, at a location with one of everything.
fn everything(world: &World) -> (String, String, String) {
    let paolo = world.paolo_organisation_administrator();
    let program = json!({"organisation_id": world.fixture.comune_udine, "name": "First steps", "alternate_name": "The first year"});
    let program = paolo.post("/programs", &program).expect(201).id();
    let phone = json!([{"number": "+39 0432 000000", "extension": 1, "type": "voice", "description": "reception",
        "languages": [{"code": "uk", "name": "Ukrainian", "note": "on Tuesdays"}]}]);
    let schedule = json!([{"valid_from": "2026-01-01", "valid_to": "2026-12-31", "dtstart": "2026-01-05", "timezone": 1,
        "until": "2026-12-21", "count": 50, "wkst": "MO", "freq": "WEEKLY", "interval": 1, "byday": "MO,TH", "byweekno": "1,2",
        "bymonthday": "1", "byyearday": "1", "description": "mornings", "opens_at": "09:00", "closes_at": "12:30:00",
        "schedule_link": "https://udine.example/orari", "attending_type": "in person", "notes": "ring"}]);
    let contact = json!([{"name": "Desk", "title": "Clerk", "department": "Social services", "email": "desk@udine.example", "phones": phone}]);
    let service = paolo.post("/services", &json!({
        "organisation_id": world.fixture.comune_udine, "name": "Sportello", "service_type": "migration_counselling",
        "provider_kind": "internal", "program_id": program, "status": "temporarily_closed", "minimum_age": 0, "maximum_age": 120,
        "eligibility": {"target_groups": ["refugee", "worker"], "territory_ids": [world.fixture.udine]},
        "url": "https://udine.example/", "email": "sportello@udine.example", "alternate_name": "Help desk", "description": "First orientation",
        "interpretation_services": "by telephone", "application_process": "walk in", "fees_description": "free", "wait_time": "a week",
        "accreditations": "none", "licenses": "none", "eligibility_description": "everyone", "alert": "closed on 3 February",
        "phones": phone, "schedules": schedule, "contacts": contact, "languages": [{"code": "it"}],
        "service_areas": [{"name": "Udine", "description": "the town", "territory_id": world.fixture.udine, "extent": "{}",
            "extent_type": "geojson", "uri": "https://udine.example/confini"}],
        "funding": [{"source": "FAMI"}],
        "cost_options": [{"valid_from": "2026-01-01", "valid_to": "2026-12-31", "option": "all", "amount": {"amount": "12.50", "currency": "EUR"},
            "amount_description": "a year"}],
        "required_documents": [{"document": "Passport", "uri": "https://udine.example/documenti"}],
    })).expect(201).id();
    let location = paolo.post("/locations", &json!({
        "organisation_id": world.fixture.comune_udine, "territory_id": world.fixture.udine, "name": "Municipio", "alternate_name": "Town hall",
        "description": "Ground floor", "transportation": "Bus 1", "url": "https://udine.example/municipio", "latitude": 46.0637, "longitude": 13.2358,
        "addresses": [{"attention": "Desk", "address_1": "Via Inventata 1", "address_2": "Scala B", "city": "Udine", "region": "FVG",
            "state_province": "UD", "postal_code": "33100", "country": "IT", "address_type": "physical"}],
        "phones": phone, "schedules": schedule, "contacts": contact, "languages": [{"code": "it"}],
        "accessibility": [{"description": "step-free", "details": "lift", "url": "https://udine.example/accesso"}],
    })).expect(201).id();
    let at = paolo.post(&format!("/services/{service}/service-at-locations"),
        &json!({"location_id": location, "description": "first door", "phones": phone, "schedules": schedule, "contacts": contact}));
    (service, location, at.expect(201).id())
}

both! {
    fn everything_of_the_directory_is_read_in_the_words_of_hsds_by_whoever_asks(world: &World) {
        let (service, location, at) = everything(world);
        let reader = Reader::of(world);
        let base = reader.get("/").expect(200).json();
        assert_eq!(base["version"], "3.0");
        assert!(base["openapi_url"].as_str().unwrap().starts_with("https://") && base["profile"].is_string());
        let told = reader.get(&format!("/services/{service}")).expect(200).json();
        is_shaped("service", &told);
        assert_eq!(told["status"], "temporarily closed");
        assert_eq!(told["organization"]["id"], json!(world.fixture.comune_udine));
        assert_eq!(told["cost_options"][0]["amount"], 12.5);
        assert_eq!(told["cost_options"][0]["currency"], "EUR");
        assert_eq!(told["service_at_locations"][0]["location"]["addresses"][0]["postal_code"], "33100");
        assert_eq!(told["phones"][0]["languages"][0]["code"], "uk");
        assert_eq!(told["schedules"][0]["byday"], "MO,TH");
        // A program without a description is described by its name.
        assert_eq!((&told["program_id"], &told["program"]["description"]), (&told["program"]["id"], &json!("First steps")));
        // A body that tells nothing of itself is described by its kind.
        assert_eq!((&told["organization"]["description"], &told["organization"]["phones"]), (&json!("Municipality"), &json!([])));
        let classes: Vec<_> = told["attributes"].as_array().unwrap().iter().map(|of| of["taxonomy_term"]["code"].clone()).collect();
        assert_eq!(classes, ["migration_counselling", "refugee", "worker"]);
        let organization = reader.get(&format!("/organizations/{}", world.fixture.comune_udine)).expect(200).json();
        is_shaped("organization", &organization);
        assert_eq!(organization["locations"][0]["id"], json!(location));
        assert_eq!(organization["services"][0]["id"], json!(service));
        assert_eq!(organization["programs"][0]["id"], told["program_id"]);
        let given = reader.get(&format!("/service_at_locations/{at}")).expect(200).json();
        is_shaped("service_at_location", &given);
        assert_eq!((&given["service"]["id"], &given["location"]["id"]), (&json!(service), &json!(location)));
        for (path, kind) in [
            ("/services", "service"), ("/services?full=true", "service"), ("/services?minimal=true", "service_minimal"),
            ("/organizations", "organization"), ("/organizations?full=true", "organization"),
            ("/organizations?full_service=true", "organization"), ("/service_at_locations", "service_at_location"),
            ("/service_at_locations?full=true", "service_at_location"), ("/taxonomy_terms", "taxonomy_term"),
        ] {
            if kind == "service_minimal" {
                let contents = reader.get(path).expect(200).json()["contents"].clone();
                assert!(contents[0]["modified_date"].is_string() && contents[0]["id"].is_string());
            } else {
                assert!(!reader.page(path, kind).is_empty(), "{path}");
            }
        }
        let summary = reader.get("/services").expect(200).json();
        assert!(summary["contents"][0].get("phones").is_none(), "a list has what there is one of");
    }

    fn what_organizations_tell_of_themselves_stands_in_their_services_too(world: &World) {
        let (service, _, at) = everything(world);
        let own = world.fixture.comune_udine;
        let texts = json!({"alternate_name": "The town", "description": "Services of the town", "email": "urp@udine.example",
            "website": "https://udine.example/", "uri": "https://register.example/1", "logo": "https://udine.example/logo.svg",
            "year_incorporated": 1866, "legal_status": "Public body"});
        let mut patch = texts.clone();
        patch["phones"] = json!([{"number": "+39 0432 000010", "extension": 2, "type": "voice"}]);
        patch["contacts"] = json!([{"name": "Public relations", "email": "urp@udine.example"}]);
        patch["funding"] = json!([{"source": "Taxes"}]);
        patch["ipa_code"] = json!("c_l483");
        world.paolo_organisation_administrator().patch(&format!("/organisations/{own}"), "*", &patch).expect(200);
        let reader = Reader::of(world);
        let whole = reader.get(&format!("/organizations/{own}")).expect(200).json();
        is_shaped("organization", &whole);
        let provider = reader.get(&format!("/services/{service}")).expect(200).json()["organization"].clone();
        is_shaped("organization", &provider);
        let given = reader.get(&format!("/service_at_locations/{at}")).expect(200).json();
        is_shaped("service_at_location", &given);
        for told in [&whole, &provider, &given["service"]["organization"]] {
            for (name, text) in texts.as_object().unwrap() {
                assert_eq!(told[name], *text, "{name}");
            }
            assert_eq!((&told["phones"][0]["number"], &told["contacts"][0]["name"]), (&json!("+39 0432 000010"), &json!("Public relations")));
            assert_eq!((&told["funding"][0]["source"], &told["organization_identifiers"][0]["identifier"]), (&json!("Taxes"), &json!("c_l483")));
        }
        // A list has what there is one of.
        let listed = reader.page(&format!("/services?organization_id={own}"), "service");
        assert_eq!((&listed[0]["organization"]["website"], listed[0]["organization"].get("phones")), (&texts["website"], None));
        let listed = reader.page("/organizations?search=udine", "organization");
        assert_eq!((&listed[0]["description"], listed[0].get("contacts")), (&texts["description"], None));
        // Services of an organization need not repeat it.
        assert_eq!(whole["services"][0].get("organization"), None);
    }

    fn lists_are_narrowed_and_read_page_by_page_or_as_lines(world: &World) {
        let (service, ..) = everything(world);
        let anna = world.anna_system_administrator();
        for n in 0..5 {
            let new = json!({"organisation_id": world.fixture.comune_trieste, "name": format!("Corso {n}"), "service_type": "language_course",
                "provider_kind": "external"});
            anna.post("/services", &new).expect(201);
        }
        // What is for holders of a refugee's status is not, for that, for the group of refugees.
        let new = json!({"organisation_id": world.fixture.comune_trieste, "name": "Corso 5", "service_type": "language_course",
            "provider_kind": "external", "eligibility": {"legal_statuses": ["refugee"]}});
        anna.post("/services", &new).expect(201);
        let reader = Reader::of(world);
        let page = reader.get("/services?per_page=4&page=2").expect(200).json();
        assert_eq!(page["total_items"], 7);
        assert_eq!(page["total_pages"], 2);
        assert_eq!((&page["page_number"], &page["size"]), (&json!(2), &json!(3)));
        assert_eq!((&page["first_page"], &page["last_page"], &page["empty"]), (&json!(false), &json!(true), &json!(false)));
        let beyond = reader.get("/services?per_page=4&page=3").expect(200).json();
        assert_eq!((&beyond["empty"], &beyond["last_page"]), (&json!(true), &json!(true)));
        let lines = reader.get("/services?format=ndjson&full=true").expect(200);
        assert_eq!(lines.header("content-type"), "application/x-ndjson");
        let lines: Vec<Value> = lines.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 7);
        lines.iter().for_each(|line| is_shaped("service", line));
        let found = |query: &str| reader.page(&format!("/services?{query}"), "service");
        assert_eq!(names(&found("search=corso%203")), ["Corso 3"]);
        assert_eq!(found(&format!("organization_id={}", world.fixture.comune_udine)).len(), 1);
        assert_eq!(found(&format!("organization_id={}&search=corso", world.fixture.comune_udine)).len(), 0, "conditions add up");
        assert_eq!(found("modified_after=2000-01-01T00:00:00Z").len(), 7);
        assert_eq!(found("modified_after=2100-01-01T00:00:00Z").len(), 0);
        // Taxonomies: what each service is, and whom it is for.
        let taxonomies = reader.get("/taxonomies").expect(200).json()["contents"].clone();
        let id_of = |name: &str| {
            let of = taxonomies.as_array().unwrap().iter().find(|taxonomy| taxonomy["name"] == name).expect("there");
            of["id"].as_str().unwrap().to_owned()
        };
        assert_eq!(found(&format!("taxonomy_id={}", id_of("service_types"))).len(), 7);
        assert_eq!(names(&found(&format!("taxonomy_id={}", id_of("target_groups")))), ["Sportello"]);
        assert_eq!(found(&format!("taxonomy_id={}", uuid::Uuid::now_v7())).len(), 0);
        let term = |code: &str| {
            let terms = reader.page("/taxonomy_terms?per_page=1000", "taxonomy_term");
            terms.iter().find(|term| term["code"] == code).expect("there")["id"].as_str().unwrap().to_owned()
        };
        assert_eq!(names(&found(&format!("taxonomy_term_id={}", term("worker")))), ["Sportello"]);
        assert_eq!(found(&format!("taxonomy_term_id={}", term("student"))).len(), 0);
        let terms = reader.page("/taxonomy_terms?per_page=1000", "taxonomy_term");
        let of_refugees = terms.iter().find(|term| term["code"] == "refugee" && term["taxonomy"] == "target_groups").expect("there");
        assert_eq!(names(&found(&format!("taxonomy_term_id={}", of_refugees["id"].as_str().unwrap()))), ["Sportello"]);
        assert_eq!(found(&format!("taxonomy_term_id={}", term("language_course"))).len(), 6);
        assert_eq!(found(&format!("taxonomy_term_id={}", uuid::Uuid::now_v7())).len(), 0);
        let of_types = reader.page(&format!("/taxonomy_terms?taxonomy_id={}&per_page=1000", id_of("service_types")), "taxonomy_term");
        assert!(of_types.iter().all(|term| term["taxonomy"] == "service_types") && of_types.len() > 10);
        let one = reader.get(&format!("/taxonomy_terms/{}", term("housing"))).expect(200).json();
        assert_eq!((one["code"].as_str(), one["name"].as_str()), (Some("housing"), Some("Housing search and support")));
        assert_eq!(reader.get(&format!("/taxonomies/{}", id_of("service_types"))).expect(200).json()["name"], "service_types");
        // Places, by postcode and around it.
        let given = |query: &str| reader.page(&format!("/service_at_locations?{query}"), "service_at_location").len();
        assert_eq!((given("postcode=33100"), given("postcode=34121")), (1, 0));
        let near = json!({"organisation_id": world.fixture.comune_udine, "name": "Biblioteca", "latitude": 46.0727, "longitude": 13.2358});
        let near = anna.post("/locations", &near).expect(201).id();
        anna.post(&format!("/services/{service}/service-at-locations"), &json!({"location_id": near})).expect(201);
        assert_eq!((given("postcode=33100&proximity=900"), given("postcode=33100&proximity=1100")), (1, 2));
    }

    fn a_stream_has_each_row_once_and_a_harvest_what_has_changed(world: &World) {
        let (_, location, at) = everything(world);
        let (anna, reader) = (world.anna_system_administrator(), Reader::of(world));
        for n in 0..60 {
            let new = json!({"organisation_id": world.fixture.comune_trieste, "name": format!("Corso {}", n % 7),
                "service_type": "language_course", "provider_kind": "external"});
            anna.post("/services", &new).expect(201);
        }
        let lines = |path: &str| {
            let text = reader.get(path).expect(200).text;
            let ids = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].as_str().unwrap().to_owned());
            ids.collect::<Vec<_>>()
        };
        let all: Vec<String> = reader.page("/services?per_page=1000", "service").iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect();
        assert_eq!(all.len(), 61);
        assert_eq!(lines("/services?format=ndjson&full=true"), all, "in chunks of fifty");
        assert_eq!(lines("/services?format=ndjson"), all);
        // Who harvests what has changed learns of a place's new address, and that it is given elsewhere.
        let since = || approdo::clock::now().to_string();
        let changed = |since: &str| reader.page(&format!("/services?full=true&modified_after={since}"), "service").len();
        let before = since();
        assert_eq!(changed(&before), 0);
        anna.patch(&format!("/locations/{location}"), "*", &json!({"transportation": "Bus 3"})).expect(200);
        assert_eq!(changed(&before), 1);
        let before = since();
        anna.patch(&format!("/service-at-locations/{at}"), "*", &json!({"description": "second door"})).expect(200);
        assert_eq!(changed(&before), 1);
        // What is told with it counts as well: whose it is, and what it is part of.
        let before = since();
        anna.patch(&format!("/organisations/{}", world.fixture.comune_udine), "*", &json!({"description": "The town"})).expect(200);
        assert_eq!(changed(&before), 1);
        let before = since();
        let program = anna.get("/programs").expect(200).json()["items"][0]["id"].as_str().unwrap().to_owned();
        anna.patch(&format!("/programs/{program}"), "*", &json!({"description": "The first year"})).expect(200);
        assert_eq!(changed(&before), 1);
    }

    fn what_is_not_there_or_not_right_is_told_as_a_problem(world: &World) {
        let reader = Reader::of(world);
        for (path, status) in [
            ("/services/01985b2e-0000-7000-8000-000000000004", 404), ("/services/x", 400), ("/organizations/x", 400),
            ("/organizations/01985b2e-0000-7000-8000-000000000004", 404), ("/service_at_locations/x", 400),
            ("/taxonomies/01985b2e-0000-7000-8000-000000000004", 404),
            ("/taxonomy_terms/01985b2e-0000-7000-8000-000000000004", 404), ("/services?page=0", 400),
            ("/services?per_page=1001", 400), ("/services?page=9223372036854775807", 400), ("/services?per_page=x", 400),
            ("/services?format=xml", 400), ("/services?modified_after=yesterday", 400), ("/services?taxonomy_id=x", 400),
            ("/services?no_such_parameter=1", 400), ("/services?full=true&per_page=51", 400),
            ("/organizations?full_service=true&per_page=51", 400), ("/services?search=a+b+c+d+e+f+g+h+i", 400),
            ("/service_at_locations?postcode=33100&proximity=-1", 400), ("/nothing", 404),
        ] {
            let answer = reader.get(path).expect(status);
            assert_eq!(answer.header("content-type"), "application/problem+json", "{path}");
        }
        let refused = reader.client.post("//rest/hsds/v3/services", &json!({})).expect(405);
        assert_eq!(refused.header("allow"), "GET, HEAD, OPTIONS");
        // A search is no pattern.
        assert_eq!(reader.page("/services?search=%25", "service").len(), 0);
        assert_eq!(reader.page("/organizations?search=%25", "organization").len(), 0);
        assert_eq!(reader.page("/organizations?search=udine", "organization").len(), 1);
    }
}
