//! Translations of services, and of what surrounds them: told where they were reviewed, until the original changes.

use serde_json::{Value, json};

use crate::both;
use crate::support::http::Answer;
use crate::support::{Client, World};

/// A service of Udine with its address.
fn service(world: &World) -> String {
    let new = json!({"organisation_id": world.fixture.comune_udine, "name": "Italiano", "description": "Due volte alla settimana.",
        "service_type": "language_course", "provider_kind": "internal"});
    format!("/services/{}", world.paolo_organisation_administrator().post("/services", &new).expect(201).id())
}

fn in_language(client: &Client, path: &str, accepted: &str) -> Answer {
    client.send("GET", path, &[("accept-language", accepted)], None).expect(200)
}

fn states(translation: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    translation["texts"].as_array().unwrap().iter().map(|one| (text(&one["field"]), text(&one["state"]))).collect()
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(field, state)| ((*field).to_owned(), (*state).to_owned())).collect()
}

both! {
    fn only_reviewed_texts_stand_in_the_place_of_the_original(world: &World) {
        let (paolo, maria) = (world.paolo_organisation_administrator(), world.maria_case_manager());
        let address = service(world);
        let ukrainian = format!("{address}/translations/uk");
        let told = |accepted: &str| in_language(&maria, &address, accepted);
        for (state, shown) in [("draft", "Italiano"), ("machine", "Italiano"), ("reviewed", "Італійська")] {
            let kept = paolo.put(&ukrainian, &json!({"fields": {"name": "Італійська"}, "state": state})).expect(200).json();
            assert_eq!(states(&kept), pairs(&[("name", state)]));
            assert_eq!(told("uk").json()["name"], shown, "{state}");
        }
        let service = told("uk-UA, it;q=0.8");
        assert_eq!(service.header("content-language"), "uk");
        // What is not translated is told in the original.
        assert_eq!(service.json()["description"], "Due volte alla settimana.");
        for accepted in ["it, uk;q=0.9", "de", "*", "uk;q=0", ""] {
            let service = told(accepted);
            assert_eq!((service.json()["name"].as_str(), service.header("content-language")), (Some("Italiano"), ""), "{accepted}");
        }
        // The list, and what administrators edit, are the original.
        assert_eq!(in_language(&maria, "/services", "uk").json()["items"][0]["name"], "Italiano");
        let listed = maria.get(&format!("{address}/translations")).expect(200).json();
        assert_eq!(listed["items"][0], maria.get(&ukrainian).expect(200).json());
    }

    fn a_tag_is_of_the_language_that_was_told(world: &World) {
        let (paolo, maria) = (world.paolo_organisation_administrator(), world.maria_case_manager());
        let address = service(world);
        let ukrainian = format!("{address}/translations/uk");
        let tag = |accepted: &str| in_language(&maria, &address, accepted).header("etag").to_owned();
        let before = tag("uk");
        paolo.put(&ukrainian, &json!({"fields": {"name": "Італійська"}, "state": "reviewed"})).expect(200);
        let after = tag("uk");
        assert_ne!(before, after);
        paolo.put(&ukrainian, &json!({"fields": {"name": "Італійська мова"}, "state": "reviewed"})).expect(200);
        let held = [("accept-language", "uk"), ("if-none-match", after.as_str())];
        assert_eq!(maria.send("GET", &address, &held, None).expect(200).json()["name"], "Італійська мова");
        let held = [("accept-language", "uk"), ("if-none-match", &tag("uk"))];
        maria.send("GET", &address, &held, None).expect(304);
    }

    fn what_has_changed_since_is_out_of_date_and_the_rest_is_not(world: &World) {
        let (paolo, maria) = (world.paolo_organisation_administrator(), world.maria_case_manager());
        let address = service(world);
        let ukrainian = format!("{address}/translations/uk");
        let texts = json!({"name": "Італійська", "description": "Двічі на тиждень."});
        paolo.put(&ukrainian, &json!({"fields": texts, "state": "reviewed"})).expect(200);
        // An edit of something else leaves the translation as it is.
        paolo.patch(&address, "*", &json!({"alert": "Chiuso lunedì"})).expect(200);
        let all = |state| pairs(&[("name", "reviewed"), ("description", state)]);
        assert_eq!(states(&maria.get(&ukrainian).expect(200).json()), all("reviewed"));
        paolo.patch(&address, "*", &json!({"description": "Tre volte alla settimana."})).expect(200);
        let outdated = maria.get(&ukrainian).expect(200).json();
        assert_eq!((states(&outdated), &outdated["state"], &outdated["source_version"]), (all("outdated"), &json!("reviewed"), &json!(1)));
        let told = in_language(&maria, &address, "uk").json();
        assert_eq!((&told["name"], &told["description"]), (&json!("Італійська"), &json!("Tre volte alla settimana.")));
        // Who translated an earlier version says so, and is not taken at more than that.
        let late = paolo.put(&ukrainian, &json!({"fields": texts, "state": "reviewed", "source_version": 2})).expect(200).json();
        assert_eq!(states(&late), all("outdated"));
        let new = json!({"name": "Італійська", "description": "Тричі на тиждень."});
        assert_eq!(states(&paolo.put(&ukrainian, &json!({"fields": new, "state": "reviewed", "source_version": 3})).expect(200).json()), all("reviewed"));
        // An original that is back as it was is the one that was translated.
        paolo.patch(&address, "*", &json!({"name": "Italiano per tutti"})).expect(200);
        assert_eq!(states(&maria.get(&ukrainian).expect(200).json())[0].1, "outdated");
        paolo.patch(&address, "*", &json!({"name": "Italiano"})).expect(200);
        assert_eq!(states(&maria.get(&ukrainian).expect(200).json())[0].1, "reviewed");
    }

    fn a_translation_is_kept_by_those_who_keep_the_original(world: &World) {
        let (anna, paolo, maria) = (world.anna_system_administrator(), world.paolo_organisation_administrator(), world.maria_case_manager());
        let address = service(world);
        let ukrainian = format!("{address}/translations/uk");
        let new = json!({"fields": {"name": "Італійська"}, "state": "machine"});
        maria.put(&ukrainian, &new).expect(403);
        maria.get(&ukrainian).expect(404);
        for (body, pointer) in [
            (json!({"fields": {}, "state": "draft"}), "#/fields"),
            (json!({"fields": {"alert": "Зачинено"}, "state": "draft"}), "#/fields/alert"),
            (json!({"fields": {"name": ""}, "state": "draft"}), "#/fields/name"),
            (json!({"fields": {"licenses": "x"}, "state": "draft"}), "#/fields/licenses"),
            (json!({"fields": {"name": "x"}, "state": "outdated"}), "#/state"),
            (json!({"fields": {"name": "x"}, "state": "draft", "source_version": 2}), "#/source_version"),
        ] {
            let refused = paolo.put(&ukrainian, &body).expect(422).json();
            assert_eq!(refused["errors"][0]["pointer"], pointer, "{body}: {refused}");
        }
        for language in ["UK", "u", "ukra", "u1", "uk-UA"] {
            paolo.put(&format!("{address}/translations/{language}"), &new).expect(400);
        }
        let send = |tag: &str| paolo.send("PUT", &ukrainian, &[("content-type", "application/json"), ("if-match", tag)], Some(new.to_string().as_bytes()));
        send("*").expect(412);
        let kept = paolo.put(&ukrainian, &new).expect(200);
        assert_eq!(kept.json()["version"], 1);
        send(kept.header("etag")).expect(200);
        send("\"9.0\"").expect(412);
        let theirs = json!({"organisation_id": world.fixture.comune_trieste, "name": "Corso", "service_type": "language_course", "provider_kind": "internal"});
        let theirs = anna.post("/services", &theirs).expect(201).id();
        paolo.put(&format!("/services/{theirs}/translations/uk"), &new).expect(403);
        maria.delete(&ukrainian, "*").expect(403);
        paolo.delete(&ukrainian, "*").expect(204);
        paolo.delete(&ukrainian, "*").expect(404);
        maria.get(&ukrainian).expect(404);
    }

    fn the_facade_tells_reviewed_texts_and_an_export_the_original(world: &World) {
        let paolo = world.paolo_organisation_administrator();
        let address = service(world);
        paolo.put(&format!("{address}/translations/uk"), &json!({"fields": {"name": "Італійська"}, "state": "reviewed"})).expect(200);
        paolo.put(&format!("{address}/translations/ar"), &json!({"fields": {"name": "الإيطالية"}, "state": "machine"})).expect(200);
        let facade = |path: &str, accepted: &str| {
            in_language(&world.nobody(), &format!("//rest/hsds/v3{path}"), accepted).json()
        };
        assert_eq!(facade(&address, "uk")["name"], "Італійська");
        assert_eq!(facade("/services?full=true", "uk")["contents"][0]["name"], "Італійська");
        assert_eq!(facade(&address, "ar")["name"], "Italiano");
        let exports = format!("/organisations/{}/directory-exports", world.fixture.comune_udine);
        assert_eq!(in_language(&paolo, &exports, "uk").json()["items"][0]["name"], "Italiano");
    }

    fn locations_organisations_and_programs_are_translated_by_the_same_rule(world: &World) {
        let (anna, paolo, maria) = (world.anna_system_administrator(), world.paolo_organisation_administrator(), world.maria_case_manager());
        let own = world.fixture.comune_udine;
        let texts = json!({"organisation_id": own, "name": "Municipio", "description": "Al piano terra.", "transportation": "Autobus 1"});
        let location = format!("/locations/{}", paolo.post("/locations", &texts).expect(201).id());
        let texts = json!({"organisation_id": own, "name": "Primi passi", "description": "Il primo anno."});
        let program = format!("/programs/{}", paolo.post("/programs", &texts).expect(201).id());
        let organisation = format!("/organisations/{own}");
        paolo.patch(&organisation, "*", &json!({"description": "Il comune."})).expect(200);
        for (address, text, absent, kind) in [
            (&location, "transportation", "alert", "location"), (&program, "description", "transportation", "program"),
            (&organisation, "description", "wait_time", "organisation"),
        ] {
            let ukrainian = format!("{address}/translations/uk");
            let told = || in_language(&maria, address, "uk");
            let original = told().json();
            assert_eq!(told().header("content-language"), "");
            let refused = paolo.put(&ukrainian, &json!({"fields": {absent: "x"}, "state": "draft"})).expect(422).json();
            assert_eq!(refused["errors"][0]["pointer"], format!("#/fields/{absent}"), "{kind}");
            let new = |state: &str| json!({"fields": {"name": "Назва", text: "Текст"}, "state": state});
            maria.put(&ukrainian, &new("draft")).expect(403);
            let kept = paolo.put(&ukrainian, &new("machine")).expect(200).json();
            assert_eq!((kept["entry_kind"].as_str(), &kept["entry_id"]), (Some(kind), &original["id"]));
            assert_eq!(told().json(), original, "{kind}");
            let tag = told().header("etag").to_owned();
            paolo.put(&ukrainian, &new("reviewed")).expect(200);
            let answer = told();
            assert_eq!((answer.header("content-language"), answer.header("etag") == tag), ("uk", false), "{kind}");
            assert_eq!((&answer.json()["name"], &answer.json()[text]), (&json!("Назва"), &json!("Текст")), "{kind}");
            assert_eq!(in_language(&maria, address, "it").json(), original, "{kind}");
            paolo.patch(address, "*", &json!({text: "Altro."})).expect(200);
            assert_eq!((&told().json()["name"], &told().json()[text]), (&json!("Назва"), &json!("Altro.")), "{kind}");
            let outdated = maria.get(&ukrainian).expect(200).json();
            assert!(states(&outdated).contains(&(text.to_owned(), "outdated".to_owned())), "{outdated}");
            assert_eq!(maria.get(&format!("{address}/translations")).expect(200).json()["items"], json!([outdated]));
            maria.delete(&ukrainian, "*").expect(403);
            paolo.delete(&ukrainian, "*").expect(204);
            assert_eq!(told().json()["name"], original["name"], "{kind}");
        }
        let theirs = format!("/organisations/{}/translations/uk", world.fixture.comune_trieste);
        let new = json!({"fields": {"name": "Трієст"}, "state": "reviewed"});
        paolo.put(&theirs, &new).expect(403);
        anna.put(&theirs, &new).expect(200);
    }

    fn the_facade_tells_what_surrounds_a_service_in_the_language_too(world: &World) {
        let paolo = world.paolo_organisation_administrator();
        let own = world.fixture.comune_udine;
        let address = service(world);
        let program = paolo.post("/programs", &json!({"organisation_id": own, "name": "Primi passi"})).expect(201).id();
        paolo.patch(&address, "*", &json!({"program_id": program})).expect(200);
        let location = paolo.post("/locations", &json!({"organisation_id": own, "name": "Municipio"})).expect(201).id();
        let at = paolo.post(&format!("{address}/service-at-locations"), &json!({"location_id": location})).expect(201).id();
        for (entry, name) in [
            (format!("/organisations/{own}"), "Удіне"), (format!("/programs/{program}"), "Перші кроки"), (format!("/locations/{location}"), "Ратуша"),
        ] {
            paolo.put(&format!("{entry}/translations/uk"), &json!({"fields": {"name": name}, "state": "reviewed"})).expect(200);
        }
        let facade = |path: &str| in_language(&world.nobody(), &format!("//rest/hsds/v3{path}"), "uk").json();
        let told = facade(&address);
        let names = |told: &Value| ["organization", "program"].map(|part| told[part]["name"].as_str().unwrap().to_owned());
        assert_eq!(names(&told), ["Удіне", "Перші кроки"]);
        assert_eq!(told["service_at_locations"][0]["location"]["name"], "Ратуша");
        assert_eq!(told["program"]["description"], "Перші кроки");
        assert_eq!(names(&facade("/services")["contents"][0]), ["Удіне", "Перші кроки"]);
        let whole = facade(&format!("/organizations/{own}"));
        assert_eq!((&whole["name"], &whole["programs"][0]["name"], &whole["locations"][0]["name"]), (&json!("Удіне"), &json!("Перші кроки"), &json!("Ратуша")));
        assert_eq!(facade("/organizations?search=udine")["contents"][0]["name"], "Удіне");
        for given in [facade(&format!("/service_at_locations/{at}")), facade("/service_at_locations")["contents"][0].clone()] {
            assert_eq!((&given["location"]["name"], &given["service"]["organization"]["name"]), (&json!("Ратуша"), &json!("Удіне")));
        }
        let exports = format!("/organisations/{own}/directory-exports");
        let exported = in_language(&paolo, &exports, "uk").json()["items"][0].clone();
        assert_eq!(names(&exported), ["Comune di Udine", "Primi passi"]);
    }
}
