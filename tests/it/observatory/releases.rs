//! Releases: who sees what when, and what takes whose place.

use serde_json::json;

use super::{dataset, elena, ended, imported, moved, observed, proposed, published, sent};
use crate::both;

const FILE: &[u8] = b"REF_AREA,SEX,TIME_PERIOD,OBS_VALUE,OBS_STATUS\n030129,9,2024,14200,\n030129,9,2025,14500.5,p\n032006,9,2025,,\n06,1,2025,60000,\n";
const LATER: &[u8] = b"REF_AREA,SEX,TIME_PERIOD,OBS_VALUE\n030129,9,2025,14600\n";

both! {
    fn a_file_becomes_what_everybody_reads_once_it_is_published(world: &World) {
        let (elena, samira) = (elena(world), world.samira_help_desk_operator());
        let foreigners = dataset(world, "FOREIGNERS");
        let list = format!("/datasets/{foreigners}/observations");
        samira.get(&list).expect(404);
        let import = imported(&elena, &foreigners, FILE);
        assert_eq!((&import["rows"], &import["observations"], &import["rejected"]), (&json!(4), &json!(4), &json!(0)));
        let release = import["release_id"].as_str().unwrap();
        let path = format!("/dataset-releases/{release}");
        let of_release = format!("release_id={release}");

        // Before that, whoever keeps the dataset sees it, and nobody else.
        assert_eq!(observed(&elena, &foreigners, &of_release).len(), 4);
        samira.get(&path).expect(404);
        samira.get(&format!("{list}?{of_release}")).expect(404);
        assert_eq!(samira.get(&format!("/datasets/{foreigners}/releases")).expect(200).json()["items"], json!([]));
        elena.get(&list).expect(404);
        // Nobody skips a step.
        moved(&elena, release, &json!({"to": "published"})).expect(409);
        for to in ["validated", "approved", "published"] {
            moved(&world.paolo_organisation_administrator(), release, &json!({"to": to})).expect(403);
            moved(&elena, release, &json!({"to": to})).expect(201);
        }
        moved(&elena, release, &json!({"to": "discarded", "note": "Too late."})).expect(409);

        let told = samira.get(&path).expect(200).json();
        assert_eq!((&told["status"], &told["observations"], &told["number"]), (&json!("published"), &json!(4), &json!(1)));
        let all = observed(&samira, &foreigners, "");
        let expected = [("030129.9.2024", json!(14200.0)), ("030129.9.2025", json!(14500.5)), ("032006.9.2025", json!(null)), ("06.1.2025", json!(60000.0))];
        assert_eq!(all, expected.map(|(key, value)| (key.to_owned(), value)));
        let page = samira.get(&list).expect(200).json();
        assert_eq!((&page["items"][0]["obs_status"], &page["items"][1]["obs_status"]), (&json!(null), &json!("p")));
        assert_eq!(page["items"][0]["territory_id"], json!(world.fixture.udine));
        for (query, keys) in [
            ("area=030129", vec!["030129.9.2024", "030129.9.2025"]),
            ("area=030129&period=2025", vec!["030129.9.2025"]),
            ("codes=SEX:1", vec!["06.1.2025"]),
            ("codes=SEX:1&area=030129", vec![]),
            ("area=999999", vec![]),
        ] {
            let found: Vec<String> = observed(&samira, &foreigners, query).into_iter().map(|(key, _)| key).collect();
            assert_eq!(found, keys, "{query}");
        }
        for query in ["codes=SEX:1,SEX:9", "codes=AGE:1", "codes=SEX", "codes=REF_AREA:06", "period=", &format!("{of_release}&as_of=2026-01-01T00:00:00Z")] {
            samira.get(&format!("{list}?{query}")).expect(400);
        }
        // Page by page it is the same.
        let (mut keys, mut next) = (Vec::new(), String::new());
        loop {
            let page = samira.get(&format!("{list}?limit=1{next}")).expect(200).json();
            keys.extend(page["items"].as_array().unwrap().iter().map(|row| row["key"].clone()));
            let Some(cursor) = page["next_cursor"].as_str() else { break };
            next = format!("&cursor={cursor}");
        }
        assert_eq!(keys.len(), all.len());
        // What a page began with, the later ones go on with, whatever is published meanwhile.
        let first = samira.get(&format!("{list}?limit=1")).expect(200).json();
        published(&elena, &foreigners, LATER);
        let rest = samira.get(&format!("{list}?cursor={}", first["next_cursor"].as_str().unwrap())).expect(200).json();
        assert_eq!(rest["items"].as_array().unwrap().len(), all.len() - 1);
        // The release of another dataset is none of this one.
        let other = dataset(world, "OTHER");
        samira.get(&format!("/datasets/{other}/observations?{of_release}")).expect(404);
    }

    fn a_later_release_takes_the_place_of_the_one_before_and_both_can_be_read(world: &World) {
        let (elena, samira) = (elena(world), world.samira_help_desk_operator());
        let foreigners = dataset(world, "FOREIGNERS");
        let first = published(&elena, &foreigners, FILE);
        let between = samira.get(&format!("/dataset-releases/{first}")).expect(200).json()["published_at"].clone();
        let second = published(&elena, &foreigners, LATER);
        assert_eq!(observed(&samira, &foreigners, ""), [("030129.9.2025".to_owned(), json!(14600.0))]);
        assert_eq!(observed(&samira, &foreigners, &format!("release_id={first}")).len(), 4);
        assert_eq!(observed(&samira, &foreigners, &format!("as_of={}", between.as_str().unwrap())).len(), 4);
        samira.get(&format!("/datasets/{foreigners}/observations?as_of=2020-01-01T00:00:00Z")).expect(404);
        let list = samira.get(&format!("/datasets/{foreigners}/releases")).expect(200).json();
        let stands: Vec<_> = list["items"].as_array().unwrap().iter().map(|row| (&row["id"], &row["status"])).collect();
        assert_eq!(stands, [(&json!(second), &json!("published")), (&json!(first), &json!("superseded"))]);
        assert_eq!(list["items"][0]["published_at"], list["items"][1]["superseded_at"]);
    }

    fn what_is_discarded_leaves_no_observation_behind(world: &World) {
        let elena = elena(world);
        let foreigners = dataset(world, "FOREIGNERS");
        let release = imported(&elena, &foreigners, FILE)["release_id"].as_str().unwrap().to_owned();
        moved(&elena, &release, &json!({"to": "discarded", "note": "The wrong file."})).expect(201);
        let told = elena.get(&format!("/dataset-releases/{release}")).expect(200).json();
        assert_eq!((&told["status"], &told["observations"]), (&json!("discarded"), &json!(0)));
        let left = || -> i64 {
            use diesel::prelude::*;
            approdo_db::schema::observations::table.count().get_result(&mut world.connection()).unwrap()
        };
        for _ in 0..500 {
            if left() == 0 {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        assert_eq!(left(), 0);
        elena.get(&format!("/datasets/{foreigners}/observations?release_id={release}")).expect(404);
    }

    fn who_keeps_the_statistics_of_one_organisation_does_not_touch_those_of_another(world: &World) {
        let (elena, paolo) = (elena(world), world.paolo_organisation_administrator());
        let foreigners = dataset(world, "FOREIGNERS");
        let path = format!("/datasets/{foreigners}");
        let tag = paolo.get(&path).expect(200).header("etag").to_owned();
        paolo.patch(&path, &tag, &json!({"name": "Mine"})).expect(403);
        proposed(&paolo, &foreigners, FILE).expect(403);
        let mapping = proposed(&elena, &foreigners, FILE).expect(200).json()["mapping"].clone();
        paolo.post("/data-imports", &json!({"dataset_id": foreigners, "mapping": mapping})).expect(422);
        let import = sent(&elena, &foreigners, &mapping, FILE);
        paolo.get(&import).expect(403);
        paolo.get(&format!("{import}/rejections")).expect(403);
        assert_eq!(paolo.get("/data-imports").expect(200).json()["items"], json!([]));
        assert_eq!(elena.get("/data-imports").expect(200).json()["items"].as_array().unwrap().len(), 1);
        ended(&elena, &import);
        // A dataset of a code that the organisation has is another organisation's to have.
        let body = json!({"organisation_id": world.fixture.comune_udine, "code": "FOREIGNERS", "name": "Ours", "unit": "persons",
            "measure_kind": "stock", "suppress_below": 0, "source": "Register of residents", "dimensions": [
                {"id": "REF_AREA", "role": "area", "name": "Quarter"}, {"id": "TIME_PERIOD", "role": "time", "name": "Day"}]});
        paolo.post("/datasets", &body).expect(201);
        paolo.post("/datasets", &body).expect(409);
        elena.post("/datasets", &body).expect(409);
        world.maria_case_manager().post("/datasets", &body).expect(403);
    }
}

both! {
    in_a_sandbox:
    fn what_is_under_embargo_is_read_when_that_ends(world: &World) {
        let (elena, samira) = (elena(world), world.samira_help_desk_operator());
        let foreigners = dataset(world, "FOREIGNERS");
        let first = published(&elena, &foreigners, FILE);
        let second = imported(&elena, &foreigners, LATER)["release_id"].as_str().unwrap().to_owned();
        for to in ["validated", "approved"] {
            moved(&elena, &second, &json!({"to": to})).expect(201);
        }
        moved(&elena, &second, &json!({"to": "published", "embargo_until": "9999-01-01T08:00:00Z"})).expect(422);
        let now = samira.get("/sandbox/clock").expect(200).json()["now"].as_str().unwrap().parse::<chrono::DateTime<chrono::Utc>>().unwrap();
        let until = now + chrono::TimeDelta::days(400);
        moved(&elena, &second, &json!({"to": "published", "embargo_until": until})).expect(201);
        let stands = |release: &str| elena.get(&format!("/dataset-releases/{release}")).expect(200).json()["status"].clone();
        assert_eq!((stands(&first), stands(&second)), (json!("published"), json!("approved")));
        // When the next one is due is nobody's to know.
        assert_eq!(samira.get(&format!("/dataset-releases/{first}")).expect(200).json().get("superseded_at"), None);
        assert_eq!(observed(&samira, &foreigners, "").len(), 4);
        samira.get(&format!("/dataset-releases/{second}")).expect(404);
        // Nobody reads ahead of the day.
        assert_eq!(observed(&samira, &foreigners, "as_of=2037-01-01T00:00:00Z").len(), 4);
        elena.put("/sandbox/clock", &json!({"now": until + chrono::TimeDelta::seconds(1)})).expect(200);
        for _ in 0..200 {
            if stands(&second) == json!("published") {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        assert_eq!((stands(&first), stands(&second)), (json!("superseded"), json!("published")));
        assert_eq!(observed(&samira, &foreigners, "").len(), 1);
    }

    fn a_mistake_that_is_seen_under_embargo_is_not_published(world: &World) {
        let (elena, samira) = (elena(world), world.samira_help_desk_operator());
        let foreigners = dataset(world, "FOREIGNERS");
        let first = published(&elena, &foreigners, FILE);
        let second = imported(&elena, &foreigners, LATER)["release_id"].as_str().unwrap().to_owned();
        for to in ["validated", "approved"] {
            moved(&elena, &second, &json!({"to": to})).expect(201);
        }
        let until = approdo::clock::now().instant() + chrono::TimeDelta::days(30);
        moved(&elena, &second, &json!({"to": "published", "embargo_until": until})).expect(201);
        moved(&elena, &second, &json!({"to": "discarded", "note": "The wrong year."})).expect(201);
        let stands = |release: &str| elena.get(&format!("/dataset-releases/{release}")).expect(200).json()["status"].clone();
        assert_eq!((stands(&first), stands(&second)), (json!("published"), json!("discarded")));
        elena.put("/sandbox/clock", &json!({"now": until + chrono::TimeDelta::seconds(1)})).expect(200);
        assert_eq!(observed(&samira, &foreigners, "").len(), 4);
        published(&elena, &foreigners, LATER);
        assert_eq!(observed(&samira, &foreigners, "").len(), 1);
    }
}
