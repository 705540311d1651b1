//! Code lists: versions are published whole, known in every process, and what was chosen once stays readable.

use serde_json::{Value, json};

use crate::both;
use crate::support::{Client, InProcess, World, serve_args};

/// The items of a list, as they can be sent back.
fn items(client: &Client, list: &str) -> Vec<Value> {
    let mut items = client.get(&format!("/code-lists/{list}")).expect(200).json()["items"].as_array().unwrap().clone();
    for item in &mut items {
        item.as_object_mut().unwrap().remove("label");
    }
    items
}

fn code(name: &str) -> Value {
    json!({"code": name, "labels": {"it": format!("{name} (it)"), "de": format!("{name} (de)"), "en": format!("{name} (en)")}})
}

fn publish(client: &Client, list: &str, items: &[Value]) -> crate::support::http::Answer {
    client.post_matching(&format!("/code-lists/{list}/versions"), "*", &json!({"items": items}))
}

fn retired(items: &[Value], code: &str) -> Vec<Value> {
    let mut items = items.to_vec();
    items.iter_mut().filter(|item| item["code"] == code).for_each(|item| item["retired"] = json!(true));
    items
}

/// A case of Udine with this priority.
fn case_with(world: &World, client: &Client, priority: &str) -> crate::support::http::Answer {
    let person = client.post("/people", &world.person_in_udine()).expect(201).id();
    client.post("/cases", &json!({"person_id": person, "target_group": "worker", "priority": priority}))
}

both! {
    fn a_new_code_can_be_chosen_at_once_here_and_soon_elsewhere(world: &World) {
        let (anna, maria) = (world.anna_system_administrator(), world.maria_case_manager());
        let other = InProcess::start(serve_args(world.database.arguments()));
        let elsewhere = maria.at(&other.base);
        case_with(world, &maria, "critical").expect(422);
        case_with(world, &elsewhere, "critical").expect(422);
        let mut list = items(&anna, "case_priorities");
        list.push(code("critical"));
        let published = publish(&anna, "case_priorities", &list).expect(201);
        assert_eq!(published.json()["version"], 2);
        case_with(world, &maria, "critical").expect(201);
        let known = (0..100).any(|_| {
            std::thread::sleep(std::time::Duration::from_millis(100));
            case_with(world, &elsewhere, "critical").status == 201
        });
        assert!(known, "the other process never learnt of the new code");
    }

    fn a_retired_code_stays_where_it_was_chosen_and_is_chosen_no_more(world: &World) {
        let (anna, maria) = (world.anna_system_administrator(), world.maria_case_manager());
        let case = case_with(world, &maria, "urgent").expect(201).id();
        publish(&anna, "case_priorities", &retired(&items(&anna, "case_priorities"), "urgent")).expect(201);
        let refused = case_with(world, &maria, "urgent").expect(422).json();
        assert_eq!(refused["errors"][0]["pointer"], "#/priority");
        // The rest of the case goes on.
        let edited = maria.patch(&format!("/cases/{case}"), "*", &json!({"summary": "looks for work"})).expect(200);
        assert_eq!(edited.json()["priority"], "urgent");
        maria.patch(&format!("/cases/{case}"), "*", &json!({"priority": "low"})).expect(200);
        maria.patch(&format!("/cases/{case}"), "*", &json!({"priority": "urgent"})).expect(422);
        // Back in use.
        publish(&anna, "case_priorities", &items(&anna, "case_priorities").into_iter().map(|mut item| {
            item["retired"] = json!(false);
            item
        }).collect::<Vec<_>>()).expect(201);
        maria.patch(&format!("/cases/{case}"), "*", &json!({"priority": "urgent"})).expect(200);
    }

    fn versions_are_kept_as_they_were_published(world: &World) {
        let anna = world.anna_system_administrator();
        let mut list = items(&anna, "case_closing_reasons");
        let first = list.first().unwrap()["labels"].clone();
        list[0]["labels"]["de"] = json!("Anders gesagt");
        list.rotate_left(1);
        let body = json!({"items": list, "note": "Says it otherwise.", "source": "The steering group of 12 May"});
        let published = anna.post_matching("/code-lists/case_closing_reasons/versions", "*", &body).expect(201);
        let versions = anna.get("/code-lists/case_closing_reasons/versions").expect(200).json();
        let told: Vec<&Value> = versions["items"].as_array().unwrap().iter().map(|row| &row["version"]).collect();
        assert_eq!(told, [&json!(2), &json!(1)]);
        assert_eq!(versions["items"][0]["note"], "Says it otherwise.");
        let before = anna.get(&format!("/code-list-versions/{}", versions["items"][1]["id"].as_str().unwrap()));
        assert_eq!(before.expect(200).json()["items"][0]["labels"], first);
        let now = anna.get("/code-lists/case_closing_reasons").expect(200).json();
        assert_eq!(now["source"], "The steering group of 12 May");
        assert_eq!(now["items"].as_array().unwrap().last().unwrap()["labels"]["de"], "Anders gesagt");
        assert_eq!(published.json()["items"], now["items"]);
        // One page after the other.
        let page = anna.get("/code-lists/case_closing_reasons/versions?limit=1").expect(200).json();
        let next = anna.get(page["_links"]["next"].as_str().unwrap()).expect(200).json();
        assert_eq!(next["items"][0]["version"], 1);
        assert!(next.get("next_cursor").is_none());
    }

    fn what_rows_and_rules_rely_on_is_not_taken_away(world: &World) {
        let anna = world.anna_system_administrator();
        let refused = |list: &str, items: &[Value]| {
            let before = anna.get(&format!("/code-lists/{list}")).expect(200).json();
            let answer = publish(&anna, list, items).expect(422).json();
            assert_eq!(anna.get(&format!("/code-lists/{list}")).expect(200).json(), before);
            answer["errors"][0]["pointer"].as_str().unwrap().to_owned()
        };
        let priorities = items(&anna, "case_priorities");
        assert_eq!(refused("case_priorities", &priorities[1..]), "#/items");
        assert_eq!(refused("case_priorities", &retired(&priorities, "normal")), "#/items/1/retired");
        let mut twice = priorities.clone();
        twice.push(priorities[0].clone());
        assert_eq!(refused("case_priorities", &twice), "#/items/4/code");
        let mut asking = priorities.clone();
        asking[0]["requires"] = json!(["arrived_on"]);
        assert_eq!(refused("case_priorities", &asking), "#/items/0/requires");
        let levels = items(&anna, "access_levels");
        let mut more = levels.clone();
        more.push(code("secret"));
        assert_eq!(refused("access_levels", &more), format!("#/items/{}/code", levels.len()));
        assert_eq!(refused("access_levels", &retired(&levels, "closed"))[..8], *"#/items/");
        for wrong in ["Critical", "1st", "a-b", "é", "a b"] {
            let mut list = priorities.clone();
            list.push(code(wrong));
            assert_eq!(refused("case_priorities", &list), "#/items/4/code");
        }
    }

    fn of_two_versions_for_the_same_one_the_second_is_refused(world: &World) {
        let anna = world.anna_system_administrator();
        let read = anna.get("/code-lists/case_hold_reasons").expect(200);
        let (tag, list) = (read.header("etag").to_owned(), items(&anna, "case_hold_reasons"));
        let path = "/code-lists/case_hold_reasons/versions";
        anna.post_matching(path, &tag, &json!({"items": list})).expect(201);
        anna.post_matching(path, &tag, &json!({"items": list})).expect(412);
        anna.post(path, &json!({"items": list})).expect(428);
        world.maria_case_manager().post_matching(path, "*", &json!({"items": list})).expect(403);
    }

    fn the_feed_tells_of_a_new_version(world: &World) {
        let (anna, reader) = (world.anna_system_administrator(), world.regional_sync_client());
        let mut follower = crate::support::feed::Follower::caught_up(reader.with_token(reader.token()));
        let published = publish(&anna, "case_hold_reasons", &items(&anna, "case_hold_reasons")).expect(201);
        world.feed_settled();
        let events = follower.rest();
        let event = events.iter().find(|event| event["type"] == "code_list_version.created").expect("the event");
        assert_eq!(event["resource"]["href"], published.header("location"));
        reader.get(event["resource"]["href"].as_str().unwrap()).expect(200);
    }
}
