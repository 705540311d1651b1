//! The two migration trees: the same names, the same tables, down and up again.

use std::collections::BTreeMap;
use std::path::Path;

use approdo_db::{Connection, migrate, schema};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::deployment::connection;
use crate::support::{Product, TestDatabase};

#[test]
fn both_trees_have_the_same_names_and_every_migration_goes_both_ways() {
    let names = |tree: &str| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(tree);
        let mut names: Vec<String> = std::fs::read_dir(&folder)
            .expect("the tree")
            .map(|entry| {
                let entry = entry.expect("a folder");
                for script in ["up.sql", "down.sql"] {
                    assert!(entry.path().join(script).is_file(), "{} lacks {script}", entry.path().display());
                }
                entry.file_name().into_string().expect("a plain name")
            })
            .collect();
        names.sort();
        names
    };
    assert_eq!(names("postgresql"), names("sqlite"));
}

#[test]
fn migrations_run_up_down_and_up_again_and_yield_the_same_tables_on_both_databases() {
    let on_sqlite = up_down_up(Product::Sqlite);
    every_declared_column_can_be_selected(Product::Sqlite);
    if !Product::Postgres.is_available() {
        eprintln!("skipped: PostgreSQL's server programs are not installed");
        return;
    }
    assert_eq!(up_down_up(Product::Postgres), on_sqlite);
    every_declared_column_can_be_selected(Product::Postgres);
}

/// Tables with their columns and whether these may be null.
type Tables = BTreeMap<String, BTreeMap<String, bool>>;

fn up_down_up(product: Product) -> Tables {
    let database = TestDatabase::empty(product);
    let mut connection = connection(&database.url);
    let empty = tables(&mut connection);
    assert!(empty.is_empty());
    let ran = migrate::run(&mut connection, "public").expect("up");
    let first = tables(&mut connection);
    migrate::revert_all(&mut connection).expect("down");
    assert_eq!(tables(&mut connection), empty, "down leaves nothing behind");
    assert_eq!(migrate::run(&mut connection, "public").expect("up again"), ran);
    assert_eq!(tables(&mut connection), first);
    first
}

fn tables(connection: &mut Connection) -> Tables {
    #[derive(QueryableByName)]
    struct Column {
        #[diesel(sql_type = Text)]
        table_name: String,
        #[diesel(sql_type = Text)]
        column_name: String,
        #[diesel(sql_type = BigInt)]
        nullable: i64,
    }
    let statement = if connection.is_sqlite() {
        // An INTEGER PRIMARY KEY is the row's own number and never null.
        "SELECT m.name AS table_name, c.name AS column_name, NOT (c.\"notnull\" OR c.pk > 0) AS nullable \
         FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'"
    } else {
        "SELECT table_name::text, column_name::text, (is_nullable = 'YES')::int::bigint AS nullable \
         FROM information_schema.columns WHERE table_schema = current_schema()"
    };
    let columns: Vec<Column> = diesel::sql_query(statement).load(connection).expect("the columns");
    let mut tables = Tables::new();
    for column in columns.into_iter().filter(|column| !column.table_name.starts_with("__diesel")) {
        tables.entry(column.table_name).or_default().insert(column.column_name, column.nullable == 1);
    }
    tables
}

/// Reads one row of each table as the schema declares it, and compares the declared columns with those there are.
macro_rules! select_all {
    ($connection:ident, $tables:ident: $($table:ident),* $(,)?) => {$(
        let columns: Vec<String> = declared(&diesel::debug_query::<diesel::sqlite::Sqlite, _>(
            &schema::$table::table.select(schema::$table::all_columns),
        ).to_string());
        let there: Vec<String> = $tables.remove(stringify!($table)).expect(stringify!($table)).into_keys().collect();
        assert_eq!(columns, there, "columns of {}", stringify!($table));
        let read = schema::$table::table
            .filter(diesel::dsl::sql::<diesel::sql_types::Bool>("1 = 0"))
            .select(schema::$table::all_columns)
            .execute($connection);
        assert_eq!(read, Ok(0), "reading {}", stringify!($table));
    )*};
}

/// The columns of `SELECT table.column, … FROM table`, sorted.
fn declared(statement: &str) -> Vec<String> {
    let (columns, _) = statement.trim_start_matches("SELECT ").split_once(" FROM ").expect("a selection");
    let mut names: Vec<String> = columns
        .split(", ")
        .map(|column| column.rsplit('.').next().expect("a name").trim_matches('`').to_owned())
        .collect();
    names.sort();
    names
}

fn every_declared_column_can_be_selected(product: Product) {
    let (database, _) = TestDatabase::new(product);
    let connection = &mut connection(&database.url);
    let mut tables = tables(connection);
    select_all!(connection, tables:
        access_batches, access_records, activities, activity_results, agreement_parties, agreements, api_clients, appointments, assessments, attachment_chunks, attachments, audit_seals, case_household_members, case_news, case_transitions, cases, changes, child_transitions, code_list_versions, code_lists, consents, contacts, data_import_rejections, data_imports, dataset_codes, dataset_releases, dataset_slices, datasets, deployment_keys, directory_sources, discrimination_report_grounds, discrimination_report_messages, discrimination_reporters, discrimination_reports, evaluation_contributions, evaluation_placements, evaluation_rounds, evaluation_themes, external_ids, goals, grant_scopes, grants, history, household_members, households, idempotency_keys, indicators, leases, legal_statuses, locations, login_throttles, network_meetings, network_members, networks, notes, objectives, observation_set_periods, observation_sets, observations, observatories, observatory_entries, one_time_tokens, organisation_ancestors, organisations, outbox, partner_links, pathway_templates, pathways, people, person_name_words, plans, policy_documents, policy_measure_indicators, policy_measures, principals, programs, referral_packages, referral_pauses, referral_recipients, referrals, refresh_tokens, relation_locks, relations, reminders, service_at_locations, service_capacities, service_verifications, services, sessions, settings, shared_accesses, stray_objects, task_transitions, tasks, territories, territory_codes, territory_events, territory_figures, territory_memberships, territory_parents, transfer_records, transfer_requests, transfers, translations, users, watches,
    );
    assert!(tables.is_empty(), "tables the schema does not declare: {:?}", tables.keys());
}
