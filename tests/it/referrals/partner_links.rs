//! Links for partners without an account: one use, one answer, and nothing left of a secret.

use std::collections::BTreeSet;
use std::thread;

use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::consent::{refuse_to_write, write_again};
use super::network::{Network, guards, moved, package, read, refused_at};
use crate::both;
use crate::people::privacy::dump;
use crate::support::feed::Follower;
use crate::support::files::hexadecimal;
use crate::support::http::Answer;
use crate::support::process::{ServerProcess, command};
use crate::support::{Client, World};

/// A link as its sender was told of it.
#[derive(Clone)]
struct Link {
    id: String,
    token: String,
    code: String,
}

fn token_of(url: &Value) -> String {
    let url = url.as_str().expect("an address");
    url.split_once("#token=").expect("a token in the fragment").1.to_owned()
}

fn given(client: &Client, referral: &str, body: &Value) -> Link {
    let made = client.post(&format!("/referrals/{referral}/partner-links"), body).expect(201).json();
    let text = |name: &str| made[name].as_str().expect("a text").to_owned();
    Link { id: text("id"), token: token_of(&made["url"]), code: text("access_code") }
}

fn tried(client: &Client, token: &str, code: &str) -> Answer {
    client.post("/partner-links/exchanges", &json!({"token": token, "access_code": code}))
}

fn used(world: &World, link: &Link) -> Answer {
    tried(&world.nobody(), &link.token, &link.code)
}

fn answered(world: &World, token: &Value, to: &str) -> Answer {
    let mut body = json!({"to": to, "answer_token": token});
    match to {
        "declined" => body["outcome_code"] = json!("capacity"),
        "completed" => body["outcome_code"] = json!("enrolled"),
        _ => {}
    }
    world.nobody().post("/partner-links/answers", &body)
}

/// Uses a link, and gives the token for the answer.
fn opened(world: &World, link: &Link) -> Value {
    used(world, link).expect(200).json()["answer_token"].clone()
}

#[track_caller]
fn gone(answer: Answer) -> String {
    let problem = answer.expect(410).json();
    assert_eq!(problem["type"], "/docs/problems/gone");
    problem["unmet_guards"][0]["guard"].as_str().expect("a guard").to_owned()
}

fn link(network: &Network<'_>, id: &str) -> Value {
    network.maria.get(&format!("/partner-links/{id}")).expect(200).json()
}

fn state(network: &Network<'_>, id: &str) -> String {
    link(network, id)["state"].as_str().expect("a state").to_owned()
}

fn moves(client: &Client, referral: &str) -> Vec<Value> {
    let page = client.get(&format!("/referrals/{referral}/transitions")).expect(200).json();
    page["items"].as_array().expect("moves").clone()
}

/// What a use and an answer can leave behind: the referral, its moves and links.
fn traces(network: &Network<'_>, referral: &str) -> (Value, Vec<Value>, Value) {
    let links = network.maria.get(&format!("/referrals/{referral}/partner-links")).expect(200).json();
    (read(&network.maria, referral), moves(&network.maria, referral), links["items"].clone())
}

/// A code that is not this one.
fn wrong(code: &str) -> String {
    let other = if code.starts_with('A') { "B" } else { "A" };
    format!("{other}{}", &code[1..])
}

fn names(value: &Value) -> BTreeSet<&str> {
    value.as_object().expect("members").keys().map(String::as_str).collect()
}

/// Waits until the audit trail says that a link read a row, or was refused.
fn is_recorded(world: &World, link: &str, event: &str, resource: &str, row: &str) {
    let giulia = world.giulia_auditor();
    let is_it = |record: &Value| {
        (&record["event"], &record["resource"]) == (&json!(event), &json!(resource))
            && (&record["actor_id"], &record["actor_kind"]) == (&json!(link), &json!("partner"))
            && record.to_string().contains(row)
    };
    let found = (0..100).any(|_| {
        thread::sleep(std::time::Duration::from_millis(50));
        let page = giulia.get("/audit-records?limit=200").expect(200).json();
        page["items"].as_array().expect("records").iter().any(is_it)
    });
    assert!(found, "{event} of {resource} {row}");
}

fn at_once(count: usize, work: impl Fn() -> Answer + Sync) -> Vec<Answer> {
    thread::scope(|scope| {
        let running: Vec<_> = (0..count).map(|_| scope.spawn(&work)).collect();
        running.into_iter().map(|thread| thread.join().expect("an answer")).collect()
    })
}

fn statuses(answers: &[Answer], status: u16) -> usize {
    answers.iter().filter(|answer| answer.status == status).count()
}

both! {
    fn from_the_link_to_the_confirmed_end_without_an_account(world: &World) {
        let (network, _) = Network::ready(world);
        let id = network.sent(&[&network.school.service]);
        let system = json!({"role": "sync_client", "organisation_id": world.fixture.comune_udine,
            "territory_ids": [world.fixture.udine]});
        world.feed_settled();
        let mut feed = Follower::caught_up(world.another_client(&system).0);

        let made = network.maria.post(&format!("/referrals/{id}/partner-links"), &json!({"language": "it", "note": "By letter."}));
        let made = made.expect(201).json();
        let (url, code) = (made["url"].as_str().unwrap(), made["access_code"].as_str().unwrap());
        let (page, token) = url.split_once("#token=").expect("a token in the fragment");
        assert_eq!((page, token.len(), code.len()), (format!("{}/partner", world.base()).as_str(), 43, 8));
        let first = Link { id: made["id"].as_str().unwrap().to_owned(), token: token.to_owned(), code: code.to_owned() };
        let told = link(&network, &first.id);
        assert_eq!((&told["state"], &told["note"], &told["author_id"]), (&json!("open"), &json!("By letter."), &json!(world.id_of("maria_case_manager"))));
        assert!(told.get("url").is_none() && told.get("access_code").is_none(), "its secrets are told once: {told}");

        let shown = used(world, &first).expect(200).json();
        assert_eq!(shown["package"], package(&network.school.worker, &id).expect(200).json(), "what a receiver with an account reads");
        let sha256 = Sha256::digest(json!({"family_name": "Шевчук", "given_name": "Олена", "languages": ["uk", "it"]}).to_string().as_bytes());
        assert_eq!(shown["package"]["sha256"], json!(hexadecimal(&sha256)));
        assert_eq!((&shown["status"], &shown["allowed_answers"], &shown["language"]), (&json!("received"), &json!(["accepted", "declined"]), &json!("it")));
        assert_eq!((&shown["to_organisation"], &shown["service"], &shown["reason"]),
            (&json!("Scuola"), &json!("Corso di Scuola"), &json!("Beginners' course, please.")));
        assert_eq!(state(&network, &first.id), "used");

        let accepted = json!({"to": "accepted", "answer_token": shown["answer_token"], "note": "From Monday."});
        let accepted = world.nobody().post("/partner-links/answers", &accepted).expect(200).json();
        assert_eq!((&accepted["status"], &accepted["referral_id"]), (&json!("accepted"), &json!(id)));
        let due = read(&network.maria, &id)["due_completion_on"].clone();
        assert_eq!((&accepted["due_completion_on"], accepted["next"]["expires_at"].as_str().unwrap() > due.as_str().unwrap()), (&due, true));

        let next = Link { token: token_of(&accepted["next"]["url"]), ..first.clone() };
        let shown = used(world, &next).expect(200).json();
        assert_eq!((&shown["status"], &shown["allowed_answers"]), (&json!("accepted"), &json!(["completed"])));
        let done = answered(world, &shown["answer_token"], "completed").expect(200).json();
        assert_eq!((&done["status"], done.get("next")), (&json!("completed"), None));
        moved(&network.maria, &id, &json!({"to": "closed"})).expect(201);

        // Both sides read what happened; by which link, the sender does.
        let (mine, theirs) = (moves(&network.maria, &id), moves(&network.school.worker, &id));
        let way: Vec<(&str, &str)> = mine.iter().map(|made| (made["to"].as_str().unwrap(), made["side"].as_str().unwrap())).collect();
        assert_eq!(way, [("requested", "sender"), ("received", "receiver"), ("accepted", "receiver"), ("scheduled", "receiver"),
            ("in_progress", "receiver"), ("completed", "receiver"), ("closed", "sender")]);
        let links = network.maria.get(&format!("/referrals/{id}/partner-links")).expect(200).json();
        assert_eq!((&links["items"][0]["id"], &links["items"][1]["follows_id"]), (&json!(first.id), &json!(first.id)));
        let second = links["items"][1]["id"].clone();
        let by: Vec<Option<&Value>> = mine.iter().map(|made| made.get("partner_link_id")).collect();
        let first_id = json!(first.id);
        assert_eq!(by, [None, Some(&first_id), Some(&first_id), Some(&second), Some(&second), Some(&second), None]);
        assert!(theirs.iter().all(|made| made.get("partner_link_id").is_none() && made.get("actor_id").is_none()), "{theirs:?}");
        assert_eq!(mine[2]["note"], "From Monday.");

        // The feed tells of the referral, and that a partner moved it; the audit trail by which link the package was read.
        world.feed_settled();
        let told = feed.rest();
        let partners = told.iter().filter(|event| event["actor_kind"] == "partner").count();
        assert!(partners >= 5 && told.iter().all(|event| event["resource"]["kind"] != "partner_link"), "{told:?}");
        is_recorded(world, &first.id, "read", "referral_packages", &id);
    }

    fn what_is_shown_is_what_the_receiver_may_read_and_no_more(world: &World) {
        let (network, consent) = Network::ready(world);
        let id = network.sent(&[&network.school.service]);
        let shown = used(world, &given(&network.maria, &id, &json!({}))).expect(200);
        let known = ["allowed_answers", "answer_expires_at", "answer_token", "due_completion_on", "due_response_at", "from_organisation",
            "package", "priority", "reason", "service", "status", "to_organisation"];
        assert!(names(&shown.json()).is_subset(&BTreeSet::from(known)), "{}", shown.text);
        assert_eq!(names(&shown.json()["package"]["content"]), BTreeSet::from(["family_name", "given_name", "languages"]));
        for hidden in [&network.case, &network.person, &consent, &world.id_of("maria_case_manager"), "insulin", "mornings", "1991-04-23", "housing"] {
            assert!(!shown.text.contains(hidden), "{hidden} in {}", shown.text);
        }
    }

    fn a_link_works_once_and_so_does_its_answer(world: &World) {
        let (network, _) = Network::ready(world);
        let id = network.sent(&[&network.school.service]);
        let one = given(&network.maria, &id, &json!({"may_return": false}));
        let token = opened(world, &one);
        let before = traces(&network, &id);
        assert_eq!(gone(used(world, &one)), "link_unused");
        assert_eq!(gone(tried(&world.nobody(), &one.token, &wrong(&one.code))), "link_unused", "a wrong code learns no more");
        assert_eq!(traces(&network, &id), before);
        let accepted = answered(world, &token, "accepted").expect(200).json();
        assert!(accepted.get("next").is_none(), "its sender did not let it come back");
        let before = traces(&network, &id);
        for to in ["accepted", "declined", "completed"] {
            assert_eq!(gone(answered(world, &token, to)), "unanswered");
        }
        assert_eq!(traces(&network, &id), before);
    }

    fn of_two_who_use_a_link_at_once_one_wins(world: &World) {
        let (network, _) = Network::ready(world);
        let id = network.sent(&[&network.school.service]);
        let one = given(&network.maria, &id, &json!({}));
        let answers = at_once(8, || used(world, &one));
        assert_eq!((statuses(&answers, 200), statuses(&answers, 410)), (1, 7));
        assert_eq!(moves(&network.maria, &id).len(), 2, "it was acknowledged once");
        let token = answers.iter().find(|answer| answer.status == 200).expect("one").json()["answer_token"].clone();
        let answers = at_once(8, || answered(world, &token, "accepted"));
        assert_eq!((statuses(&answers, 200), statuses(&answers, 410)), (1, 7));
        assert_eq!((moves(&network.maria, &id).len(), traces(&network, &id).2.as_array().unwrap().len()), (3, 2));
    }

    fn five_wrong_codes_block_a_link_however_many_try_at_once(world: &World) {
        let (network, _) = Network::ready(world);
        let id = network.sent(&[&network.school.service]);
        let four = given(&network.maria, &id, &json!({}));
        for left in ["4 times", "3 times", "2 times", "once"] {
            let refused = tried(&world.nobody(), &four.token, &wrong(&four.code)).expect(422);
            assert!(refused.text.contains("#/access_code") && refused.text.contains(left), "{}", refused.text);
            assert!(!refused.text.contains(&four.token) && !refused.text.contains(&wrong(&four.code)), "{}", refused.text);
        }
        assert_eq!((state(&network, &four.id), network.status(&id)), ("open".into(), "requested".into()));
        // Capitals do not matter, and a wrong code has not used it up.
        tried(&world.nobody(), &four.token, &four.code.to_lowercase()).expect(200);
        let many = given(&network.maria, &id, &json!({}));
        let answers = at_once(16, || tried(&world.nobody(), &many.token, &wrong(&many.code)));
        assert_eq!((statuses(&answers, 422), statuses(&answers, 410)), (5, 11), "guesses are counted one by one");
        assert_eq!(link(&network, &many.id)["failed_attempts"], 5);
        assert_eq!(gone(used(world, &many)), "link_unblocked", "the right code comes too late");
        assert_eq!(state(&network, &many.id), "blocked");
        is_recorded(world, &many.id, "refused", "partner_links", &many.id);
        // Its sender gives another one; the blocked one stays what it was.
        used(world, &given(&network.maria, &id, &json!({}))).expect(200);
        assert_eq!(state(&network, &many.id), "blocked");
    }

    fn forged_tokens_are_unknown_and_bent_ones_are_told_so_without_being_repeated(world: &World) {
        let (network, _) = Network::ready(world);
        let id = network.sent(&[&network.school.service]);
        let one = given(&network.maria, &id, &json!({}));
        let answer = opened(world, &one).as_str().expect("a token").to_owned();
        let two = given(&network.maria, &id, &json!({}));
        let before = traces(&network, &id);
        let mut bent: Vec<char> = two.token.chars().collect();
        bent.swap(3, 4);
        bent[0] = if bent[0] == 'x' { 'y' } else { 'x' };
        let bent: String = bent.into_iter().collect();
        for (what, token) in [("invented", "A".repeat(43)), ("bent", bent), ("one for an answer", answer)] {
            let refused = tried(&world.nobody(), &token, &two.code).expect(404);
            assert!(refused.text.contains("/docs/problems/not-found") && !refused.text.contains(&token), "{what}: {}", refused.text);
        }
        answered(world, &json!(two.token), "accepted").expect(404);
        for token in [two.token[1..].to_owned(), format!("{}=", &two.token[1..]), format!("{}A", two.token), format!("{}§", &two.token[2..])] {
            let refused = tried(&world.nobody(), &token, &two.code);
            assert!(!refused.text.contains(&token), "{}", refused.text);
            assert_eq!(refused_at(refused), "#/token");
            let refused = answered(world, &json!(token), "accepted");
            assert!(!refused.text.contains(&token), "{}", refused.text);
            assert_eq!(refused_at(refused), "#/answer_token");
        }
        assert_eq!(refused_at(tried(&world.nobody(), &two.token, "ABCDEFG0")), "#/access_code");
        assert_eq!(traces(&network, &id), before);
    }

    fn a_link_is_taken_back_by_hand_and_by_the_next_one(world: &World) {
        let (network, _) = Network::ready(world);
        let id = network.sent(&[&network.school.service]);
        let revoked = |link: &Link| network.maria.post(&format!("/partner-links/{}/revocations", link.id), &json!({}));
        let one = given(&network.maria, &id, &json!({}));
        let told = revoked(&one).expect(201).json();
        assert_eq!((&told["state"], told["revoked_at"].is_string()), (&json!("revoked"), true));
        assert_eq!(gone(used(world, &one)), "link_unrevoked");
        assert_eq!(guards(revoked(&one)), ["live"]);
        let (two, three) = (given(&network.maria, &id, &json!({})), given(&network.maria, &id, &json!({})));
        assert_eq!(gone(used(world, &two)), "link_unrevoked", "a referral has one link that works");
        // What was opened and is not answered yet is closed again.
        let token = opened(world, &three);
        revoked(&three).expect(201);
        let before = traces(&network, &id);
        assert_eq!(gone(answered(world, &token, "accepted")), "link_unrevoked");
        assert_eq!(traces(&network, &id), before);
        let four = opened(world, &given(&network.maria, &id, &json!({})));
        given(&network.maria, &id, &json!({}));
        assert_eq!(gone(answered(world, &four, "accepted")), "link_unrevoked");
    }

    fn what_ends_a_referral_ends_its_links_with_it(world: &World) {
        let (network, consent) = Network::ready(world);
        let school = &network.school;
        let [open, opened_one, cancelled, declined] = [(); 4].map(|()| network.sent(&[&school.service]));
        let links = [&open, &opened_one, &cancelled, &declined].map(|id| given(&network.maria, id, &json!({})));
        let token = opened(world, &links[1]);
        moved(&network.maria, &cancelled, &json!({"to": "cancelled", "note": "Moved away."})).expect(201);
        school.moves(&declined, "received").expect(201);
        school.moves(&declined, "declined").expect(201);
        network.withdraws(&consent).expect(201);
        let before = [&open, &opened_one, &cancelled, &declined].map(|id| traces(&network, id));
        for unused in [&links[0], &links[2], &links[3]] {
            assert_eq!(gone(used(world, unused)), "link_unrevoked");
            assert_eq!(state(&network, &unused.id), "revoked");
        }
        assert_eq!(gone(answered(world, &token, "accepted")), "link_unrevoked", "the consent was withdrawn in between");
        assert_eq!([&open, &opened_one, &cancelled, &declined].map(|id| traces(&network, id)), before);
        assert_eq!([&open, &opened_one].map(|id| network.status(id)), ["consent_revoked", "consent_revoked"]);
    }

    fn a_partner_accepts_declines_or_completes_and_does_nothing_else(world: &World) {
        let (network, _) = Network::ready(world);
        let id = network.sent(&[&network.school.service]);
        let token = opened(world, &given(&network.maria, &id, &json!({})));
        let before = traces(&network, &id);
        for to in ["draft", "requested", "received", "info_requested", "waitlisted", "scheduled", "no_show", "in_progress", "on_hold",
            "not_completed", "closed", "cancelled", "consent_revoked", "entered_in_error", "expired", "forwarded", ""] {
            let refused = answered(world, &token, to).expect(422);
            assert!(!refused.text.contains(token.as_str().unwrap()), "{}", refused.text);
        }
        let with = |to: &str, more: Value| {
            let mut body = json!({"to": to, "answer_token": token});
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            world.nobody().post("/partner-links/answers", &body)
        };
        with("accepted", json!({"capacity": {"state": "no_capacity"}})).expect(422);
        with("declined", json!({})).expect(422);
        assert_eq!(refused_at(with("declined", json!({"outcome_code": "enrolled"}))), "#/outcome_code");
        assert_eq!(refused_at(with("accepted", json!({"note": "x".repeat(2001)}))), "#/note");
        assert_eq!(guards(answered(world, &token, "completed")), ["allowed_transition"]);
        assert_eq!(traces(&network, &id), before, "a refused answer leaves nothing");
        // Nor does it use the token up.
        assert_eq!(with("declined", json!({"outcome_code": "capacity"})).expect(200).json()["status"], "declined");
        assert_eq!(read(&network.maria, &id)["outcome_code"], "capacity");

        let id = network.at_school(&["received", "accepted"]);
        let token = opened(world, &given(&network.maria, &id, &json!({})));
        let with = |more: Value| {
            let mut body = json!({"to": "completed", "outcome_code": "service_delivered", "answer_token": token});
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            world.nobody().post("/partner-links/answers", &body)
        };
        assert_eq!(refused_at(with(json!({"scheduled_at": approdo::clock::now().instant() + TimeDelta::hours(1)}))), "#/scheduled_at");
        with(json!({"scheduled_at": "2026-01-02T09:00:00Z"})).expect(200);
        let done = read(&network.maria, &id);
        assert_eq!((&done["status"], &done["scheduled_at"]), (&json!("completed"), &json!("2026-01-02T09:00:00.000000Z")));
        let id = network.at_school(&["received", "accepted", "scheduled"]);
        let token = opened(world, &given(&network.maria, &id, &json!({})));
        let set = json!({"to": "completed", "outcome_code": "enrolled", "answer_token": token, "scheduled_at": "2026-01-02T09:00:00Z"});
        assert_eq!(refused_at(world.nobody().post("/partner-links/answers", &set)), "#/scheduled_at");
        answered(world, &token, "completed").expect(200);
    }

    fn a_fault_in_the_middle_leaves_link_and_referral_as_they_were(world: &World) {
        let (network, _) = Network::ready(world);
        let id = network.sent(&[&network.school.service]);
        let one = given(&network.maria, &id, &json!({}));
        let before = traces(&network, &id);
        refuse_to_write(world, &id);
        used(world, &one).expect(500);
        assert_eq!(traces(&network, &id), before);
        write_again(world);
        let token = opened(world, &one);
        let before = traces(&network, &id);
        refuse_to_write(world, &id);
        answered(world, &token, "accepted").expect(500);
        assert_eq!(traces(&network, &id), before);
        write_again(world);
        answered(world, &token, "accepted").expect(200);
    }

    fn only_what_was_sent_to_one_body_and_is_not_over_gets_a_link(world: &World) {
        let (network, _) = Network::ready(world);
        let school = &network.school;
        let asked = |id: &str, body: Value| network.maria.post(&format!("/referrals/{id}/partner-links"), &body);
        assert_eq!(guards(asked(&network.drafted(&[&school.service]), json!({}))), ["sent"]);
        let offer = network.sent(&[&school.service, &network.association.service]);
        assert_eq!(guards(asked(&offer, json!({}))), ["addressed"]);
        let done = network.at_school(&["received", "accepted", "scheduled", "in_progress", "completed"]);
        assert_eq!(guards(asked(&done, json!({}))), ["under_way"]);
        moved(&network.maria, &done, &json!({"to": "closed"})).expect(201);
        assert_eq!(guards(asked(&done, json!({}))), ["under_way"]);
        let id = network.sent(&[&school.service]);
        for (member, bad) in [("valid_hours", json!(23)), ("valid_hours", json!(721)), ("language", json!("IT")), ("note", json!(""))] {
            assert_eq!(refused_at(asked(&id, json!({member: bad}))), format!("#/{member}"));
        }
        let key = [("content-type", "application/json"), ("idempotency-key", "0c9d2a34-1f43-4bb1-a1c5-3a0a2d3c4b5e")];
        let path = format!("/referrals/{id}/partner-links");
        let twice = [(); 2].map(|()| network.maria.send("POST", &path, &key, Some(b"{}")).expect(201).json());
        assert_eq!(twice[0]["id"], twice[1]["id"]);
        assert!(twice[0]["url"].is_string() && twice[1].get("url").is_none() && twice[1].get("access_code").is_none());
        let restricted = json!({"to": "restricted", "note": "Contested."});
        network.maria.post_matching(&format!("/people/{}/transitions", network.person), "*", &restricted).expect(201);
        asked(&id, json!({})).expect(423);
    }

    fn nobody_but_the_sender_learns_of_links(world: &World) {
        let (network, _) = Network::ready(world);
        let id = network.at_school(&["received"]);
        let one = given(&network.maria, &id, &json!({}));
        let (of_referral, own) = (format!("/referrals/{id}/partner-links"), format!("/partner-links/{}", one.id));
        for client in [&network.school.worker, &network.association.worker, &world.matej_case_manager_in_trieste()] {
            client.get(&of_referral).expect(404);
            client.get(&own).expect(404);
            client.post(&of_referral, &json!({})).expect(404);
            client.post(&format!("{own}/revocations"), &json!({})).expect(404);
        }
        for client in [&network.school.colleague, &world.samira_help_desk_operator(), &world.giulia_auditor()] {
            client.get(&of_referral).expect(403);
            client.post(&of_referral, &json!({})).expect(403);
        }
        assert_eq!(state(&network, &one.id), "open");
    }

    fn no_secret_is_left_in_a_row_or_a_log(world: &World) {
        let (network, _) = Network::ready(world);
        let id = network.sent(&[&network.school.service]);
        let mut command = command();
        command.env("RUST_LOG", "trace").args(["serve", "--database-url", &world.database.url]);
        command.args(["--partner-portal-url", "https://portal.example/it/partner"]);
        let mut process = ServerProcess::of(command).expect("it starts");
        for page in ["portal.example", "https://portal.example/#here", "javascript:alert(1)", "https:///partner"] {
            let refused = ServerProcess::try_start(&world.database.url, &["--partner-portal-url", page]);
            assert!(refused.err().is_some_and(|told| told.contains("--partner-portal-url")), "{page}");
        }
        let (maria, nobody) = (network.maria.at(&process.base), Client::new(&process.base));
        let made = maria.post(&format!("/referrals/{id}/partner-links"), &json!({})).expect(201).json();
        assert!(made["url"].as_str().unwrap().starts_with("https://portal.example/it/partner#token="), "{made}");
        let one = given(&maria, &id, &json!({}));
        tried(&nobody, &one.token, &wrong(&one.code)).expect(422);
        let bent = format!("{}§", &one.token[1..]);
        tried(&nobody, &bent, &one.code).expect(422);
        let answer = tried(&nobody, &one.token, &one.code).expect(200).json()["answer_token"].as_str().unwrap().to_owned();
        let said = json!({"to": "accepted", "answer_token": answer});
        let next = token_of(&nobody.post("/partner-links/answers", &said).expect(200).json()["next"]["url"]);
        tried(&nobody, &one.token, &one.code).expect(410);
        world.feed_settled();
        let dump = dump(world);
        assert!(process.terminate().success());
        let log = process.errors();
        assert!(log.contains("/partner-links/exchanges"), "the requests are logged");
        let secrets = [one.token.as_str(), &one.code, &answer, &next, &bent, &wrong(&one.code)];
        for secret in secrets {
            assert!(!log.contains(secret), "{secret} is logged");
            assert!(!dump.contains(secret), "{secret} is kept");
            assert!(!dump.to_lowercase().contains(&hexadecimal(secret.as_bytes())), "the bytes of {secret} are kept");
        }
        for token in [&one.token, &answer, &next] {
            assert!(dump.to_lowercase().contains(&hexadecimal(&Sha256::digest(token.as_bytes()))), "its digest is");
        }
        let plain = Sha256::digest(one.code.as_bytes());
        assert!(!dump.to_lowercase().contains(&hexadecimal(&plain)), "a digest of the code could be tried through");
    }
}

both! { in_a_sandbox:
    fn a_link_and_what_it_opened_run_out(world: &World) {
        let (network, _) = Network::ready(world);
        let advance = |to: chrono::DateTime<Utc>| network.maria.put("/sandbox/clock", &json!({"now": to})).expect(200);
        let id = network.sent(&[&network.school.service]);
        let one = given(&network.maria, &id, &json!({"valid_hours": 24}));
        let end: chrono::DateTime<Utc> = link(&network, &one.id)["expires_at"].as_str().unwrap().parse().unwrap();
        let held = network.maria.get(&format!("/partner-links/{}", one.id)).expect(200).header("etag").to_owned();
        advance(end);
        assert_eq!(gone(used(world, &one)), "link_in_time");
        assert_eq!((state(&network, &one.id), network.status(&id)), ("expired".into(), "requested".into()));
        // Its state has changed without a change of the row.
        network.maria.send("GET", &format!("/partner-links/{}", one.id), &[("if-none-match", &held)], None).expect(200);
        let two = given(&network.maria, &id, &json!({}));
        assert_eq!(state(&network, &one.id), "expired");
        let shown = used(world, &two).expect(200).json();
        let until: chrono::DateTime<Utc> = shown["answer_expires_at"].as_str().unwrap().parse().unwrap();
        advance(until);
        let before = traces(&network, &id);
        assert_eq!(gone(answered(world, &shown["answer_token"], "accepted")), "answer_in_time");
        assert_eq!(traces(&network, &id), before);
        // In time, a second before its end.
        let three = given(&network.maria, &id, &json!({}));
        let shown = used(world, &three).expect(200).json();
        let until: chrono::DateTime<Utc> = shown["answer_expires_at"].as_str().unwrap().parse().unwrap();
        advance(until - TimeDelta::seconds(20));
        answered(world, &shown["answer_token"], "accepted").expect(200);
    }
}
