//! SQL of people.

use approdo_db::schema::{people, person_name_words};
use approdo_db::{Connection, Prepared, Value};
use chrono::NaiveDate;
use diesel::prelude::*;

use crate::access::rights::HeldGrant;
use crate::access::scope;
use crate::access::standing::Asks;
use crate::error::ApiResult;
use crate::names;
use crate::people::types::{PersonId, PersonRow};

// Who was erased is there for the cases alone.
fn by_id(id: PersonId) -> Prepared<people::SqlType> {
    Prepared::select("r.*").sql(" FROM people r WHERE r.processing <> 'erased' AND r.id = ").bind(id)
}

/// Reads a person; 404 where there is none or no more.
pub fn find(asks: &mut impl Asks, id: PersonId) -> ApiResult<PersonRow> {
    asks.one(by_id(id))
}

pub fn lock(asks: &mut impl Asks, id: PersonId) -> ApiResult<PersonRow> {
    asks.lock(by_id(id))
}

/// The same for the person's own moves, which are told again to who repeats the request.
pub fn lock_even_erased(asks: &mut impl Asks, id: PersonId) -> ApiResult<PersonRow> {
    asks.lock(Prepared::<people::SqlType>::select("r.*").sql(" FROM people r WHERE r.id = ").bind(id))
}

pub fn insert(connection: &mut Connection, row: &PersonRow) -> QueryResult<()> {
    diesel::insert_into(people::table).values(row).execute(connection)?;
    index_names(connection, row)
}

/// Writes the words a person is found by.
pub fn index_names(connection: &mut Connection, row: &PersonRow) -> QueryResult<()> {
    let words = names::words(&row.names());
    if words.is_empty() {
        return Ok(());
    }
    let mut statement = Prepared::<()>::new("INSERT INTO person_name_words (word, person_id) VALUES (");
    for (index, word) in words.into_iter().enumerate() {
        if index > 0 {
            statement = statement.sql("), (");
        }
        statement = statement.bind(Value::Text(word)).sql(", ").bind(row.id);
    }
    statement.sql(")").execute(connection).map(drop)
}

pub fn unindex_names(connection: &mut Connection, id: PersonId) -> QueryResult<usize> {
    diesel::delete(person_name_words::table.filter(person_name_words::person_id.eq(id))).execute(connection)
}

/// Writes a row that was edited under its lock.
pub fn update(connection: &mut Connection, row: &PersonRow) -> QueryResult<usize> {
    let statement = Prepared::<()>::new("UPDATE people SET territory_id = ")
        .bind(row.territory_id)
        .sql(", owner_org_id = ")
        .bind(row.owner_org_id)
        .sql(", target_group = ")
        .bind(Value::OptionalText(row.target_group.clone()))
        .sql(", given_name = ")
        .bind(Value::Text(row.given_name.clone()))
        .sql(", family_name = ")
        .bind(Value::Text(row.family_name.clone()))
        .sql(", date_of_birth = ")
        .bind(Value::OptionalDate(row.date_of_birth))
        .sql(", sex = ")
        .bind(Value::OptionalText(row.sex.clone()))
        .sql(", tax_code = ")
        .bind(Value::OptionalText(row.tax_code.clone()))
        .sql(", email = ")
        .bind(Value::OptionalText(row.email.clone()))
        .sql(", phone = ")
        .bind(Value::OptionalText(row.phone.clone()))
        .sql(", citizenships = ")
        .bind(Value::Json(row.citizenships.clone()))
        .sql(", languages = ")
        .bind(Value::Json(row.languages.clone()))
        .sql(", health_needs = ")
        .bind(Value::OptionalText(row.health_needs.clone()))
        .sql(", notes = ")
        .bind(Value::OptionalText(row.notes.clone()))
        .sql(", processing = ")
        .bind(Value::Text(row.processing.as_str().to_owned()))
        .sql(", age_band = ")
        .bind(Value::OptionalText(row.age_band.clone()))
        .sql(", given_name_latin = ")
        .bind(Value::OptionalText(row.given_name_latin.clone()))
        .sql(", family_name_latin = ")
        .bind(Value::OptionalText(row.family_name_latin.clone()))
        .sql(", interpreter_needed = ")
        .bind(Value::Bool(row.interpreter_needed))
        .sql(", interpreter_language = ")
        .bind(Value::OptionalText(row.interpreter_language.clone()))
        .sql(", external_ids = ")
        .bind(Value::Json(row.external_ids.clone()))
        .sql(", updated_at = ")
        .bind(Value::Instant(row.updated_at))
        .sql(", version = version + 1 WHERE version = ")
        .bind(Value::BigInt(row.version - 1))
        .sql(" AND id = ")
        .bind(row.id);
    statement.execute(connection)
}

/// What a search asks for.
pub struct Search<'a> {
    /// Beginnings of words, folded.
    pub words: &'a [String],
    pub date_of_birth: Option<NaiveDate>,
    pub after: PersonId,
    pub limit: i64,
}

/// The people of one grant's reach whose names have every word.
pub fn search(asks: &mut impl Asks, grant: &HeldGrant, search: &Search<'_>) -> ApiResult<Vec<PersonRow>> {
    let mut statement = Prepared::<people::SqlType>::select("r.*")
        .sql(" FROM people r WHERE r.id > ")
        .bind(search.after)
        .sql(" AND r.territory_id IN (SELECT territory_id FROM grant_scopes WHERE grant_id = ")
        .bind(grant.id)
        .sql(")");
    for word in search.words {
        statement = statement
            .sql(" AND r.id IN (SELECT person_id FROM person_name_words WHERE word >= ")
            .bind(Value::Text(word.clone()))
            .sql(" AND word < ")
            .bind(Value::Text(names::prefix_end(word)))
            .sql(")");
    }
    if let Some(date) = search.date_of_birth {
        statement = statement.sql(" AND r.date_of_birth = ").bind(Value::Date(date));
    }
    asks.load(scope::reached_by(statement, grant).sql(" ORDER BY r.id LIMIT ").bind(Value::BigInt(search.limit)))
}
