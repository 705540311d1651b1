//! `GET /households`: filters, orders and scope, in pages and streams, against a plain reading of the same rows.

use approdo::access::{OrganisationId, TerritoryId};
use approdo::clock;
use approdo::people::household_members::{HouseholdMember, HouseholdMemberId};
use approdo::people::households::{HouseholdId, HouseholdRow};
use approdo::people::queries as people;
use approdo::people::types::PersonRow;
use approdo_db::Timestamp;
use approdo_db::schema::{access_records, household_members, households};
use chrono::TimeDelta;
use diesel::prelude::*;
use serde_json::{Value, json};

use crate::both;
use crate::support::World;
use crate::support::http::Client;
use crate::support::listing::{compare, paged};
use crate::support::seed::{self, Dice, day};

/// A household with whoever lives or lived there.
struct Seeded {
    household: HouseholdRow,
    lodgers: Vec<PersonRow>,
}

fn minutes_ago(minutes: u64) -> Timestamp {
    Timestamp::new(clock::now().instant() - TimeDelta::minutes(i64::try_from(minutes).expect("small")))
}

/// Households in Udine and Trieste at times that repeat, some of the people in two of them, one after the other.
fn furnished(world: &World, count: usize) -> Vec<Seeded> {
    let fixture = &world.fixture;
    let mut dice = Dice::new(23);
    let places = [(fixture.comune_udine, fixture.udine), (fixture.comune_trieste, fixture.trieste)];
    // Times are made once, so that some are equal to the microsecond.
    let times: Vec<Timestamp> = (0..20).map(minutes_ago).collect();
    let people: Vec<PersonRow> = (0..12)
        .map(|number| {
            let (owner, territory) = places[number % 2];
            seed::person(owner, territory, clock::now())
        })
        .collect();
    let all: Vec<Seeded> = (0..count)
        .map(|number| {
            let (owner, territory) = dice.pick(&places);
            let household = household(owner, territory, dice.pick(&times), dice.pick(&times));
            let lodgers = if number < 2 * people.len() { vec![people[number % people.len()].clone()] } else { vec![] };
            Seeded { household, lodgers }
        })
        .collect();
    let mut connection = world.connection();
    for person in &people {
        people::insert(&mut connection, person).expect("a person");
    }
    for (number, seeded) in all.iter().enumerate() {
        diesel::insert_into(households::table).values(&seeded.household).execute(&mut connection).expect("a household");
        for person in &seeded.lodgers {
            let earlier = number < people.len();
            let row = HouseholdMember {
                id: HouseholdMemberId::new(),
                household_id: seeded.household.id,
                person_id: person.id,
                valid_from: day(if earlier { -200 } else { -100 }),
                valid_to: earlier.then(|| day(-100)),
                version: 1,
                created_at: clock::now(),
                updated_at: clock::now(),
            };
            diesel::insert_into(household_members::table).values(&row).execute(&mut connection).expect("a member");
        }
    }
    all
}

fn household(
    owner_org_id: OrganisationId,
    territory_id: TerritoryId,
    created_at: Timestamp,
    updated_at: Timestamp,
) -> HouseholdRow {
    let (label, address) = (Some("Shevchuk".into()), Some("Via Roma 1".into()));
    HouseholdRow {
        id: HouseholdId::new(),
        owner_org_id,
        territory_id,
        label,
        address,
        version: 1,
        created_at,
        updated_at,
    }
}

/// Who reads, and where.
fn readers(world: &World) -> Vec<(Client, Vec<TerritoryId>)> {
    let fixture = &world.fixture;
    let over = |territories: Value, groups: Value| json!({"role": "case_manager", "organisation_id": fixture.root, "territory_ids": territories, "target_groups": groups});
    let wide = vec![fixture.udine, fixture.trieste];
    let (twice, twice_id, _) = world.another_client(&over(json!([fixture.region]), json!([])));
    world.grant(&twice_id, &over(json!([fixture.trieste]), json!([])));
    // A household has no target group: a grant on some of them reaches none, and adds nothing to another.
    let (students, _, _) = world.another_client(&over(json!([fixture.region]), json!(["student"])));
    let (both, both_id, _) = world.another_client(&over(json!([fixture.region]), json!(["student"])));
    world.grant(&both_id, &over(json!([fixture.trieste]), json!([])));
    vec![
        (world.maria_case_manager(), vec![fixture.udine]),
        (world.samira_help_desk_operator(), vec![fixture.udine]),
        (world.regional_sync_client(), wide.clone()),
        (twice, wide),
        (students, vec![]),
        (both, vec![fixture.trieste]),
    ]
}

type Condition = (String, Box<dyn Fn(&Seeded) -> bool>);

fn conditions(world: &World, all: &[Seeded], dice: &mut Dice) -> Vec<Condition> {
    let territory = dice.pick(&[world.fixture.udine, world.fixture.trieste]);
    let somebody = usize::try_from(dice.throw(20)).expect("small");
    let person = all[somebody].lodgers[0].id;
    let since = all[usize::try_from(dice.throw(40)).expect("small")].household.updated_at;
    vec![
        (format!("territory_id={territory}"), Box::new(move |seeded| seeded.household.territory_id == territory)),
        (
            format!("person_id={person}"),
            Box::new(move |seeded| seeded.lodgers.iter().any(|lodger| lodger.id == person)),
        ),
        (format!("updated_since={since}"), Box::new(move |seeded| seeded.household.updated_at >= since)),
    ]
}

both! {
    fn households_are_listed_as_a_plain_reading_finds_them_in_pages_and_streams(world: &World) {
        let all = furnished(world, 90);
        let mut dice = Dice::new(29);
        let (mut shown, mut by_person) = (0, 0);
        for (client, territories) in readers(world) {
            for round in 0..14 {
                let mut conditions = conditions(world, &all, &mut dice);
                match round {
                    0..3 => conditions = vec![conditions.swap_remove(round)],
                    3 | 4 => conditions.clear(),
                    _ => conditions.retain(|_| dice.throw(2) == 0),
                }
                let sort = ["-created_at", "updated_at"][round % 2];
                let mut found: Vec<&HouseholdRow> = all.iter()
                    .filter(|seeded| territories.contains(&seeded.household.territory_id))
                    .filter(|seeded| conditions.iter().all(|(_, holds)| holds(seeded)))
                    .map(|seeded| &seeded.household)
                    .collect();
                match sort {
                    "updated_at" => found.sort_by_key(|row| (row.updated_at, row.id)),
                    _ => found.sort_by_key(|row| std::cmp::Reverse((row.created_at, row.id))),
                }
                let expected: Vec<String> = found.iter().map(|row| row.id.to_string()).collect();
                let mut query: Vec<String> = conditions.iter().map(|(query, _)| query.clone()).collect();
                query.push(format!("sort={sort}"));
                compare(&client, "/households", &query.join("&"), &expected, &mut dice);
                shown += expected.len();
                by_person += usize::from(query.iter().any(|part| part.starts_with("person_id")) && !expected.is_empty());
            }
        }
        assert!(shown > 500 && by_person > 5, "the filters leave nothing to compare: {shown}, {by_person}");
    }

    fn a_row_of_the_list_is_the_household_as_it_is_read(world: &World) {
        let maria = world.maria_case_manager();
        let new = json!({"owner_org_id": world.fixture.comune_udine, "territory_id": world.fixture.udine, "label": "=1+1", "address": "Via Roma 1"});
        let made = maria.post("/households", &new).expect(201);
        let address = format!("/households/{}", made.id());
        for client in [&maria, &world.regional_sync_client(), &world.samira_help_desk_operator()] {
            let page = client.get("/households").expect(200).json();
            assert_eq!(page["items"], json!([client.get(&address).expect(200).json()]));
            let lines = client.send("GET", "/households", &[("accept", "application/x-ndjson")], None).expect(200);
            assert_eq!(serde_json::from_str::<Value>(&lines.text).expect("a line"), page["items"][0]);
        }
        let table = maria.send("GET", "/households?fields=label,address", &[("accept", "text/csv")], None).expect(200).text;
        let id = made.id();
        assert_eq!(table, format!("id,label,address,version,withheld_fields\r\n{id},'=1+1,Via Roma 1,1,\r\n"));
        // Without a filter or with one, what others see is theirs.
        assert_eq!(paged(&world.matej_case_manager_in_trieste(), "/households", "", 5), Vec::<String>::new());
        for other in ["paolo_organisation_administrator", "giulia_auditor", "elena_observatory_analyst"] {
            world.caller(other).get("/households").expect(403);
        }
        for wrong in ["sort=created_at", "sort=-updated_at", "person_id=x", "limit=201", "status=open", "updated_since=x", "fields=secret"] {
            maria.get(&format!("/households?{wrong}")).expect(400);
        }
    }

    fn where_somebody_lives_is_found_by_who_sees_the_household_alone(world: &World) {
        world.maria_works_in_trieste_too();
        let (maria, matej) = (world.maria_case_manager(), world.matej_case_manager_in_trieste());
        let person = maria.post("/people", &world.person_in_udine()).expect(201).id();
        let homes: Vec<String> = [(world.fixture.udine, "2024-01-01", Some("2025-01-01")), (world.fixture.trieste, "2025-01-01", None)]
            .into_iter()
            .map(|(territory, from, to)| {
                let new = json!({"owner_org_id": world.fixture.comune_udine, "territory_id": territory});
                let home = maria.post("/households", &new).expect(201).id();
                let mut member = json!({"person_id": person, "valid_from": from});
                if let Some(to) = to {
                    member["valid_to"] = json!(to);
                }
                maria.post(&format!("/households/{home}/members"), &member).expect(201);
                home
            })
            .collect();
        let narrow = json!({"role": "case_manager", "organisation_id": world.fixture.comune_udine, "territory_ids": [world.fixture.udine]});
        let near = world.another_client(&narrow).0;
        let query = format!("person_id={person}");
        let newest_first: Vec<&str> = homes.iter().rev().map(String::as_str).collect();
        assert_eq!(paged(&maria, "/households", &query, 5), newest_first);
        assert_eq!(paged(&near, "/households", &query, 5), [homes[0].as_str()]);
        assert_eq!(paged(&matej, "/households", &query, 5), Vec::<String>::new());
        let nobody = format!("person_id={}", uuid::Uuid::now_v7());
        assert_eq!(paged(&maria, "/households", &nobody, 5), Vec::<String>::new());
    }

    fn the_households_a_list_shows_are_recorded_as_accessed(world: &World) {
        let expected: Vec<Vec<u8>> = furnished(world, 30).iter()
            .filter(|seeded| seeded.household.territory_id == world.fixture.udine)
            .map(|seeded| seeded.household.id.0.as_bytes().to_vec())
            .collect();
        paged(&world.maria_case_manager(), "/households", "", 200);
        let recorded: Vec<(String, Option<Vec<u8>>)> = access_records::table
            .filter(access_records::operation.eq("list_households"))
            .select((access_records::purpose, access_records::packed_ids))
            .load(&mut world.connection())
            .expect("the records");
        let [(_, Some(packed))] = recorded.as_slice() else { panic!("one record: {recorded:?}") };
        let mut shown: Vec<Vec<u8>> = packed.chunks_exact(16).map(<[u8]>::to_vec).collect();
        let mut expected = expected;
        shown.sort();
        expected.sort();
        assert_eq!(shown, expected);
    }
}
