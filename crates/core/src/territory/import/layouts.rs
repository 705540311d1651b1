//! What a row of each layout tells.

use chrono::{Datelike as _, NaiveDate};

use crate::territory::events::Certainty;
use crate::territory::figures::{FigureMeasure, Measured};
use crate::territory::import::report::{Rejection, Report};
use crate::territory::import::tables::{Layout, Row, Table, Wrong, day_in};
use crate::territory::import::told::{
    CodeChange, Listed, Merger, Municipality, Origin, Period, Place, Told, ToldFigure, horizon,
};

pub const ISTAT_LIST: &str = "ISTAT, list of municipalities, CC BY 4.0";
pub const ANPR: &str = "Ministero dell'Interno, ANPR archive of municipalities, CC BY 4.0";
pub const DESTATIS: &str = "Statistisches Bundesamt, Gemeindeverzeichnis, CC BY 4.0";
pub const IPA: &str = "AgID, Index of Public Administrations, CC BY 4.0";
pub const ITTER107: &str = "ISTAT, code list ITTER107, CC BY 4.0";
const ISTAT_CENSUS: &str = "ISTAT, permanent census of population, CC BY 4.0";
const ISTAT_CLASSES: &str = "ISTAT, statistical classification and size of municipalities, CC BY 4.0";
const ISTAT_BORDERS: &str = "ISTAT boundaries, the middle of each, via openpolis, CC BY 4.0";

/// The columns of a list of all municipalities.
struct Columns {
    istat: &'static str,
    belfiore: &'static str,
    name: &'static str,
    name_it: &'static str,
    province: &'static str,
    province_name: Option<&'static str>,
    uts: &'static str,
    sigla: &'static str,
    region: &'static str,
    region_name: Option<&'static str>,
    nuts3: &'static str,
}

const SITUAS: Columns = Columns {
    istat: "Codice Comune (alfanumerico)",
    belfiore: "Codice catasto",
    name: "Comune",
    name_it: "Comune (dizione italiana)",
    province: "Codice Provincia (Storico)",
    province_name: Some("Provincia/Uts"),
    uts: "Codice Provincia/Uts",
    sigla: "Sigla automobilistica",
    region: "Codice Regione",
    region_name: Some("Regione"),
    nuts3: "Codice NUTS3 2024",
};

const ELENCO: Columns = Columns {
    istat: "Codice Comune formato alfanumerico",
    belfiore: "Codice Catastale del comune",
    name: "Denominazione (Italiana e straniera)",
    name_it: "Denominazione in italiano",
    province: "Codice Provincia (Storico)(1)",
    province_name: Some("Denominazione dell'Unità territoriale sovracomunale (valida a fini statistici)"),
    uts: "Codice dell'Unità territoriale sovracomunale (valida a fini statistici)",
    sigla: "Sigla automobilistica",
    region: "Codice Regione",
    region_name: Some("Denominazione Regione"),
    nuts3: "Codice NUTS3 2024",
};

const CLEANED: Columns = Columns {
    istat: "istat_code",
    belfiore: "cadastral_code",
    name: "name",
    name_it: "name_it",
    province: "province_code",
    province_name: None,
    uts: "uts_code",
    sigla: "province_sigla",
    region: "region_code",
    region_name: None,
    nuts3: "nuts3_2024",
};

/// Takes in what a table tells, row by row; rows that are wrong are named in the report.
pub fn gather(table: &Table, told: &mut Told, report: &mut Report) {
    if table.layout == Layout::AnprArchive {
        told.archive = told.archive.max(Some(table.day));
    }
    let mut whole = table.whole;
    for row in table.rows() {
        let taken = match table.layout {
            Layout::IstatSituas => municipality(table, row, &SITUAS, told),
            Layout::IstatElenco => municipality(table, row, &ELENCO, told),
            Layout::Municipalities => municipality(table, row, &CLEANED, told),
            Layout::AnprArchive => period(table, row, told).map(|kept| report.too_old += usize::from(!kept)),
            Layout::Regions => region(table, row, told),
            Layout::Provinces => province(table, row, told),
            Layout::CodeChanges => code_change(table, row, told),
            Layout::Mergers => merger(table, row, told),
            Layout::Ceased => ceased(row, told),
            Layout::NrwDistricts => district(table, row, told),
            Layout::IpaBodies => body(table, row, told),
            Layout::Itter107 => itter107(row, told),
        };
        if let Err(wrong) = taken {
            report.reject(Rejection::of_row(&table.file, row.line, wrong));
            whole = false;
        }
    }
    if table.layout.lists_municipalities() {
        // What a damaged list lacks has not ended for that.
        if whole {
            told.lists.insert(table.day);
        } else {
            report.reject(Rejection::of_file(&table.file, "is not whole: what it lacks is not taken to have ended"));
        }
    }
}

/// The first day of the year of a day.
pub fn first_of_year(day: NaiveDate) -> NaiveDate {
    day.with_ordinal(1).unwrap_or(day)
}

fn filled(text: &str) -> Option<String> {
    Some(text.to_owned()).filter(|text| !text.is_empty())
}

fn municipality(table: &Table, row: Row<'_>, columns: &Columns, told: &mut Told) -> Result<(), Wrong> {
    let belfiore = row.belfiore(columns.belfiore)?;
    let istat = row.digits(columns.istat, 6)?;
    let province = row.digits(columns.province, 3)?;
    let region = row.digits(columns.region, 2)?;
    let name = row.text(columns.name)?.to_owned();
    if !istat.starts_with(&province) {
        return Err(Wrong::new(columns.istat, &istat, format!("does not begin with the province, {province}")));
    }
    let figures = figures(table, row)?;
    let mut changes = Vec::new();
    for column in &table.columns {
        let year = column.strip_prefix("istat_code_").and_then(|rest| rest.strip_suffix("_if_different"));
        if let Some(year) = year
            && !row.optional(column).is_empty()
        {
            let (old, until) = (row.digits(column, 6)?, year.parse().map(|year: i32| year + 1));
            let on = until.ok().and_then(|year| NaiveDate::from_ymd_opt(year, 1, 1));
            let on = on.ok_or_else(|| Wrong::new(column, year, "is not a year"))?;
            let (new, name, certainty, source) =
                (istat.clone(), name.clone(), Certainty::Inferred, ISTAT_LIST.to_owned());
            changes.push(CodeChange { on, old, new, name, certainty, source, origin: Origin::of(table, row) });
        }
    }
    told.once(table, columns.belfiore, &belfiore)?;
    let above = told.provinces.entry(province).or_default();
    above.region = Some(region.clone());
    above.sigla = filled(row.optional(columns.sigla)).or(above.sigla.take());
    above.uts = filled(row.optional(columns.uts)).or(above.uts.take());
    above.nuts3.extend(filled(row.optional(columns.nuts3)));
    if let Some(column) = columns.province_name {
        above.name = filled(row.optional(column)).or(above.name.take());
    }
    let highest = told.regions.entry(region).or_default();
    if let Some(column) = columns.region_name {
        highest.name = filled(row.optional(column)).or(highest.name.take());
    }
    let name_it = filled(row.optional(columns.name_it)).unwrap_or_else(|| name.clone());
    let known = told.municipalities.entry(belfiore).or_default();
    known.listed.push(Listed { on: table.day, istat, name, name_it, source: ISTAT_LIST });
    known.changes.extend(changes);
    known.figures.extend(figures);
    Ok(())
}

/// The figures of a row. A column names what it counts and of which day; what has no day of its own has that of the population.
fn figures(table: &Table, row: Row<'_>) -> Result<Vec<ToldFigure>, Wrong> {
    let mut figures = Vec::new();
    let day_of = |column: &str, what: &str| {
        let day = column.strip_prefix(what)?.strip_prefix('_')?.replace('_', "-");
        day.parse::<NaiveDate>().ok()
    };
    let mut undated = table.day;
    let mut add = |column: &str, measured: Measured, on: NaiveDate, source: &'static str| match measured.refusal() {
        Some((_, why)) => Err(Wrong::new(column, row.optional(column), why)),
        None => {
            figures.push(ToldFigure { measured, on, source });
            Ok(())
        }
    };
    let sources = match table.layout {
        Layout::NrwDistricts => (DESTATIS, DESTATIS),
        _ => (ISTAT_CENSUS, ISTAT_CLASSES),
    };
    for column in &table.columns {
        if let Some(on) = day_of(column, "population") {
            undated = on;
            if let Some(people) = row.number(column)? {
                add(column, Measured::Number(FigureMeasure::Population, people), on, sources.0)?;
            }
        } else if let Some(on) = day_of(column, "foreign_residents")
            && let Some(people) = row.number(column)?
        {
            add(column, Measured::Number(FigureMeasure::ForeignResidents, people), on, sources.0)?;
        }
    }
    for (column, measure) in [
        ("area_km2", FigureMeasure::AreaKm2),
        ("altimetric_zone", FigureMeasure::AltimetricZone),
        ("degree_of_urbanisation", FigureMeasure::DegreeOfUrbanisation),
    ] {
        if let Some(number) = row.number(column)? {
            add(column, Measured::Number(measure, number), undated, sources.1)?;
        }
    }
    if let (Some(latitude), Some(longitude)) = (row.number("lat")?, row.number("lon")?) {
        add("lat", Measured::Point { latitude, longitude }, undated, ISTAT_BORDERS)?;
    }
    Ok(figures)
}

/// A period of the archive. Whether it is young enough to be kept.
fn period(table: &Table, row: Row<'_>, told: &mut Told) -> Result<bool, Wrong> {
    let (begins, last) = (row.day("DATAISTITUZIONE")?, row.day("DATACESSAZIONE")?);
    let to = if row.optional("DATACESSAZIONE") == "9999-12-31" { None } else { last.succ_opt() };
    if to.is_some_and(|end| end <= horizon()) {
        return Ok(false);
    }
    let from = begins.max(horizon());
    if to.is_some_and(|end| end <= from) {
        return Err(Wrong::new("DATACESSAZIONE", row.optional("DATACESSAZIONE"), "is before it began"));
    }
    let belfiore = row.belfiore("CODCATASTALE")?;
    let istat = row.digits("CODISTAT", 6)?;
    let name = row.text("DENOMINAZIONE_IT")?.to_owned();
    // Provinces that Italy lost lie in none.
    let region = row.digits("IDREGIONE", 2).ok();
    if let Some(province) = istat.get(..3) {
        let above = told.provinces.entry(province.to_owned()).or_default();
        above.region = above.region.take().or(region);
        if above.sigla.is_none() {
            above.sigla = filled(row.optional("SIGLAPROVINCIA"));
        }
    }
    let known = told.municipalities.entry(belfiore).or_default();
    known.periods.push(Period { from, to, istat, name, origin: Origin::of(table, row) });
    Ok(true)
}

fn region(table: &Table, row: Row<'_>, told: &mut Told) -> Result<(), Wrong> {
    let (code, name) = (row.digits("region_code", 2)?, row.text("name")?.to_owned());
    let figures = figures(table, row)?;
    told.once(table, "region_code", &code)?;
    let known = told.regions.entry(code).or_default();
    known.name = Some(name);
    known.figures.extend(figures);
    Ok(())
}

fn province(table: &Table, row: Row<'_>, told: &mut Told) -> Result<(), Wrong> {
    let (code, region) = (row.digits("province_code", 3)?, row.digits("region_code", 2)?);
    let (name, sigla, uts) = (row.text("name")?, row.text("sigla")?, row.digits("uts_code", 3)?);
    let figures = figures(table, row)?;
    told.once(table, "province_code", &code)?;
    let known = told.provinces.entry(code).or_default();
    known.nuts3.extend(row.optional("nuts3_2024").split('|').filter_map(filled));
    (known.name, known.sigla) = (Some(name.to_owned()), Some(sigla.to_owned()));
    (known.uts, known.region) = (Some(uts), Some(region));
    known.figures.extend(figures);
    Ok(())
}

fn code_change(table: &Table, row: Row<'_>, told: &mut Told) -> Result<(), Wrong> {
    let belfiore = row.belfiore("cadastral_code")?;
    let (old, new) = (row.digits("old_istat_code", 6)?, row.digits("new_istat_code", 6)?);
    let (name, source) = (row.text("name")?.to_owned(), row.text("source")?.to_owned());
    let (on, certainty) = match row.optional_day("effective_date")? {
        Some(on) => (on, Certainty::Stated),
        // Found by comparing lists: it was so in the year of the later one.
        None => match day_in(&source) {
            Some(later) => (first_of_year(later), Certainty::Inferred),
            None => return Err(Wrong::new("effective_date", "", "is empty, and the source names no year")),
        },
    };
    told.once(table, "new_istat_code", &format!("{belfiore} {new}"))?;
    let origin = Origin::of(table, row);
    let change = CodeChange { on, old, new, name, certainty, source, origin };
    told.municipalities.entry(belfiore).or_default().changes.push(change);
    Ok(())
}

fn merger(table: &Table, row: Row<'_>, told: &mut Told) -> Result<(), Wrong> {
    let from = row.belfiore("old_cadastral_code")?;
    let to = match row.optional("new_cadastral_code") {
        "" => None,
        _ => Some(row.belfiore("new_cadastral_code")?),
    };
    let source = row.text("source")?.to_owned();
    let certainty = if row.optional("confidence") == "stated" { Certainty::Stated } else { Certainty::Inferred };
    let on = row.optional_day("effective_date")?.or_else(|| day_in(&source).map(first_of_year));
    told.once(table, "old_cadastral_code", &from)?;
    told.mergers.push(Merger { on, from, to, certainty, source, origin: Origin::of(table, row) });
    Ok(())
}

fn ceased(row: Row<'_>, told: &mut Told) -> Result<(), Wrong> {
    let (belfiore, istat) = (row.belfiore("cadastral_code")?, row.digits("istat_code", 6)?);
    let (last, name) = (row.day("ceased_on")?, row.text("name_it")?.to_owned());
    let first_without = last.succ_opt().unwrap_or(last);
    let known: &mut Municipality = told.municipalities.entry(belfiore).or_default();
    known.ceased = Some((first_without, istat, name));
    Ok(())
}

fn district(table: &Table, row: Row<'_>, told: &mut Told) -> Result<(), Wrong> {
    let (code, kind) = (row.digits("ags", 5)?, row.text("type")?);
    let name = row.text("name")?;
    let figures = figures(table, row)?;
    told.once(table, "ags", &code)?;
    // A town that belongs to no district is a municipality with the duties of one.
    let kind = if kind == "Kreisfreie Stadt" { "municipality" } else { "district" };
    let name = name.strip_suffix(", Stadt").unwrap_or(name).to_owned();
    let nuts3 = filled(row.optional("nuts3")).into_iter().collect();
    told.districts.insert(code, Place { name: Some(name), kind: Some(kind), nuts3, figures, ..Place::default() });
    Ok(())
}

fn body(table: &Table, row: Row<'_>, told: &mut Told) -> Result<(), Wrong> {
    let (code, name) = (row.text("ipa_code")?, row.text("name")?.to_owned());
    let kind = match row.text("kind")? {
        "union" => "union",
        "mountain_or_hill_community" => "mountain_community",
        "social_or_district_body" => "district",
        other => return Err(Wrong::new("kind", other, "is none of those that are known")),
    };
    if code.len() > 20 || crate::territory::territories::plain_code(code).is_err() {
        return Err(Wrong::new("ipa_code", code, "may hold 20 letters, digits and ._- only"));
    }
    told.once(table, "ipa_code", code)?;
    told.bodies.insert(code.to_owned(), Place { name: Some(name), kind: Some(kind), ..Place::default() });
    Ok(())
}

fn itter107(row: Row<'_>, told: &mut Told) -> Result<(), Wrong> {
    let code = row.text("itter107")?.to_owned();
    let places = match row.optional("level") {
        "country" => {
            // What older flows call it.
            let all = [code, "ITTOT".to_owned()];
            told.countries.entry("IT".to_owned()).or_default().extend(all);
            return Ok(());
        }
        "area" => return Err(Wrong::new("level", "area", "no territory: its regions are summed")),
        _ if !row.optional("istat_province_code_2024").is_empty() => {
            told.provinces.entry(row.digits("istat_province_code_2024", 3)?).or_default()
        }
        _ => told.regions.entry(row.digits("istat_region_code", 2)?).or_default(),
    };
    places.itter107.insert(code);
    Ok(())
}
