//! Networks (domain C6): members in time, what a successor takes over, meetings, and the graph.

use serde_json::{Value, json};

use crate::both;
use crate::support::feed::{Follower, told};
use crate::support::{Client, World};

/// A network of Udine, kept by Paolo.
fn network(world: &World, members: &Value) -> String {
    let mut new = json!({"organisation_id": world.fixture.comune_udine, "name": "Rete", "starts_on": "2024-01-01"});
    for (name, value) in members.as_object().unwrap() {
        new[name] = value.clone();
    }
    format!("/networks/{}", world.paolo_organisation_administrator().post("/networks", &new).expect(201).id())
}

fn joined(client: &Client, network: &str, member: &Value) -> Value {
    client.post(&format!("{network}/members"), member).expect(201).json()
}

fn items(client: &Client, path: &str) -> Vec<Value> {
    client.get(path).expect(200).json()["items"].as_array().unwrap().clone()
}

fn ids(items: &[Value]) -> Vec<&str> {
    items.iter().map(|item| item["id"].as_str().unwrap()).collect()
}

fn id_in(address: &str) -> &str {
    address.rsplit('/').next().unwrap()
}

both! {
    fn members_are_found_on_the_days_they_take_part(world: &World) {
        let (paolo, maria) = (world.paolo_organisation_administrator(), world.maria_case_manager());
        let rete = network(world, &json!({}));
        let (udine, trieste, region) = (world.fixture.comune_udine, world.fixture.comune_trieste, world.fixture.root);
        let member = |id, role, from, to: Option<&str>| {
            let mut new = json!({"organisation_id": id, "role": role, "valid_from": from});
            if let Some(to) = to {
                new["valid_to"] = json!(to);
            }
            joined(&paolo, &rete, &new)
        };
        let first = member(trieste, "municipality", "2024-01-01", Some("2025-01-01"));
        let again = member(trieste, "municipality", "2025-06-01", None);
        let other_role = member(trieste, "employers", "2024-06-01", None);
        let keeper = member(udine, "municipality", "2024-01-01", None);
        let listed = |query: &str| items(&maria, &format!("{rete}/members?{query}"));
        assert_eq!(listed(""), [first.clone(), again.clone(), other_role.clone(), keeper.clone()]);
        // The end is the first day without.
        assert_eq!(listed("on=2024-12-31&role=municipality"), [first.clone(), keeper.clone()]);
        assert_eq!(listed("on=2025-01-01&role=municipality"), [keeper]);
        assert_eq!(listed(&format!("organisation_id={trieste}&on=2025-06-01")), [again, other_role]);
        let networks = |query: &str| ids(&items(&maria, &format!("/networks?{query}"))).len();
        for (query, count) in [
            (format!("organisation_id={trieste}"), 1),
            (format!("organisation_id={trieste}&on=2023-12-31"), 0),
            (format!("organisation_id={trieste}&on=2025-03-01"), 1),
            (format!("organisation_id={trieste}&role=municipality&on=2025-03-01"), 0),
            (format!("organisation_id={trieste}&role=municipality"), 1),
            (format!("organisation_id={region}"), 0),
            ("role=employers".into(), 1),
            ("role=university".into(), 0),
            ("on=2023-12-31".into(), 0),
            ("on=2024-01-01".into(), 1),
        ] {
            assert_eq!(networks(&query), count, "{query}");
        }
        paolo.patch(&rete, "*", &json!({"ends_on": "2026-06-30"})).expect(200);
        assert_eq!((networks("on=2026-06-30"), networks("on=2026-07-01")), (1, 0));
    }

    fn an_organisation_has_one_role_once_at_a_time(world: &World) {
        let paolo = world.paolo_organisation_administrator();
        let rete = network(world, &json!({}));
        let trieste = world.fixture.comune_trieste;
        let member = |from: &str, to: &str| {
            let mut new = json!({"organisation_id": trieste, "role": "municipality", "valid_from": from});
            if !to.is_empty() {
                new["valid_to"] = json!(to);
            }
            paolo.post(&format!("{rete}/members"), &new)
        };
        let held = member("2024-01-01", "2025-01-01").expect(201);
        for (from, to) in [("2024-12-31", ""), ("2023-01-01", "2024-01-02"), ("2023-01-01", ""), ("2024-03-01", "2024-04-01")] {
            let refused = member(from, to).expect(409).json();
            assert_eq!(refused["unmet_guards"][0]["guard"], "one_membership_at_a_time", "{from} {to}");
        }
        let next = member("2025-01-01", "").expect(201);
        member("2023-01-01", "2024-01-01").expect(201);
        let address = format!("/network-members/{}", held.id());
        paolo.patch(&address, "*", &json!({"valid_to": "2025-01-02"})).expect(409);
        paolo.patch(&address, "*", &json!({"valid_to": null})).expect(409);
        paolo.patch(&address, "*", &json!({"valid_to": "2024-01-01"})).expect(422);
        paolo.patch(&address, "\"7.0\"", &json!({"valid_to": "2024-06-01"})).expect(412);
        let ended = paolo.patch(&address, "*", &json!({"valid_to": "2024-06-01"})).expect(200).json();
        assert_eq!((&ended["valid_to"], &ended["version"]), (&json!("2024-06-01"), &json!(2)));
        // A mistaken one goes, and leaves its time free.
        paolo.delete(&format!("/network-members/{}", next.id()), "*").expect(204);
        member("2024-06-01", "").expect(201);
        for (members, pointer) in [
            (json!({"organisation_id": uuid::Uuid::now_v7()}), "#/organisation_id"),
            (json!({"role": "no_such_role"}), "#/role"),
            (json!({"valid_to": "2030-01-01"}), "#/valid_to"),
        ] {
            let mut new = json!({"organisation_id": trieste, "role": "union", "valid_from": "2030-01-01"});
            new.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
            let refused = paolo.post(&format!("{rete}/members"), &new).expect(422).json();
            assert_eq!(refused["errors"][0]["pointer"], pointer);
        }
    }

    fn a_successor_takes_over_its_predecessors_members_with_their_history(world: &World) {
        let (paolo, maria) = (world.paolo_organisation_administrator(), world.maria_case_manager());
        let old = network(world, &json!({"name": "Rete 2.0", "starts_on": "2020-01-01", "ends_on": "2023-12-31"}));
        let member = |id, role, from, to| joined(&paolo, &old, &json!({"organisation_id": id, "role": role, "valid_from": from, "valid_to": to}));
        let stays = member(world.fixture.comune_udine, "municipality", "2020-01-01", "2024-01-01");
        let second_role = member(world.fixture.comune_udine, "employers", "2021-01-01", "2025-01-01");
        let left = member(world.fixture.comune_trieste, "municipality", "2020-01-01", "2023-12-31");
        let new = network(world, &json!({"name": "Rete 3.0", "starts_on": "2024-07-01", "predecessor_id": id_in(&old), "take_over_members": true}));
        let taken = items(&maria, &format!("{new}/members"));
        let continued: Vec<&Value> = taken.iter().map(|row| &row["predecessor_member_id"]).collect();
        assert_eq!(continued, [&stays["id"], &second_role["id"]], "those of its last day, and not who had left");
        for (row, role) in taken.iter().zip(["municipality", "employers"]) {
            assert_eq!((&row["valid_from"], &row["role"]), (&json!("2024-07-01"), &json!(role)));
            assert!(row.get("valid_to").is_none(), "they stay until they leave");
        }
        // The history shows both, and the former membership is as it was.
        let whole = items(&maria, &format!("{new}/members?history=true&organisation_id={}", world.fixture.comune_udine));
        assert_eq!(ids(&whole), [ids(&[stays.clone(), second_role]), ids(&taken)].concat());
        assert_eq!(whole[0], stays);
        let left_too = items(&maria, &format!("{new}/members?history=true&organisation_id={}", world.fixture.comune_trieste));
        assert_eq!(left_too, [left]);
        let guarded = paolo.delete(&format!("/network-members/{}", stays["id"].as_str().unwrap()), "*").expect(409).json();
        assert_eq!(guarded["unmet_guards"][0]["guard"], "not_continued");
        // Without being asked, nobody is taken over; without a predecessor, nobody can be.
        let bare = network(world, &json!({"predecessor_id": id_in(&old)}));
        assert_eq!(items(&maria, &format!("{bare}/members")), Vec::<Value>::new());
        let mut alone = json!({"organisation_id": world.fixture.comune_udine, "name": "X", "starts_on": "2024-01-01", "take_over_members": true});
        assert_eq!(paolo.post("/networks", &alone).expect(422).json()["errors"][0]["pointer"], "#/take_over_members");
        alone["predecessor_id"] = json!(uuid::Uuid::now_v7());
        assert_eq!(paolo.post("/networks", &alone).expect(422).json()["errors"][0]["pointer"], "#/predecessor_id");
    }

    fn no_network_comes_before_itself(world: &World) {
        let paolo = world.paolo_organisation_administrator();
        let first = network(world, &json!({"name": "1"}));
        let second = network(world, &json!({"name": "2", "predecessor_id": id_in(&first)}));
        let third = network(world, &json!({"name": "3", "predecessor_id": id_in(&second)}));
        for before in [&first, &second, &third] {
            let refused = paolo.patch(&first, "*", &json!({"predecessor_id": id_in(before)})).expect(409).json();
            assert_eq!(refused["unmet_guards"][0]["guard"], "no_circle");
        }
        let unknown = paolo.patch(&first, "*", &json!({"predecessor_id": uuid::Uuid::now_v7()})).expect(422).json();
        assert_eq!(unknown["errors"][0]["pointer"], "#/predecessor_id");
        // Two successors of one network are no circle.
        assert_eq!(paolo.patch(&third, "*", &json!({"predecessor_id": id_in(&first)})).expect(200).json()["version"], 2);
        assert!(paolo.patch(&second, "*", &json!({"predecessor_id": null})).expect(200).json().get("predecessor_id").is_none());
        paolo.patch(&first, "*", &json!({"predecessor_id": id_in(&second)})).expect(200);
        paolo.patch(&first, "*", &json!({"ends_on": "2023-12-31"})).expect(422);
    }

    fn two_networks_that_would_each_come_before_the_other_are_not_both_told_so(world: &World) {
        for round in 0..8 {
            let (one, other) = (network(world, &json!({"name": "one"})), network(world, &json!({"name": "other"})));
            let statuses = std::thread::scope(|scope| {
                let edits = [(&one, &other), (&other, &one)].map(|(network, before)| {
                    let paolo = world.paolo_organisation_administrator();
                    scope.spawn(move || paolo.patch(network, "*", &json!({"predecessor_id": id_in(before)})).status)
                });
                let mut statuses = edits.map(|edit| edit.join().unwrap());
                statuses.sort_unstable();
                statuses
            });
            assert_eq!(statuses, [200, 409], "round {round}");
        }
    }

    fn bodies_meet_and_their_decisions_are_followed(world: &World) {
        let (paolo, maria) = (world.paolo_organisation_administrator(), world.maria_case_manager());
        let rete = network(world, &json!({}));
        let (udine, trieste) = (world.fixture.comune_udine, world.fixture.comune_trieste);
        joined(&paolo, &rete, &json!({"organisation_id": udine, "role": "municipality", "valid_from": "2024-01-01"}));
        joined(&paolo, &rete, &json!({"organisation_id": trieste, "role": "municipality", "valid_from": "2024-01-01", "valid_to": "2025-01-01"}));
        let meetings = format!("{rete}/meetings");
        let new = json!({"held_on": "2024-12-31", "title": "Winter", "venue": "Udine", "minutes": "Opening hours.",
            "attendee_organisation_ids": [udine, trieste],
            "decisions": [{"text": "One calendar", "due_on": "2025-03-31", "responsible_organisation_id": trieste}, {"text": "Two desks", "state": "done"}]});
        let winter = paolo.post(&meetings, &new).expect(201).json();
        assert_eq!(winter["attendee_organisation_ids"], json!([udine, trieste]));
        assert_eq!((&winter["decisions"][0]["state"], &winter["decisions"][1]["state"]), (&json!("open"), &json!("done")));
        let changed = |members: Value| {
            let mut new = new.clone();
            new.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
            new
        };
        for (members, pointer) in [
            (json!({"held_on": "2025-01-01"}), "#/attendee_organisation_ids/1"),
            (json!({"attendee_organisation_ids": [world.fixture.root]}), "#/attendee_organisation_ids/0"),
            (json!({"attendee_organisation_ids": [udine, udine]}), "#/attendee_organisation_ids/1"),
            (json!({"decisions": [{"text": "x"}, {"text": "y", "responsible_organisation_id": uuid::Uuid::now_v7()}]}), "#/decisions/1/responsible_organisation_id"),
            (json!({"decisions": [winter["decisions"][0], winter["decisions"][0]]}), "#/decisions/1/id"),
            (json!({"decisions": [{"text": ""}]}), "#/decisions/0/text"),
        ] {
            let refused = paolo.post(&meetings, &changed(members.clone())).expect(422).json();
            assert_eq!(refused["errors"][0]["pointer"], pointer, "{members}: {refused}");
        }
        let spring = paolo.post(&meetings, &json!({"held_on": "2025-04-01", "title": "Spring"})).expect(201).json();
        let early = paolo.post(&meetings, &json!({"held_on": "2024-02-01", "title": "First"})).expect(201).json();
        let latest_first = [spring, winter.clone(), early];
        assert_eq!(items(&maria, &meetings), latest_first);
        let page = maria.get(&format!("{meetings}?limit=2")).expect(200).json();
        let rest = maria.get(&format!("{meetings}?limit=2&cursor={}", page["next_cursor"].as_str().unwrap())).expect(200).json();
        assert_eq!(rest["items"], json!(latest_first[2..]));
        // A decision that is sent with its id stays the same one. Who was there stays, although they have left since.
        let address = format!("/network-meetings/{}", winter["id"].as_str().unwrap());
        let mut decisions = winter["decisions"].clone();
        decisions[0]["state"] = json!("done");
        let edited = paolo.patch(&address, "*", &json!({"decisions": decisions})).expect(200).json();
        assert_eq!((&edited["decisions"], &edited["version"]), (&decisions, &json!(2)));
        paolo.patch(&address, "*", &json!({"held_on": "2025-01-01"})).expect(422);
        paolo.patch(&address, "*", &json!({"attendee_organisation_ids": []})).expect(200);
        paolo.delete(&address, "*").expect(204);
        maria.get(&address).expect(404);
    }

    fn networks_are_everyones_to_know_and_their_administrators_to_keep(world: &World) {
        let (anna, paolo) = (world.anna_system_administrator(), world.paolo_organisation_administrator());
        let mut feed = Follower::caught_up(world.regional_sync_client());
        let theirs = json!({"organisation_id": world.fixture.comune_trieste, "name": "Rete triestina", "starts_on": "2024-01-01"});
        let theirs = format!("/networks/{}", anna.post("/networks", &theirs).expect(201).id());
        let member = json!({"organisation_id": world.fixture.comune_udine, "role": "municipality", "valid_from": "2024-01-01"});
        let joined = joined(&anna, &theirs, &member);
        let meeting = anna.post(&format!("{theirs}/meetings"), &json!({"held_on": "2024-02-01", "title": "First"})).expect(201).json();
        let at = |kind: &str, row: &Value| format!("/{kind}/{}", row["id"].as_str().unwrap());
        let (of_member, of_meeting) = (at("network-members", &joined), at("network-meetings", &meeting));
        for reader in [world.giulia_auditor(), world.samira_help_desk_operator(), paolo.clone()] {
            for address in [&theirs, &of_member, &of_meeting] {
                reader.get(address).expect(200);
            }
        }
        // Being a member gives no right to keep it.
        paolo.patch(&theirs, "*", &json!({"name": "Mine"})).expect(403);
        paolo.post(&format!("{theirs}/members"), &member).expect(403);
        paolo.patch(&of_member, "*", &json!({"valid_to": "2025-01-01"})).expect(403);
        paolo.delete(&of_member, "*").expect(403);
        paolo.patch(&of_meeting, "*", &json!({"title": "Mine"})).expect(403);
        paolo.delete(&of_meeting, "*").expect(403);
        anna.delete(&of_member, "*").expect(204);
        world.feed_settled();
        let events = feed.rest();
        let all = |id: &str| told(&events, id).into_iter().map(|(kind, _)| kind).collect::<Vec<_>>();
        assert_eq!(all(id_in(&theirs)), ["network.created"]);
        assert_eq!(all(id_in(&of_member)), ["network_member.created", "network_member.deleted"]);
        assert_eq!(all(id_in(&of_meeting)), ["network_meeting.created"]);
    }

    fn the_graph_shows_who_takes_part_on_a_day_and_what_went_before_and_after(world: &World) {
        let (paolo, maria) = (world.paolo_organisation_administrator(), world.maria_case_manager());
        let (udine, trieste) = (world.fixture.comune_udine, world.fixture.comune_trieste);
        let first = network(world, &json!({"name": "Rete 1"}));
        let second = network(world, &json!({"name": "Rete 2", "predecessor_id": id_in(&first)}));
        let third = network(world, &json!({"name": "Rete 3", "predecessor_id": id_in(&second)}));
        let fourth = network(world, &json!({"name": "Rete 4", "predecessor_id": id_in(&third)}));
        joined(&paolo, &second, &json!({"organisation_id": udine, "role": "municipality", "valid_from": "2024-01-01"}));
        joined(&paolo, &second, &json!({"organisation_id": udine, "role": "employers", "valid_from": "2025-01-01"}));
        joined(&paolo, &second, &json!({"organisation_id": trieste, "role": "municipality", "valid_from": "2024-01-01", "valid_to": "2025-01-01"}));
        joined(&paolo, &first, &json!({"organisation_id": trieste, "role": "municipality", "valid_from": "2020-01-01"}));
        let graph = |query: &str| maria.get(&format!("{second}/graph?{query}")).expect(200).json();
        let names = |graph: &Value| -> Vec<String> {
            graph["nodes"].as_array().unwrap().iter().map(|node| node["name"].as_str().unwrap().to_owned()).collect()
        };
        let alone = graph("on=2025-01-01&depth=0");
        assert_eq!(names(&alone), ["Rete 2", "Comune di Udine"]);
        assert_eq!(alone["nodes"][1]["roles"], json!(["municipality", "employers"]));
        assert_eq!(alone["nodes"][1]["kind"], "municipality");
        assert_eq!(alone["edges"], json!([
            {"type": "membership", "from": udine, "to": id_in(&second), "role": "municipality", "since": "2024-01-01"},
            {"type": "membership", "from": udine, "to": id_in(&second), "role": "employers", "since": "2025-01-01"},
        ]));
        assert_eq!(names(&graph("on=2024-12-31&depth=0")), ["Rete 2", "Comune di Trieste", "Comune di Udine"]);
        assert_eq!(names(&graph("on=2023-12-31&depth=0")), ["Rete 2"]);
        let near = graph("on=2025-01-01");
        assert_eq!((&near["depth"], &near["is_complete"]), (&json!(1), &json!(true)));
        assert_eq!(names(&near), ["Rete 1", "Rete 2", "Rete 3", "Comune di Trieste", "Comune di Udine"]);
        assert_eq!((&near["nodes"][0]["distance"], &near["nodes"][2]["distance"]), (&json!(-1), &json!(1)));
        let succession = |from: &str, to: &str| json!({"type": "predecessor", "from": id_in(from), "to": id_in(to)});
        assert_eq!(near["edges"][0], succession(&first, &second));
        assert_eq!(near["edges"][1], succession(&second, &third));
        let wide = graph("on=2025-01-01&depth=5");
        assert_eq!(names(&wide)[..4], ["Rete 1", "Rete 2", "Rete 3", "Rete 4"]);
        assert_eq!(wide["edges"][2], succession(&third, &fourth));
        assert_eq!(names(&maria.get(&format!("{fourth}/graph?depth=2")).expect(200).json())[..3], ["Rete 2", "Rete 3", "Rete 4"]);
        maria.get(&format!("{second}/graph?depth=6")).expect(400);
        maria.get(&format!("/networks/{}/graph", uuid::Uuid::now_v7())).expect(404);
    }

    fn the_graph_is_drawn_for_who_takes_pictures(world: &World) {
        let (anna, maria) = (world.anna_system_administrator(), world.maria_case_manager());
        let rete = network(world, &json!({"name": "Rete <script>alert('x')</script> & \"altri\""}));
        let new = json!({"name": "<g onload=\"x\"> & Söhne", "kind": "third_sector", "parent_id": world.fixture.root});
        let evil = anna.post("/organisations", &new).expect(201).id();
        joined(&anna, &rete, &json!({"organisation_id": evil, "role": "third_sector", "valid_from": "2024-01-01"}));
        let address = format!("{rete}/graph?on=2026-01-01");
        let wants = |accept: &str, language: &str| maria.send("GET", &address, &[("accept", accept), ("accept-language", language)], None);
        let drawn = wants("image/svg+xml", "de").expect(200);
        assert_eq!(drawn.header("content-type"), "image/svg+xml");
        assert_eq!(drawn.header("content-security-policy"), "default-src 'none'; sandbox");
        let picture = &drawn.text;
        assert!(picture.starts_with("<svg ") && picture.contains("xmlns=\"http://www.w3.org/2000/svg\""), "{picture}");
        assert!(!picture.contains("<script") && !picture.contains("<g onload"), "{picture}");
        assert!(picture.contains("&lt;g onload=\"x\"&gt; &amp; Söhne"), "{picture}");
        assert!(picture.contains("Beteiligte Organisationen am 2026-01-01: 1"), "{picture}");
        assert!(picture.contains("Organisation des dritten Sektors"), "{picture}");
        assert!(wants("image/*", "it").expect(200).text.contains("Organizzazioni aderenti al 2026-01-01: 1"));
        // JSON is what comes first.
        for accept in ["*/*", "application/json", "image/svg+xml;q=0.5, application/json"] {
            assert_eq!(wants(accept, "en").expect(200).header("content-type"), "application/json", "{accept}");
        }
        wants("image/png", "en").expect(406);
        wants("text/csv", "en").expect(406);
    }
}
