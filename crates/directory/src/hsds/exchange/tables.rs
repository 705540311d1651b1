//! Packages of tables: a zip archive with one CSV file for each table of HSDS, 3.0 or 1.x. Rows that belong to others are put into them.

use std::collections::{BTreeMap, HashMap};
use std::io::{Read, Seek};

use serde_json::Value;

use crate::contents::inspection::{self, Limits};
use crate::error::{ApiError, ApiResult};
use crate::hsds::exchange::package::{Item, Members, Package, text_of};

/// Bytes of one table, and of all of them.
const TABLE: u64 = 16 * 1024 * 1024;
const TABLES: u64 = 64 * 1024 * 1024;
/// Rows of all tables together.
const ROWS: usize = 50_000;

/// A row with the line it begins at.
type Row = (u64, Members);

/// The tables of a package by name, without their folder and `.csv`.
struct Tables(BTreeMap<String, Vec<Row>>);

/// Reads a package of tables.
pub fn read(file: &mut (impl Read + Seek)) -> ApiResult<Package> {
    let limits = Limits { inflated: TABLES };
    let parts = inspection::unpacked(file, limits, TABLE, |name| table_of(name).is_some())?;
    let mut tables = Tables(BTreeMap::new());
    let mut left = ROWS;
    for (name, bytes) in parts {
        let Some(table) = table_of(&name) else { continue };
        let rows = rows(&name, &bytes, &mut left)?;
        tables.0.entry(table).or_default().extend(rows);
    }
    tables.assembled().checked()
}

fn table_of(name: &str) -> Option<String> {
    let file = name.rsplit('/').next().unwrap_or(name).to_ascii_lowercase();
    // What the archivers of one maker leave behind for themselves.
    if file.starts_with("._") || name.starts_with("__MACOSX/") {
        return None;
    }
    file.strip_suffix(".csv").map(str::to_owned)
}

fn rows(name: &str, bytes: &[u8], left: &mut usize) -> ApiResult<Vec<Row>> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    // PostgreSQL's text cannot hold it.
    if bytes.contains(&0) {
        return Err(ApiError::invalid_content(format!("holds {name}, which has the character U+0000")));
    }
    let refused = |error: csv::Error| {
        let line = error.position().map(|position| format!(", line {}", position.line())).unwrap_or_default();
        ApiError::invalid_content(format!("holds {name}{line}, which is no table in UTF-8"))
    };
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(bytes);
    let header: Vec<String> =
        reader.headers().map_err(refused)?.iter().map(|column| column.trim().to_ascii_lowercase()).collect();
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(refused)?;
        *left = left
            .checked_sub(1)
            .ok_or_else(|| ApiError::invalid_content(format!("holds more than {ROWS} rows: send it in parts")))?;
        let line = record.position().map_or(0, csv::Position::line);
        let filled = header.iter().zip(record.iter()).filter(|(_, cell)| !cell.trim().is_empty());
        let members = filled.map(|(column, cell)| (column.clone(), Value::String(cell.to_owned())));
        rows.push((line, members.collect()));
    }
    Ok(rows)
}

/// Parts by the id of what they belong to.
type Belonging = HashMap<String, Vec<Value>>;

impl Tables {
    fn take(&mut self, names: &[&str]) -> Vec<Row> {
        names.iter().filter_map(|name| self.0.remove(*name)).flatten().collect()
    }

    /// One table in 3.0, two in 1.x.
    fn addresses(&mut self) -> Vec<Row> {
        let mut all = self.take(&["addresses"]);
        for (table, kind) in [("physical_addresses", "physical"), ("postal_addresses", "postal")] {
            let mut rows = self.take(&[table]);
            for (_, row) in &mut rows {
                row.entry("address_type").or_insert_with(|| kind.into());
            }
            all.extend(rows);
        }
        all
    }

    fn assembled(mut self) -> Package {
        let languages = self.take(&["languages"]);
        let mut phones = self.take(&["phones"]);
        nest(&mut phones, "languages", &by("phone_id", &languages));
        let mut contacts = self.take(&["contacts"]);
        nest(&mut contacts, "phones", &by("contact_id", &phones));
        let schedules = self.take(&["schedules", "regular_schedules", "regular_schedule"]);
        let mut services = self.take(&["services"]);
        let mut locations = self.take(&["locations"]);
        let mut placements = self.take(&[
            "service_at_location",
            "service_at_locations",
            "services_at_location",
            "services_at_locations",
        ]);
        for (member, rows) in
            [("phones", &phones), ("contacts", &contacts), ("schedules", &schedules), ("languages", &languages)]
        {
            nest(&mut services, member, &by("service_id", rows));
            nest(&mut locations, member, &by("location_id", rows));
            if member != "languages" {
                nest(&mut placements, member, &by("service_at_location_id", rows));
            }
        }
        let funding = self.take(&["funding"]);
        nest(&mut services, "funding", &by("service_id", &funding));
        for member in ["service_areas", "cost_options", "required_documents"] {
            let rows = self.take(&[member]);
            nest(&mut services, member, &by("service_id", &rows));
        }
        let addresses = self.addresses();
        nest(&mut locations, "addresses", &by("location_id", &addresses));
        let accessibility = self.take(&["accessibility", "accessibility_for_disabilities"]);
        nest(&mut locations, "accessibility", &by("location_id", &accessibility));
        let mut organisations = self.take(&["organizations"]);
        let identifiers = self.take(&["organization_identifiers"]);
        // There is no place for most of it, which the report is to tell.
        for (member, rows) in [
            ("organization_identifiers", &identifiers),
            ("phones", &phones),
            ("contacts", &contacts),
            ("funding", &funding),
            ("addresses", &addresses),
        ] {
            nest(&mut organisations, member, &by("organization_id", &at_large(rows)));
        }
        let programs = self.take(&["programs"]);
        Package {
            organisations: items("organizations", organisations),
            programs: items("programs", programs),
            locations: items("locations", locations),
            services: items("services", services),
            placements: items("service_at_location", placements),
            ignored: self.0.into_keys().map(|table| format!("{table}.csv")).collect(),
        }
    }
}

/// Columns that say what a row belongs to. They are not told of the part itself.
const OWNERS: [&str; 7] =
    ["phone_id", "contact_id", "service_id", "location_id", "service_at_location_id", "organization_id", "program_id"];

fn by(owner: &str, rows: &[Row]) -> Belonging {
    let mut belonging = Belonging::new();
    for (_, row) in rows {
        if let Some(id) = row.get(owner).and_then(text_of) {
            let part = row.iter().filter(|(column, _)| !OWNERS.contains(&column.as_str()));
            let part = part.map(|(column, cell)| (column.clone(), cell.clone())).collect();
            belonging.entry(id).or_default().push(Value::Object(part));
        }
    }
    belonging
}

/// Rows that belong to an organisation alone, and not to something of it that they name as well.
fn at_large(rows: &[Row]) -> Vec<Row> {
    const NARROWER: [&str; 4] = ["service_id", "location_id", "service_at_location_id", "contact_id"];
    rows.iter().filter(|(_, row)| !NARROWER.iter().any(|owner| row.contains_key(*owner))).cloned().collect()
}

fn nest(rows: &mut [Row], member: &str, parts: &Belonging) {
    for (_, row) in rows {
        let Some(parts) = row.get("id").and_then(text_of).and_then(|id| parts.get(&id)) else { continue };
        let list = row.entry(member).or_insert_with(|| Value::Array(Vec::new()));
        if let Some(list) = list.as_array_mut() {
            list.extend(parts.iter().cloned());
        }
    }
}

fn items(table: &str, rows: Vec<Row>) -> Vec<Item> {
    rows.into_iter().map(|(line, members)| Item::new(format!("{table}.csv:{line}"), members)).collect()
}
