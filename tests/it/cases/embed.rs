//! What is read together with a case equals what is read apart.

use serde_json::{Value, json};

use crate::both;
use crate::support::{files, planning};

both! {
    fn what_is_embedded_equals_what_is_listed(world: &World) {
        let maria = world.maria_case_manager();
        let (case, other) = (world.case_in_udine(), world.case_in_udine());
        for of in [&case, &other] {
            for number in 0..3 {
                maria.post(&format!("/cases/{of}/tasks"), &json!({"title": format!("Task {number}")})).expect(201);
            }
            planning::assessed(&maria, of, 2, 1);
            planning::goal(&maria, of);
            planning::goal(&maria, of);
            planning::agreed_plan(&maria, of);
            files::attach(&maria, of, "a.txt", files::TEXT, b"first").1.expect(200);
            files::declare(&maria, of, &files::text("b.txt", b"second"));
        }
        let kinds = ["tasks", "assessments", "goals", "plans", "attachments"];
        let all = maria.get(&format!("/cases/{case}?embed=plans,goals,attachments,transitions,tasks,assessments")).expect(200).json();
        for kind in kinds {
            let listed = maria.get(&format!("/cases/{case}/{kind}")).expect(200).json()["items"].clone();
            assert!(listed.as_array().is_some_and(|rows| !rows.is_empty()), "{kind}");
            assert_eq!(all["_embedded"][kind], listed, "{kind}");
            let alone = maria.get(&format!("/cases/{case}?embed={kind}")).expect(200).json();
            assert_eq!(alone["_embedded"], json!({kind: listed}), "nothing else is embedded");
        }
        assert!(all["_embedded"]["transitions"].as_array().is_some_and(|moves| !moves.is_empty()));
        let bare = world.case_in_udine();
        let empty = maria.get(&format!("/cases/{bare}?embed=tasks,goals")).expect(200).json();
        assert_eq!(empty["_embedded"], json!({"tasks": [], "goals": []}));
        assert_eq!(maria.get(&format!("/cases/{bare}")).expect(200).json().get("_embedded"), None::<&Value>);
    }
}
