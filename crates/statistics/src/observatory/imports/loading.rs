//! Rows of a file become observations, one record at a time: what is taken in is checked here, and written by `running.rs` portion by
//! portion.

use std::collections::{BTreeSet, HashMap};

use approdo_db::Connection;
use approdo_db::schema::dataset_slices;
use diesel::prelude::*;
use roaring::RoaringTreemap;

use crate::delimited::Record;
use crate::observatory::cells::{self, Cell};
use crate::observatory::codelists::{Book, MOST_CODES, printable};
use crate::observatory::datasets::{DatasetId, Dimension, DimensionRole};
use crate::observatory::imports::mapping::{ColumnRole, DimensionCode, Mapping};
use crate::observatory::imports::types::{DataImportId, Rejection};
use crate::observatory::{numbers, periods};

/// Rejections that are told one by one.
pub const TOLD: i64 = 1_000;
/// Combinations of codes, but for place and time, that a dataset can have.
const MOST_SLICES: usize = 500_000;
/// Values that a file can have, and rows.
const MOST_OBSERVATIONS: i64 = 50_000_000;
const LONGEST_CODE: usize = 60;
const LONGEST_STATUS: usize = 20;

/// Where the code of a dimension stands.
enum Source {
    Column(usize),
    Constant(String),
    /// With the column of the value.
    Value,
}

/// A column of values.
struct ValueColumn {
    index: usize,
    /// The codes that its values alone have, by dimension.
    codes: Vec<Option<String>>,
}

/// A mapping on the header of a file.
struct Plan {
    header: Vec<String>,
    dimensions: Vec<(Dimension, Source)>,
    values: Vec<ValueColumn>,
    obs_status: Option<usize>,
    conf_status: Option<usize>,
}

impl Plan {
    fn of(mapping: &Mapping, header: Vec<String>, dimensions: &[Dimension]) -> Result<Self, String> {
        let mut places: HashMap<&str, usize> = HashMap::new();
        for column in &mapping.columns {
            let mut found = header.iter().enumerate().filter(|(_, name)| **name == column.column);
            match (found.next(), found.next()) {
                (Some((index, _)), None) => places.insert(&column.column, index),
                (None, _) => return Err(format!("the header has no column '{}'", column.column)),
                (Some(_), Some(_)) => return Err(format!("the header has several columns '{}'", column.column)),
            };
        }
        let place = |name: &str| places.get(name).copied().unwrap_or_default();
        let holding = |role: ColumnRole| mapping.columns.iter().filter(move |column| column.holds == role);
        let code_of = |codes: &[DimensionCode], id: &str| {
            codes.iter().find(|code| code.dimension == id).map(|code| code.code.clone())
        };
        let source = |dimension: &Dimension| {
            let column = holding(ColumnRole::Codes).find(|column| column.dimension.as_ref() == Some(&dimension.id));
            match (column, code_of(&mapping.constants, &dimension.id)) {
                (Some(column), _) => Source::Column(place(&column.column)),
                (None, Some(code)) => Source::Constant(code),
                (None, None) => Source::Value,
            }
        };
        let values = holding(ColumnRole::Values).map(|column| ValueColumn {
            index: place(&column.column),
            codes: dimensions.iter().map(|dimension| code_of(&column.codes, &dimension.id)).collect(),
        });
        Ok(Self {
            dimensions: dimensions.iter().map(|dimension| (dimension.clone(), source(dimension))).collect(),
            values: values.collect(),
            obs_status: holding(ColumnRole::ObsStatus).map(|column| place(&column.column)).next(),
            conf_status: holding(ColumnRole::ConfStatus).map(|column| place(&column.column)).next(),
            header,
        })
    }
}

/// Why a field, a row or the whole file is not taken.
enum Refusal {
    Field { column: usize, value: String, reason: &'static str },
    Row(String),
    File(String),
}

/// Takes rows in.
pub struct Loader {
    import: DataImportId,
    dataset: DatasetId,
    set_number: i32,
    decimal_comma: bool,
    plan: Plan,
    books: Vec<Book>,
    slices: HashMap<String, i32>,
    new_slices: Vec<(i32, String)>,
    /// The keys of what was taken.
    seen: RoaringTreemap,
    periods: BTreeSet<i32>,
    /// What waits to be written.
    cells: Vec<Cell>,
    rejections: Vec<Rejection>,
    pub rows: i64,
    pub observations: i64,
    pub rejected: i64,
}

impl Loader {
    /// Prepares to take in a file with this header; in words why it cannot be.
    pub fn begin(
        connection: &mut Connection,
        (import, dataset, set_number): (DataImportId, DatasetId, i32),
        mapping: &Mapping,
        header: Vec<String>,
        dimensions: &[Dimension],
    ) -> QueryResult<Result<Self, String>> {
        let plan = match Plan::of(mapping, header, dimensions) {
            Ok(plan) => plan,
            Err(reason) => return Ok(Err(reason)),
        };
        let books: QueryResult<Vec<Book>> =
            dimensions.iter().map(|dimension| Book::read(connection, dataset, dimension)).collect();
        let slices = cells::slices(connection, dataset)?;
        Ok(Ok(Self {
            import,
            dataset,
            set_number,
            decimal_comma: mapping.decimal_comma,
            plan,
            books: books?,
            slices: slices.into_iter().map(|(number, codes)| (codes, number)).collect(),
            new_slices: Vec::new(),
            seen: RoaringTreemap::new(),
            periods: BTreeSet::new(),
            cells: Vec::new(),
            rejections: Vec::new(),
            rows: 0,
            observations: 0,
            rejected: 0,
        }))
    }

    /// Observations that wait to be written.
    pub fn waiting(&self) -> usize {
        self.cells.len()
    }

    /// Takes a row in, or notes why not. An error, in words, is of the file as a whole.
    pub fn take(&mut self, record: &Record<'_>) -> Result<(), String> {
        if record.is_blank() {
            return Ok(());
        }
        self.rows += 1;
        if self.rows > MOST_OBSERVATIONS {
            return Err(format!("has more than {MOST_OBSERVATIONS} rows"));
        }
        if record.len() != self.plan.header.len() {
            let reason = format!("has {} fields, and the header {}", record.len(), self.plan.header.len());
            return self.reject(record.line, Refusal::Row(reason));
        }
        let shared = match self.shared(record) {
            Ok(shared) => shared,
            Err(refusal) => return self.reject(record.line, refusal),
        };
        for index in 0..self.plan.values.len() {
            match self.cell(record, index, &shared) {
                Ok(cell) => {
                    self.observations += 1;
                    self.cells.push(cell);
                }
                Err(refusal) => self.reject(record.line, refusal)?,
            }
        }
        Ok(())
    }

    /// Notes something about the file that whoever validates it should know.
    pub fn note(&mut self, line: u64, reason: &str) -> Result<(), String> {
        self.reject(line, Refusal::Row(reason.to_owned()))
    }

    fn reject(&mut self, line: u64, refusal: Refusal) -> Result<(), String> {
        let (column_name, value, reason) = match refusal {
            Refusal::File(reason) => return Err(reason),
            Refusal::Field { column, value, reason } => {
                (self.plan.header.get(column).map(|name| first(name, 200)), Some(value), reason.to_owned())
            }
            Refusal::Row(reason) => (None, None, reason),
        };
        self.rejected += 1;
        if self.rejected > TOLD {
            return Ok(());
        }
        self.rejections.push(Rejection {
            data_import_id: self.import,
            number: self.rejected,
            line: i64::try_from(line).unwrap_or(i64::MAX),
            column_name,
            value,
            reason,
        });
        Ok(())
    }

    /// The codes that all values of a row have.
    fn shared<'r>(&self, record: &Record<'r>) -> Result<Vec<Option<Coded<'r>>>, Refusal> {
        let mut codes = Vec::with_capacity(self.books.len());
        for ((dimension, source), book) in self.plan.dimensions.iter().zip(&self.books) {
            codes.push(match source {
                Source::Column(index) => {
                    let code = field(record, *index)?;
                    Some(known(dimension, book, code).map_err(|reason| Refusal::of_field(*index, code, reason))?)
                }
                // The value's own, or one of the mapping.
                Source::Constant(_) | Source::Value => None,
            });
        }
        Ok(codes)
    }

    /// The observation in one column of values. What codes it brings become known by it, and by no row that is rejected.
    fn cell(&mut self, record: &Record<'_>, index: usize, shared: &[Option<Coded<'_>>]) -> Result<Cell, Refusal> {
        let column = self.plan.values.get(index).ok_or_else(|| Refusal::File("has no values".to_owned()))?;
        let at = column.index;
        let text = field(record, at)?;
        let value = numbers::read(text, self.decimal_comma).map_err(|reason| Refusal::of_field(at, text, reason))?;
        let (obs_status, conf_status) = (status(record, self.plan.obs_status)?, status(record, self.plan.conf_status)?);
        let (mut area, mut period, mut others) = (0, 0, String::new());
        let dimensions = self.plan.dimensions.iter().zip(&mut self.books).zip(shared).zip(&column.codes);
        for ((((dimension, source), book), shared), own) in dimensions {
            let code = match (shared, source, own) {
                (Some(code), ..) => *code,
                (None, Source::Constant(code), _) | (None, _, Some(code)) => {
                    known(dimension, book, code).map_err(|reason| Refusal::of_mapping(dimension, code, reason))?
                }
                (None, _, None) => Coded::New(""),
            };
            let number = match code {
                Coded::Known(number) => number,
                Coded::New(code) => book
                    .number(code)
                    .or_else(|| book.add(code))
                    .ok_or_else(|| Refusal::File(format!("has more than {MOST_CODES} codes of one dimension")))?,
            };
            match dimension.role {
                DimensionRole::Area => area = number,
                DimensionRole::Time => period = number,
                DimensionRole::Other => {
                    use std::fmt::Write as _;
                    // Writing to a String cannot fail.
                    let _ = write!(others, "{}{number}", if others.is_empty() { "" } else { "." });
                }
            }
        }
        let slice = self.slice(others)?;
        if self.observations >= MOST_OBSERVATIONS {
            return Err(Refusal::File(format!("has more than {MOST_OBSERVATIONS} values")));
        }
        if self.seen.insert(packed(area, slice, period)) {
            self.periods.insert(period);
            Ok(Cell { set_number: self.set_number, area, slice, period, value, obs_status, conf_status })
        } else {
            Err(Refusal::of_field(at, text, "has the codes of a value before it"))
        }
    }

    fn slice(&mut self, codes: String) -> Result<i32, Refusal> {
        if let Some(&number) = self.slices.get(&codes) {
            return Ok(number);
        }
        if self.slices.len() >= MOST_SLICES {
            let reason = format!("has more than {MOST_SLICES} combinations of codes, besides places and times");
            return Err(Refusal::File(reason));
        }
        let number = i32::try_from(self.slices.len()).unwrap_or(i32::MAX).saturating_add(1);
        self.new_slices.push((number, codes.clone()));
        self.slices.insert(codes, number);
        Ok(number)
    }

    /// Writes what waits. Nothing of it is forgotten before `written` says that the transaction has ended well.
    pub fn write(&self, connection: &mut Connection) -> QueryResult<()> {
        for book in &self.books {
            book.keep_new(connection)?;
        }
        for (number, codes) in &self.new_slices {
            let row = (
                dataset_slices::dataset_id.eq(self.dataset),
                dataset_slices::number.eq(number),
                dataset_slices::codes.eq(codes),
            );
            diesel::insert_into(dataset_slices::table).values(row).execute(connection)?;
        }
        for rejection in &self.rejections {
            diesel::insert_into(approdo_db::schema::data_import_rejections::table)
                .values(rejection)
                .execute(connection)?;
        }
        cells::write(connection, &self.cells)?;
        Ok(())
    }

    /// Notes which periods there are, once all is written.
    pub fn keep_periods(&self, connection: &mut Connection) -> QueryResult<()> {
        cells::keep_periods(connection, self.set_number, self.periods.iter().copied())
    }

    /// Forgets what has been written.
    pub fn written(&mut self) {
        self.books.iter_mut().for_each(Book::kept);
        self.new_slices.clear();
        self.rejections.clear();
        self.cells.clear();
    }
}

/// A field as text.
fn field<'r>(record: &Record<'r>, index: usize) -> Result<&'r str, Refusal> {
    match record.field(index) {
        Some(Ok(text)) => Ok(text),
        Some(Err(_)) => {
            let value = record.texts().into_iter().nth(index).unwrap_or_default();
            Err(Refusal::of_field(index, &value, "is not text in the coding of the file"))
        }
        None => Err(Refusal::Row("has fewer fields than the header".to_owned())),
    }
}

/// A status, where there is a column of them and something in it.
fn status(record: &Record<'_>, column: Option<usize>) -> Result<Option<String>, Refusal> {
    let Some(column) = column else { return Ok(None) };
    match field(record, column)? {
        "" => Ok(None),
        text if text.chars().any(char::is_control) => Err(Refusal::of_field(column, text, "is not a status")),
        text if text.chars().count() > LONGEST_STATUS => {
            Err(Refusal::of_field(column, text, "is too long for a status"))
        }
        text => Ok(Some(text.to_owned())),
    }
}

/// A code that can be used.
#[derive(Clone, Copy)]
enum Coded<'r> {
    Known(i32),
    /// It becomes known by the first value that has it.
    New(&'r str),
}

impl Refusal {
    fn of_field(column: usize, value: &str, reason: &'static str) -> Self {
        Self::Field { column, value: shortened(value), reason }
    }

    fn of_mapping(dimension: &Dimension, code: &str, reason: &str) -> Self {
        Self::File(format!("'{code}', which the mapping gives to {}, {reason}", dimension.id))
    }
}

/// A code, or in words why it is none.
fn known<'r>(dimension: &Dimension, book: &Book, code: &'r str) -> Result<Coded<'r>, &'static str> {
    if let Some(number) = book.number(code) {
        return Ok(Coded::Known(number));
    }
    let area = dimension.role == DimensionRole::Area;
    if code.is_empty() {
        Err("is empty")
    } else if code.chars().count() > LONGEST_CODE || printable(code).is_err() {
        Err("is not a code")
    } else if dimension.role == DimensionRole::Time && periods::bounds(code).is_none() {
        Err("is not a period")
    } else if !book.admits(code) {
        Err(if area { "is the code of no territory" } else { "is not a known code" })
    } else {
        Ok(Coded::New(code))
    }
}

fn shortened(value: &str) -> String {
    first(value, 100)
}

/// The first characters of a text, with a mark for what cannot be shown: no database keeps every control character.
fn first(text: &str, most: usize) -> String {
    text.chars().take(most).map(|character| if character.is_control() { '\u{fffd}' } else { character }).collect()
}

/// A key as one number. Of places or slices every file has many: those that lie close together differ at its end alone, where the
/// bitmap takes two bytes a key and less. Places have 18 bits, slices 19.
fn packed(area: i32, slice: i32, period: i32) -> u64 {
    let number = |code: i32| u64::try_from(code).unwrap_or_default();
    let (area, slice, period) = (number(area), number(slice), number(period));
    period << 40 | slice >> 8 << 26 | area >> 8 << 16 | (slice & 0xff) << 8 | area & 0xff
}
