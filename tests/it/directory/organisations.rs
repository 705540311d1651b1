//! Organisations: what they tell of themselves.

use serde_json::{Value, json};

use crate::both;

fn told_of_itself() -> Value {
    json!({"alternate_name": "Città di Udine", "description": "Il comune e i suoi servizi.", "email": "urp@udine.example",
        "website": "https://udine.example/", "uri": "https://register.example/030129", "logo": "https://udine.example/logo.svg",
        "year_incorporated": 1866, "legal_status": "Ente pubblico", "phones": [{"number": "+39 0432 000000", "extension": 1}],
        "contacts": [{"name": "URP", "email": "urp@udine.example", "phones": [{"number": "+39 0432 000001"}]}],
        "funding": [{"source": "Bilancio comunale"}]})
}

/// Without the ids that parts are given.
fn plain(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(plain).collect(),
        Value::Object(members) => {
            let kept = members.iter().filter(|(name, value)| *name != "id" && **value != json!([]));
            kept.map(|(name, value)| (name.clone(), plain(value))).collect::<serde_json::Map<_, _>>().into()
        }
        other => other.clone(),
    }
}

fn without_parts(told: &Value) -> Value {
    let names: Vec<String> = told_of_itself().as_object().unwrap().keys().cloned().collect();
    let kept = told.as_object().unwrap().iter().filter(|(name, _)| names.contains(name));
    plain(&kept.map(|(name, value)| (name.clone(), value.clone())).collect::<serde_json::Map<_, _>>().into())
}

both! {
    fn an_organisation_tells_of_itself_what_its_administrators_say(world: &World) {
        let (anna, paolo, maria) = (world.anna_system_administrator(), world.paolo_organisation_administrator(), world.maria_case_manager());
        let own = format!("/organisations/{}", world.fixture.comune_udine);
        let before = maria.get(&own).expect(200).json();
        assert_eq!((before.get("description"), &before["phones"]), (None, &json!([])));
        maria.patch(&own, "*", &told_of_itself()).expect(403);
        paolo.patch(&format!("/organisations/{}", world.fixture.comune_trieste), "*", &told_of_itself()).expect(403);
        let told = paolo.patch(&own, "*", &told_of_itself()).expect(200).json();
        assert_eq!((without_parts(&told), &told["version"], &told["name"]), (told_of_itself(), &json!(2), &json!("Comune di Udine")));
        assert_eq!(maria.get(&own).expect(200).json(), told);
        // A part keeps the id it is sent with; what is removed is not told.
        let phones = json!([{"id": told["phones"][0]["id"], "number": "+39 0432 000002"}]);
        let edited = paolo.patch(&own, "*", &json!({"phones": phones, "logo": null, "contacts": []})).expect(200).json();
        assert_eq!((&edited["phones"][0]["id"], edited.get("logo"), &edited["contacts"]), (&told["phones"][0]["id"], None, &json!([])));
        assert_eq!(paolo.patch(&own, "*", &json!({"logo": null})).expect(200).json()["version"], 3, "the same again is no change");
        // One that is new tells it from the beginning.
        let mut new = told_of_itself();
        for (name, value) in [("name", json!("Comune di Faedis")), ("kind", json!("municipality")), ("parent_id", json!(world.fixture.comune_udine))] {
            new[name] = value;
        }
        let made = anna.post("/organisations", &new).expect(201).json();
        assert_eq!(without_parts(&made), told_of_itself());
        assert_eq!(maria.get(&format!("/organisations/{}", made["id"].as_str().unwrap())).expect(200).json(), made);
    }

    fn a_list_of_organisations_has_what_one_chooses_from(world: &World) {
        let paolo = world.paolo_organisation_administrator();
        let own = format!("/organisations/{}", world.fixture.comune_udine);
        paolo.patch(&own, "*", &told_of_itself()).expect(200);
        let listed = paolo.get("/organisations?kind=municipality").expect(200).json();
        let udine = listed["items"].as_array().unwrap().iter().find(|one| one["name"] == "Comune di Udine").unwrap();
        assert_eq!(without_parts(udine), json!({}));
        assert_eq!((&udine["version"], &udine["kind"]), (&json!(2), &json!("municipality")));
    }

    fn what_an_organisation_cannot_be_is_refused_by_name(world: &World) {
        let paolo = world.paolo_organisation_administrator();
        let own = format!("/organisations/{}", world.fixture.comune_udine);
        for (patch, pointer) in [
            (json!({"description": ""}), "#/description"),
            (json!({"email": "nobody"}), "#/email"),
            (json!({"website": "udine.example"}), "#/website"),
            (json!({"uri": "x"}), "#/uri"),
            (json!({"logo": "x"}), "#/logo"),
            (json!({"year_incorporated": 0}), "#/year_incorporated"),
            (json!({"phones": null}), "#/phones"),
            (json!({"phones": [{"number": ""}]}), "#/phones/0/number"),
            (json!({"contacts": [{"email": "x"}]}), "#/contacts/0/email"),
            (json!({"funding": vec![json!({"source": "x"}); 21]}), "#/funding"),
        ] {
            let refused = paolo.patch(&own, "*", &patch).expect(422).json();
            assert_eq!(refused["errors"][0]["pointer"], pointer, "{patch}: {refused}");
        }
        assert_eq!(paolo.get(&own).expect(200).json()["version"], 1);
    }

    fn no_organisation_lies_below_itself_because_none_is_moved(world: &World) {
        let (anna, paolo) = (world.anna_system_administrator(), world.paolo_organisation_administrator());
        let own = json!(world.fixture.comune_udine);
        let new = json!({"name": "Ufficio", "kind": "municipality", "parent_id": own});
        let below = paolo.post("/organisations", &new).expect(201).id();
        let read = |id: &str| anna.get(&format!("/organisations/{id}")).expect(200).json();
        let listed = || anna.get("/organisations?limit=200").expect(200).json()["items"].clone();
        let before = listed();
        for (id, parent) in [(own.as_str().unwrap(), json!(below)), (own.as_str().unwrap(), own.clone()), (&below, json!(below)), (&below, own.clone())] {
            for client in [&anna, &paolo] {
                let told = read(id);
                let refused = client.patch(&format!("/organisations/{id}"), "*", &json!({"name": "Moved", "parent_id": parent})).expect(422).json();
                assert_eq!(refused["errors"][0]["pointer"], "#/parent_id", "{refused}");
                assert_eq!(read(id), told);
            }
        }
        // Nor is one made below itself, or below nobody: its id is not the caller's to choose.
        let mut itself = new.clone();
        (itself["id"], itself["parent_id"]) = (json!("01985b2e-0000-7000-8000-0000000000aa"), json!("01985b2e-0000-7000-8000-0000000000aa"));
        let refused = anna.post("/organisations", &itself).expect(422).json();
        assert_eq!(refused["errors"][0]["pointer"], "#/id", "{refused}");
        itself.as_object_mut().unwrap().remove("id");
        let refused = anna.post("/organisations", &itself).expect(422).json();
        assert_eq!(refused["errors"][0]["pointer"], "#/parent_id", "{refused}");
        assert_eq!(listed(), before);
    }
}
