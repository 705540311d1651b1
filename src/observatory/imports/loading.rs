//! Rows of a file become observations, one record at a time: what is taken in is checked here, and written by `running.rs` portion by
//! portion.

use std::collections::HashMap;

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
            Refusal::Field { column, value, reason } => (
                self.plan.header.get(column).map(|name| name.chars().take(200).collect()),
                Some(value),
                reason.to_owned(),
            ),
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

    /// The numbers of the codes that all values of a row have.
    fn shared(&mut self, record: &Record<'_>) -> Result<Vec<Option<i32>>, Refusal> {
        let mut numbers = Vec::with_capacity(self.books.len());
        for ((dimension, source), book) in self.plan.dimensions.iter().zip(&mut self.books) {
            numbers.push(match source {
                Source::Column(index) => {
                    let code = field(record, *index)?;
                    Some(number(dimension, book, code).map_err(|why| why.of_field(*index, code))?)
                }
                Source::Constant(code) => {
                    Some(number(dimension, book, code).map_err(|why| why.of_mapping(dimension, code))?)
                }
                Source::Value => None,
            });
        }
        Ok(numbers)
    }

    /// The observation in one column of values.
    fn cell(&mut self, record: &Record<'_>, index: usize, shared: &[Option<i32>]) -> Result<Cell, Refusal> {
        let column = self.plan.values.get(index).ok_or_else(|| Refusal::File("has no values".to_owned()))?;
        let at = column.index;
        let (mut area, mut period, mut others) = (0, 0, String::new());
        let dimensions = self.plan.dimensions.iter().zip(&mut self.books).zip(shared).zip(&column.codes);
        for ((((dimension, _), book), shared), own) in dimensions {
            let code = match (shared, own.as_deref().unwrap_or_default()) {
                (Some(number), _) => *number,
                (None, own) => number(dimension, book, own).map_err(|why| why.of_mapping(dimension, own))?,
            };
            match dimension.role {
                DimensionRole::Area => area = code,
                DimensionRole::Time => period = code,
                DimensionRole::Other => {
                    use std::fmt::Write as _;
                    // Writing to a String cannot fail.
                    let _ = write!(others, "{}{code}", if others.is_empty() { "" } else { "." });
                }
            }
        }
        let text = field(record, at)?;
        let value = numbers::read(text, self.decimal_comma).map_err(|reason| Why::Wrong(reason).of_field(at, text))?;
        let (obs_status, conf_status) = (status(record, self.plan.obs_status)?, status(record, self.plan.conf_status)?);
        let slice = self.slice(others)?;
        if self.seen.insert(packed(area, slice, period)) {
            Ok(Cell { set_number: self.set_number, area, slice, period, value, obs_status, conf_status })
        } else {
            Err(Why::Wrong("has the codes of a value before it").of_field(at, text))
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

    /// Forgets what has been written.
    pub fn written(&mut self) {
        self.books.iter_mut().for_each(Book::kept);
        self.new_slices.clear();
        self.rejections.clear();
        self.cells.clear();
    }
}

/// A field as text.
fn field<'a>(record: &Record<'a>, index: usize) -> Result<&'a str, Refusal> {
    match record.field(index) {
        Some(Ok(text)) => Ok(text),
        Some(Err(_)) => {
            let value = record.texts().into_iter().nth(index).unwrap_or_default();
            Err(Why::Wrong("is not text in the coding of the file").of_field(index, &value))
        }
        None => Err(Refusal::Row("has fewer fields than the header".to_owned())),
    }
}

/// A status, where there is a column of them and something in it.
fn status(record: &Record<'_>, column: Option<usize>) -> Result<Option<String>, Refusal> {
    let Some(column) = column else { return Ok(None) };
    match field(record, column)? {
        "" => Ok(None),
        text if text.chars().count() > LONGEST_STATUS => {
            Err(Why::Wrong("is too long for a status").of_field(column, text))
        }
        text => Ok(Some(text.to_owned())),
    }
}

/// Why a code or a value is not taken.
enum Why {
    Wrong(&'static str),
    TooMany,
}

impl Why {
    fn of_field(self, column: usize, value: &str) -> Refusal {
        match self {
            Self::Wrong(reason) => Refusal::Field { column, value: shortened(value), reason },
            Self::TooMany => too_many(),
        }
    }

    fn of_mapping(self, dimension: &Dimension, code: &str) -> Refusal {
        match self {
            Self::Wrong(reason) => {
                Refusal::File(format!("'{code}', which the mapping gives to {}, {reason}", dimension.id))
            }
            Self::TooMany => too_many(),
        }
    }
}

fn too_many() -> Refusal {
    Refusal::File(format!("has more than {MOST_CODES} codes of one dimension"))
}

/// The number of a code, which may become known by this.
fn number(dimension: &Dimension, book: &mut Book, code: &str) -> Result<i32, Why> {
    if let Some(number) = book.number(code) {
        return Ok(number);
    }
    let area = dimension.role == DimensionRole::Area;
    if code.is_empty() {
        Err(Why::Wrong("is empty"))
    } else if code.chars().count() > LONGEST_CODE || printable(code).is_err() {
        Err(Why::Wrong("is not a code"))
    } else if dimension.role == DimensionRole::Time && periods::bounds(code).is_none() {
        Err(Why::Wrong("is not a period"))
    } else if !book.admits(code) {
        Err(Why::Wrong(if area { "is the code of no territory" } else { "is not a known code" }))
    } else {
        book.add(code).ok_or(Why::TooMany)
    }
}

fn shortened(value: &str) -> String {
    value.chars().take(100).collect()
}

/// A key as one number, with the places that are many in every file at its end: there they lie close together.
fn packed(area: i32, slice: i32, period: i32) -> u64 {
    let number = |code: i32| u64::try_from(code).unwrap_or_default();
    number(slice) << 36 | number(period) << 18 | number(area)
}
