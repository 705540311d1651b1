//! Evaluation rounds (domain 43): who is asked, who says what, and that nothing said is left without an answer.

use approdo::evaluations::contributions::{EvaluationContributionId, EvaluationContributionRow};
use approdo_db::schema::evaluation_contributions as contributions;
use approdo_db::types::RowId;
use diesel::prelude::*;
use serde_json::{Value, json};

use super::elena;
use super::observatories::{id_in, observatory};
use crate::both;
use crate::support::feed::{Follower, told};
use crate::support::http::Answer;
use crate::support::planning::in_days;
use crate::support::{Client, World};

/// A round of the regional observatory that asks schools, employers and residents for ten days from today; still planned.
fn planned(world: &World, more: &Value) -> String {
    let mut new = json!({"observatory_id": id_in(&observatory(world)), "title": "Courses", "call_text": "What do the courses need?",
        "collects_from": in_days(0), "collects_until": in_days(10), "categories": ["school", "employer", "resident"]});
    new.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    format!("/evaluation-rounds/{}", elena(world).post("/evaluation-rounds", &new).expect(201).id())
}

fn moved(client: &Client, row: &str, to: &Value) -> Answer {
    client.post_matching(&format!("{row}/transitions"), "*", to)
}

/// A round that collects.
fn collecting(world: &World) -> String {
    let round = planned(world, &json!({}));
    moved(&elena(world), &round, &json!({"to": "collecting"})).expect(201);
    round
}

/// Moves the clock to so many days from today; waits until it has moved.
fn days_pass(world: &World, days: i64) {
    let to = approdo::clock::now().instant() + chrono::TimeDelta::days(days);
    elena(world).put("/sandbox/clock", &json!({"now": to})).expect(200);
}

#[track_caller]
fn unmet(answer: Answer) -> Vec<String> {
    let problem = answer.expect(409).json();
    problem["unmet_guards"]
        .as_array()
        .unwrap()
        .iter()
        .map(|guard| guard["guard"].as_str().unwrap().to_owned())
        .collect()
}

#[track_caller]
fn pointer(answer: Answer) -> String {
    answer.expect(422).json()["errors"][0]["pointer"].as_str().unwrap().to_owned()
}

fn said(category: &str, organisation: Option<&Value>, text: &str) -> Value {
    let mut new = json!({"category": category, "text": text, "language": "it"});
    if let Some(id) = organisation {
        new["organisation_id"] = id.clone();
    }
    new
}

fn contributed(client: &Client, round: &str, new: &Value) -> String {
    format!("/evaluation-contributions/{}", client.post(&format!("{round}/contributions"), new).expect(201).id())
}

fn items(client: &Client, path: &str) -> Vec<Value> {
    client.get(path).expect(200).json()["items"].as_array().unwrap().clone()
}

fn texts(client: &Client, round: &str) -> Vec<String> {
    let all = items(client, &format!("{round}/contributions"));
    all.iter().map(|row| row["text"].as_str().unwrap().to_owned()).collect()
}

both! { in_a_sandbox:
    fn a_round_is_called_for_once_everything_is_there_and_then_stays_what_it_was(world: &World) {
        let (elena, maria, paolo) = (elena(world), world.maria_case_manager(), world.paolo_organisation_administrator());
        let mine = observatory(world);
        let bare = json!({"observatory_id": id_in(&mine), "title": "Courses"});
        maria.post("/evaluation-rounds", &bare).expect(403);
        assert_eq!(pointer(paolo.post("/evaluation-rounds", &bare)), "#/observatory_id");
        let round = format!("/evaluation-rounds/{}", elena.post("/evaluation-rounds", &bare).expect(201).id());
        let calls = |more: &Value| moved(&elena, &round, more);
        assert_eq!(unmet(calls(&json!({"to": "collecting"}))), ["call", "categories", "period"]);
        assert_eq!(unmet(calls(&json!({"to": "closed"}))), ["allowed_transition"]);
        for (wrong, at) in [
            (json!({"collects_from": "2026-02-02", "collects_until": "2026-02-01"}), "#/collects_until"),
            (json!({"categories": ["school", "school"]}), "#/categories/1"),
            (json!({"indicator_ids": [uuid::Uuid::now_v7()]}), "#/indicator_ids/0"),
            (json!({"service_ids": [uuid::Uuid::now_v7()]}), "#/service_ids/0"),
        ] {
            assert_eq!(pointer(elena.patch(&round, "*", &wrong)), at);
        }
        let call = json!({"call_text": "What do they need?", "categories": ["school"], "collects_from": "2020-01-01", "collects_until": "2020-02-01"});
        elena.patch(&round, "*", &call).expect(200);
        assert_eq!(unmet(calls(&json!({"to": "collecting"}))), ["period_to_come"]);
        let tag = elena.patch(&round, "*", &json!({"collects_until": in_days(3)})).expect(200).header("etag").to_owned();
        paolo.patch(&round, "*", &json!({"title": "Mine"})).expect(403);
        paolo.post_matching(&format!("{round}/transitions"), "*", &json!({"to": "collecting"})).expect(403);
        elena.post(&format!("{round}/transitions"), &json!({"to": "collecting"})).expect(428);
        elena.post_matching(&format!("{round}/transitions"), "\"1.0\"", &json!({"to": "collecting"})).expect(412);
        elena.post_matching(&format!("{round}/transitions"), &tag, &json!({"to": "collecting"})).expect(201);
        // From now on somebody may have answered it.
        for wrong in [json!({"title": "Other"}), json!({"collects_until": in_days(2)}), json!({"collects_until": null}),
            json!({"categories": ["school", "resident"]}), json!({"title": "Other", "collects_until": in_days(9)})] {
            assert_eq!(unmet(elena.patch(&round, "*", &wrong)), ["planned"], "{wrong}");
        }
        elena.patch(&round, "*", &json!({"collects_until": in_days(4)})).expect(200);
        let read = |client: &Client| client.get(&round).expect(200).json();
        assert_eq!(read(&elena)["allowed_transitions"], json!(["synthesis"]));
        assert_eq!((&read(&maria)["allowed_transitions"], &read(&maria)["status"]), (&json!([]), &json!("collecting")));
        assert_eq!(items(&maria, "/evaluation-rounds?status=collecting").len(), 1);
        assert_eq!(items(&maria, "/evaluation-rounds?status=planned").len(), 0);
        assert_eq!(items(&maria, &format!("/evaluation-rounds?observatory_id={}", id_in(&mine))).len(), 1);
        assert_eq!(items(&maria, &format!("/evaluation-rounds?observatory_id={}", uuid::Uuid::now_v7())).len(), 0);
    }

    fn organisations_speak_for_themselves_and_read_what_they_have_said(world: &World) {
        let (elena, maria, samira) = (elena(world), world.maria_case_manager(), world.samira_help_desk_operator());
        let (matej, lorenzo) = (world.matej_case_manager_in_trieste(), world.caller("lorenzo_training_organiser"));
        let (udine, trieste) = (json!(world.fixture.comune_udine), json!(world.fixture.comune_trieste));
        let round = collecting(world);
        let all = format!("{round}/contributions");
        let of_udine = contributed(&maria, &round, &said("school", Some(&udine), "Begin later."));
        let of_resident = contributed(&samira, &round, &said("resident", None, "Teach on Saturdays."));
        let of_trieste = contributed(&matej, &round, &said("employer", Some(&trieste), "Teach at work."));
        contributed(&lorenzo, &round, &said("school", None, "Give books."));
        assert_eq!(pointer(maria.post(&all, &said("school", Some(&trieste), "In their name."))), "#/organisation_id");
        assert_eq!(pointer(maria.post(&all, &said("resident", Some(&udine), "In a name."))), "#/organisation_id");
        assert_eq!(pointer(maria.post(&all, &said("trade_union", Some(&udine), "Nobody asked."))), "#/category");
        for outsider in [world.caller("bruno_steering_reader"), world.giulia_auditor(), world.regional_sync_client()] {
            outsider.post(&all, &said("school", None, "I too.")).expect(403);
            outsider.get(&all).expect(403);
            outsider.get(&of_udine).expect(403);
        }
        assert_eq!(texts(&elena, &round), ["Begin later.", "Teach on Saturdays.", "Teach at work.", "Give books."]);
        for reader in [&maria, &samira, &lorenzo, &world.paolo_organisation_administrator()] {
            assert_eq!(texts(reader, &round), ["Begin later.", "Teach on Saturdays.", "Give books."]);
            reader.get(&of_resident).expect(200);
            reader.get(&of_trieste).expect(404);
        }
        assert_eq!(texts(&matej, &round), ["Teach at work."]);
        assert_eq!(matej.get(&of_resident).expect(404).json()["title"], matej.get(&format!("/evaluation-contributions/{}", uuid::Uuid::now_v7())).json()["title"]);
        assert_eq!(items(&elena, &format!("{all}?category=school")).len(), 2);
        assert_eq!(items(&elena, &format!("{all}?status=set_aside")).len(), 0);
        // Nothing tells at which desk a resident said it.
        let shown = elena.get(&of_resident).expect(200);
        assert!(!shown.text.contains(udine.as_str().unwrap()) && shown.json().get("organisation_id").is_none(), "{}", shown.text);
        assert_eq!((&shown.json()["theme_ids"], maria.get(&of_udine).json().get("theme_ids")), (&json!([]), None));
        // What was said is not edited.
        elena.patch(&of_udine, "*", &json!({"text": "Never begin."})).expect(405);
        maria.delete(&of_udine, "*").expect(405);
    }

    fn no_organisation_floods_a_round(world: &World) {
        let (samira, matej) = (world.samira_help_desk_operator(), world.matej_case_manager_in_trieste());
        let round = collecting(world);
        let one = said("resident", None, "More courses.");
        let first = contributed(&samira, &round, &one);
        let of_first = contributions::table.find(EvaluationContributionId(id_in(&first).parse().unwrap()));
        let mut connection = world.connection();
        let row: EvaluationContributionRow = of_first.first(&mut connection).unwrap();
        for _ in 0..998 {
            let row = EvaluationContributionRow { id: EvaluationContributionId::new(), ..row.clone() };
            diesel::insert_into(contributions::table).values(&row).execute(&mut connection).unwrap();
        }
        contributed(&samira, &round, &one);
        samira.post(&format!("{round}/contributions"), &one).expect(409);
        // What others have to say is heard all the same.
        contributed(&matej, &round, &one);
    }

    fn contributions_are_taken_from_the_first_day_to_the_end_of_the_last(world: &World) {
        let (elena, maria) = (elena(world), world.maria_case_manager());
        let round = planned(world, &json!({"collects_from": in_days(2), "collects_until": in_days(4)}));
        let one = said("school", None, "Begin later.");
        let says = || maria.post(&format!("{round}/contributions"), &one);
        assert_eq!(unmet(says()), ["collecting"]);
        moved(&elena, &round, &json!({"to": "collecting"})).expect(201);
        assert_eq!(unmet(says()), ["collecting"]);
        days_pass(world, 2);
        says().expect(201);
        assert_eq!(unmet(moved(&elena, &round, &json!({"to": "synthesis"}))), ["collecting_over"]);
        days_pass(world, 4);
        says().expect(201);
        assert_eq!(unmet(moved(&elena, &round, &json!({"to": "synthesis"}))), ["collecting_over"]);
        days_pass(world, 5);
        assert_eq!(unmet(says()), ["collecting"]);
        let why = json!({"to": "synthesis", "no_contributions_reason": "Nobody came."});
        assert_eq!(pointer(moved(&elena, &round, &why)), "#/no_contributions_reason");
        moved(&elena, &round, &json!({"to": "synthesis"})).expect(201);
        assert_eq!(unmet(says()), ["collecting"]);
    }

    fn a_round_to_which_nobody_contributed_says_why_and_can_be_opened_once_more(world: &World) {
        let (elena, maria) = (elena(world), world.maria_case_manager());
        let round = collecting(world);
        days_pass(world, 11);
        assert_eq!(unmet(moved(&elena, &round, &json!({"to": "synthesis"}))), ["contributions"]);
        moved(&elena, &round, &json!({"to": "synthesis", "no_contributions_reason": "It was August."})).expect(201);
        assert_eq!(maria.get(&round).expect(200).json()["no_contributions_reason"], "It was August.");
        let again = |more: &Value| {
            let mut to = json!({"to": "collecting"});
            to.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            moved(&elena, &round, &to)
        };
        assert_eq!(pointer(again(&json!({"collects_until": in_days(20)}))), "#/note");
        assert_eq!(unmet(again(&json!({"note": "Schools are back."}))), ["period"]);
        assert_eq!(unmet(again(&json!({"note": "Schools are back.", "collects_until": in_days(10)}))), ["period_to_come"]);
        let made = again(&json!({"note": "Schools are back.", "collects_until": in_days(20)})).expect(201).json();
        assert_eq!((&made["from"], &made["to"], &made["note"]), (&json!("synthesis"), &json!("collecting"), &json!("Schools are back.")));
        let read = maria.get(&round).expect(200).json();
        assert_eq!((&read["collects_until"], read.get("no_contributions_reason")), (&json!(in_days(20)), None));
        contributed(&maria, &round, &said("school", None, "Begin later."));
        // One to which nobody comes is answered without a theme.
        let empty = planned(world, &json!({"collects_until": in_days(40)}));
        moved(&elena, &empty, &json!({"to": "collecting"})).expect(201);
        days_pass(world, 41);
        for to in [json!({"to": "synthesis", "no_contributions_reason": "Nobody knew."}), json!({"to": "response"}), json!({"to": "closed"})] {
            moved(&elena, &empty, &to).expect(201);
        }
        assert_eq!(maria.get(&empty).expect(200).json()["status"], "closed");
    }

    fn every_contribution_is_placed_or_set_aside_before_anything_is_answered(world: &World) {
        let (elena, maria, paolo) = (elena(world), world.maria_case_manager(), world.paolo_organisation_administrator());
        let round = collecting(world);
        let [first, second, third] = ["Begin later.", "Give books.", "More buses."].map(|text| contributed(&maria, &round, &said("school", None, text)));
        let elsewhere = contributed(&maria, &collecting(world), &said("school", None, "Elsewhere."));
        let themes = format!("{round}/themes");
        let theme = |ids: &[&String]| {
            let ids: Vec<&str> = ids.iter().map(|one| id_in(one)).collect();
            elena.post(&themes, &json!({"title": "Hours", "summary": "Too early.", "contribution_ids": ids}))
        };
        assert_eq!(unmet(theme(&[&first])), ["synthesis"]);
        days_pass(world, 11);
        moved(&elena, &round, &json!({"to": "synthesis"})).expect(201);
        assert_eq!(unmet(moved(&elena, &round, &json!({"to": "response"}))), ["themes", "contributions_placed"]);
        let aside = json!({"to": "set_aside", "note": "Speaks of buses."});
        moved(&maria, &third, &aside).expect(403);
        moved(&paolo, &third, &aside).expect(403);
        let administers = json!({"role": "organisation_administrator", "organisation_id": world.fixture.comune_trieste, "territory_ids": [world.fixture.trieste]});
        moved(&world.another_client(&administers).0, &third, &aside).expect(404);
        moved(&elena, &third, &json!({"to": "set_aside"})).expect(422);
        moved(&elena, &third, &aside).expect(201);
        assert_eq!(maria.get(&third).expect(200).json()["set_aside_reason"], "Speaks of buses.");
        assert_eq!(pointer(theme(&[&first, &third])), "#/contribution_ids/1");
        assert_eq!(pointer(theme(&[&elsewhere])), "#/contribution_ids/0");
        assert_eq!(pointer(theme(&[&first, &first])), "#/contribution_ids/1");
        maria.post(&themes, &json!({"title": "Hours", "summary": "Too early."})).expect(403);
        paolo.post(&themes, &json!({"title": "Hours", "summary": "Too early."})).expect(403);
        let hours = format!("/evaluation-themes/{}", theme(&[&first]).expect(201).id());
        assert_eq!(unmet(moved(&elena, &round, &json!({"to": "response"}))), ["contributions_placed"]);
        assert_eq!(unmet(moved(&elena, &first, &json!({"to": "set_aside", "note": "No."}))), ["not_placed"]);
        elena.patch(&hours, "*", &json!({"contribution_ids": [id_in(&first), id_in(&second)], "title": "Hours and books"})).expect(200);
        assert_eq!(elena.get(&second).expect(200).json()["theme_ids"], json!([id_in(&hours)]));
        // Taken out again, it is to be placed elsewhere.
        elena.patch(&hours, "*", &json!({"contribution_ids": [id_in(&first)]})).expect(200);
        assert_eq!(unmet(moved(&elena, &round, &json!({"to": "response"}))), ["contributions_placed"]);
        let books = format!("/evaluation-themes/{}", theme(&[&second]).expect(201).id());
        elena.delete(&books, "*").expect(204);
        assert_eq!(unmet(moved(&elena, &round, &json!({"to": "response"}))), ["contributions_placed"]);
        theme(&[&second, &first]).expect(201);
        // Nobody else knows of themes yet.
        assert_eq!(items(&maria, &themes).len(), 0);
        assert_eq!(items(&elena, &themes).len(), 2);
        maria.get(&hours).expect(404);
        paolo.patch(&hours, "*", &json!({"title": "Mine"})).expect(404);
        paolo.delete(&hours, "*").expect(404);
        let answer = json!({"response": {"decision": "partly", "reason": "As far as rooms allow.", "organisation_id": world.fixture.root}});
        assert_eq!(unmet(elena.patch(&hours, "*", &answer)), ["response"]);
        moved(&elena, &third, &json!({"to": "received"})).expect(201);
        assert_eq!(unmet(moved(&elena, &round, &json!({"to": "response"}))), ["contributions_placed"]);
        moved(&elena, &third, &aside).expect(201);
        moved(&elena, &round, &json!({"to": "response"})).expect(201);
        // What was put together stays.
        for wrong in [json!({"summary": "Too late."}), json!({"contribution_ids": []}), json!({"title": "Other"})] {
            assert_eq!(unmet(elena.patch(&hours, "*", &wrong)), ["synthesis"], "{wrong}");
        }
        assert_eq!(unmet(theme(&[])), ["synthesis"]);
        assert_eq!(unmet(elena.delete(&hours, "*")), ["synthesis"]);
        assert_eq!(unmet(moved(&elena, &third, &json!({"to": "received"}))), ["round_open"]);
        let back = json!({"to": "collecting", "note": "More.", "collects_until": in_days(30)});
        assert_eq!(unmet(moved(&elena, &round, &back)), ["allowed_transition"]);
    }

    fn a_round_closes_with_an_answer_to_every_theme_for_everyone_to_read(world: &World) {
        let (elena, maria, paolo) = (elena(world), world.maria_case_manager(), world.paolo_organisation_administrator());
        let mut feed = Follower::caught_up(world.regional_sync_client());
        let round = collecting(world);
        let contributions = ["Begin later.", "Give books."].map(|text| contributed(&maria, &round, &said("school", None, text)));
        days_pass(world, 11);
        moved(&elena, &round, &json!({"to": "synthesis"})).expect(201);
        let themes: Vec<String> = contributions.iter().map(|one| {
            let new = json!({"title": "A theme", "summary": "What was said.", "contribution_ids": [id_in(one)]});
            format!("/evaluation-themes/{}", elena.post(&format!("{round}/themes"), &new).expect(201).id())
        }).collect();
        moved(&elena, &round, &json!({"to": "response"})).expect(201);
        let closes = || moved(&elena, &round, &json!({"to": "closed"}));
        let answer = |decision: &str| json!({"decision": decision, "reason": "As far as rooms allow.", "organisation_id": world.fixture.comune_trieste,
            "action_url": "https://region.example/courses"});
        for (wrong, at) in [("organisation_id", "#/response/organisation_id"), ("reason", "#/response/reason"), ("action_url", "#/response/action_url")] {
            let mut response = answer("accepted");
            response[wrong] = if wrong == "organisation_id" { json!(uuid::Uuid::now_v7()) } else { json!("") };
            assert_eq!(pointer(elena.patch(&themes[0], "*", &json!({"response": response}))), at);
        }
        for wrong in ["javascript:alert(1)", "http://region.example/courses"] {
            let mut response = answer("accepted");
            response["action_url"] = json!(wrong);
            assert_eq!(pointer(elena.patch(&themes[0], "*", &json!({"response": response}))), "#/response/action_url");
        }
        let bare = json!({"response": {"decision": "accepted", "organisation_id": world.fixture.root}});
        elena.patch(&themes[0], "*", &bare).expect(422);
        elena.patch(&themes[0], "*", &json!({"response": answer("accepted")})).expect(200);
        assert_eq!(unmet(closes()), ["responses"]);
        elena.patch(&themes[1], "*", &json!({"response": answer("not_accepted")})).expect(200);
        // An answer can be taken back until the round is closed.
        elena.patch(&themes[1], "*", &json!({"response": null})).expect(200);
        assert_eq!(unmet(closes()), ["responses"]);
        elena.patch(&themes[1], "*", &json!({"response": answer("not_accepted")})).expect(200);
        assert_eq!(items(&maria, &format!("{round}/themes")).len(), 0);
        closes().expect(201);
        let read = maria.get(&round).expect(200).json();
        assert_eq!((&read["status"], read["closed_at"].is_string()), (&json!("closed"), true));
        for reader in [&maria, &world.caller("bruno_steering_reader"), &world.giulia_auditor(), &paolo] {
            let told = items(reader, &format!("{round}/themes"));
            assert_eq!((told.len(), &told[1]["response"], told[1].get("contribution_ids")), (2, &answer("not_accepted"), None));
            reader.get(&themes[0]).expect(200);
        }
        // Who contributed finds where it went.
        assert_eq!(maria.get(&contributions[1]).expect(200).json()["theme_ids"], json!([id_in(&themes[1])]));
        world.matej_case_manager_in_trieste().get(&contributions[1]).expect(404);
        for theme in &themes {
            assert_eq!(unmet(elena.patch(theme, "*", &json!({"response": answer("partly")}))), ["response"]);
            paolo.patch(theme, "*", &json!({"response": answer("partly")})).expect(403);
        }
        assert_eq!(elena.get(&round).expect(200).json()["allowed_transitions"], json!([]));
        world.feed_settled();
        let events = feed.rest();
        let kinds: Vec<String> = told(&events, id_in(&round)).into_iter().map(|(kind, _)| kind).collect();
        assert_eq!(kinds[0], "evaluation_round.created");
        assert_eq!(kinds[1..], ["evaluation_round.updated"; 4]);
        for row in contributions.iter().chain(&themes) {
            assert_eq!(told(&events, id_in(row)), [], "{row}");
        }
    }

    fn a_handful_of_residents_is_not_counted_for_everyone(world: &World) {
        let (elena, maria, samira) = (elena(world), world.maria_case_manager(), world.samira_help_desk_operator());
        let counts = |client: &Client, round: &str| client.get(round).expect(200).json().get("contribution_counts").cloned();
        for residents in [0, 1, 4, 5] {
            let round = planned(world, &json!({"collects_until": in_days(400), "categories": ["school", "employer", "resident"]}));
            moved(&elena, &round, &json!({"to": "collecting"})).expect(201);
            contributed(&maria, &round, &said("school", None, "Begin later."));
            let tag = elena.get(&round).expect(200).header("etag").to_owned();
            for _ in 0..residents {
                contributed(&samira, &round, &said("resident", None, "Begin later."));
            }
            let exact = json!([{"category": "school", "contributions": 1}, {"category": "employer", "contributions": 0},
                {"category": "resident", "contributions": residents}]);
            assert_eq!(counts(&elena, &round), Some(exact.clone()));
            let fresh = elena.send("GET", &round, &[("if-none-match", &tag)], None).status;
            assert_eq!(fresh, if residents == 0 { 304 } else { 200 }, "a contribution changes what is told of the round");
            // Nobody follows how the numbers grow.
            assert_eq!(counts(&maria, &round), None);
            shut(world, &round);
            let mut told = exact.clone();
            if (1..5).contains(&residents) {
                told[2].as_object_mut().unwrap().remove("contributions");
            }
            assert_eq!(counts(&maria, &round), Some(told.clone()), "{residents}");
            let listed = items(&maria, "/evaluation-rounds");
            assert_eq!(listed.last().unwrap()["contribution_counts"], told);
            assert_eq!(counts(&elena, &round), Some(exact));
        }
    }

    fn a_text_that_tells_of_people_goes_for_good(world: &World) {
        let (elena, maria) = (elena(world), world.maria_case_manager());
        let round = collecting(world);
        let named = contributed(&maria, &round, &said("school", None, "Ask Olena Shevchuk."));
        let other = contributed(&maria, &round, &said("school", None, "Give books."));
        moved(&elena, &other, &json!({"to": "set_aside", "note": "Later."})).expect(201);
        moved(&elena, &other, &json!({"to": "received"})).expect(201);
        assert_eq!(elena.get(&other).expect(200).json()["text"], "Give books.");
        let text = format!("{named}/text");
        maria.delete(&text, "*").expect(403);
        world.paolo_organisation_administrator().delete(&text, "*").expect(403);
        let administers = json!({"role": "organisation_administrator", "organisation_id": world.fixture.comune_trieste, "territory_ids": [world.fixture.trieste]});
        world.another_client(&administers).0.delete(&text, "*").expect(404);
        elena.send("DELETE", &text, &[], None).expect(428);
        elena.delete(&text, "\"9.0\"").expect(412);
        elena.delete(&text, "*").expect(204);
        elena.delete(&text, "*").expect(404);
        for reader in [&elena, &maria] {
            let row = reader.get(&named).expect(200);
            assert!(!row.text.contains("Olena"), "{}", row.text);
            assert_eq!((row.json().get("text"), &row.json()["status"], &row.json()["version"]), (None, &json!("received"), &json!(2)));
        }
        moved(&elena, &named, &json!({"to": "set_aside", "note": "Named somebody."})).expect(201);
        assert_eq!(unmet(moved(&elena, &named, &json!({"to": "received"}))), ["text"]);
        use approdo_db::schema::history;
        use diesel::prelude::*;
        let id = RowId(uuid::Uuid::parse_str(id_in(&named)).unwrap());
        let kept = history::table.filter(history::resource_id.eq(id)).select(history::field_values);
        let kept: Vec<approdo_db::Json> = kept.load(&mut world.connection()).unwrap();
        assert_eq!(kept.len(), 2);
        assert!(kept.iter().all(|values| !values.value().to_string().contains("Olena")));

        // Nor is it kept by what was said when it was set aside.
        let aside = contributed(&maria, &round, &said("school", None, "Ask Olena Shevchuk."));
        moved(&elena, &aside, &json!({"to": "set_aside", "note": "Names Olena Shevchuk."})).expect(201);
        elena.delete(&format!("{aside}/text"), "*").expect(204);
        for reader in [&elena, &maria] {
            let row = reader.get(&aside).expect(200);
            assert!(!row.text.contains("Olena"), "{}", row.text);
            assert_eq!((&row.json()["status"], &row.json()["allowed_transitions"]), (&json!("set_aside"), &json!([])));
        }
        use approdo_db::schema::child_transitions as moves;
        let id = RowId(uuid::Uuid::parse_str(id_in(&aside)).unwrap());
        let notes = moves::table.filter(moves::resource_id.eq(id)).select(moves::note);
        let notes: Vec<Option<String>> = notes.load(&mut world.connection()).unwrap();
        assert_eq!(notes, [None]);
        let kept = history::table.filter(history::resource_id.eq(id)).select(history::field_values);
        let kept: Vec<approdo_db::Json> = kept.load(&mut world.connection()).unwrap();
        assert!(kept.iter().all(|values| !values.value().to_string().contains("Olena")));
    }
}

/// As if the round had been brought to its end.
fn shut(world: &World, round: &str) {
    use approdo_db::schema::evaluation_rounds as rounds;
    use diesel::prelude::*;
    let id = RowId(uuid::Uuid::parse_str(id_in(round)).unwrap());
    let closed = (rounds::status.eq("closed"), rounds::closed_at.eq(approdo::clock::now()));
    diesel::update(rounds::table.filter(rounds::id.eq(id))).set(closed).execute(&mut world.connection()).unwrap();
}
