//! The catalogue of what is published, for the portals that harvest it: DCAT-AP_IT, the Italian profile of the EU's DCAT-AP (AgID, "Linee guida per
//! i cataloghi dati").

use std::collections::HashMap;

use actix_web::get;
use actix_web::http::header;
use approdo_catalogue as dcat;
use approdo_catalogue::{AtLeastOne, Language, LocalisedText, Text, Texts, WebAddress};
use approdo_db::schema::{
    dataset_codes, dataset_releases, observation_set_periods, organisation_ancestors, organisations,
};
use approdo_db::{Connection, Timestamp};
use chrono::NaiveDate;
use diesel::prelude::*;
use utoipa::ToSchema;

use crate::access::OrganisationId;
use crate::app::{App, blocking};
use crate::clock;
use crate::directory::organisations::OrganisationRow;
use crate::error::{ApiError, ApiResult};
use crate::http::slots::Slots;
use crate::http::{Answer, Door, Format};
use crate::observatory::releases;
use crate::observatory::{cells, periods};
use crate::sdmx::flows::{self, Flow, UNKNOWN_LANGUAGE};

/// Catalogues that are written at a time in a process: whoever asks has no token.
static SLOTS: Slots = Slots::new(1, "the catalogue is asked for too much at present");

/// What everyone may keep for five minutes: portals come by once a day.
const CACHED: &str = "public, max-age=300";

/// The formats, the one that an API's readers know best first.
const FORMATS: [Format; 3] = [Format::JsonLd, Format::Turtle, Format::RdfXml];

/// The catalogue, in a form of RDF.
#[derive(ToSchema)]
#[schema(value_type = String, max_length = 100000000)]
#[expect(dead_code, reason = "it describes a document, and holds none")]
pub struct CatalogueDocument(String);

/// Read the catalogue of what is published.
///
/// Open to everyone: the datasets with a published release as DCAT-AP_IT, for portals that harvest it. Each can be had at `/rest/sdmx/v1`. Texts are in the
/// language that whoever described a dataset wrote in, which nobody has said (`und`). 404 while nothing is published: the profile knows no empty catalogue.
#[utoipa::path(
    tag = "Observatory",
    security(()),
    responses((status = 200, description = "The catalogue.", content(
        (CatalogueDocument = "application/ld+json"), (CatalogueDocument = "text/turtle"), (CatalogueDocument = "application/rdf+xml")
    )))
)]
#[get("/catalog")]
pub async fn read_catalogue(door: Door) -> ApiResult<Answer> {
    let format = door.fit(&FORMATS)?;
    let app = door.app.clone();
    let slot = SLOTS.take().await?;
    let written = blocking(move || {
        let _slot = slot;
        let catalogue = app.read_now(|connection| catalogue(&app, connection))?.ok_or_else(ApiError::not_found)?;
        let base = dcat::Base::new(&app.address("")).ok_or_else(|| ApiError::fault("the public address is no base"))?;
        let form = match format {
            Format::Turtle => dcat::Format::Turtle,
            Format::RdfXml => dcat::Format::RdfXml,
            _ => dcat::Format::JsonLd,
        };
        let bytes = catalogue.write(&base, form).map_err(ApiError::fault)?;
        String::from_utf8(bytes).map_err(ApiError::fault)
    })
    .await?;
    Ok(Answer::text(format.content_type(), written)
        .header(header::CROSS_ORIGIN_RESOURCE_POLICY, "cross-origin")
        .cacheable(CACHED))
}

/// A text in whichever language it is.
fn text(text: &str) -> ApiResult<LocalisedText> {
    in_language(Language::new(UNKNOWN_LANGUAGE).unwrap_or_else(Language::english), text)
}

/// One of this deployment's own.
fn english(text: &str) -> ApiResult<LocalisedText> {
    in_language(Language::english(), text)
}

fn in_language(language: Language, text: &str) -> ApiResult<LocalisedText> {
    // Blanks are taken for a text elsewhere; one dataset must not hide the others.
    let text = Text::new(text).or_else(|| Text::new("–")).ok_or_else(|| ApiError::fault("a text is blank"))?;
    Ok(LocalisedText { language, text })
}

fn texts(of: &str) -> ApiResult<Texts> {
    text(of).map(Texts::one)
}

fn catalogue(app: &App, connection: &mut Connection) -> ApiResult<Option<dcat::Catalogue>> {
    let now = app.clock.now();
    let flows = flows::all(connection, now)?;
    let keepers: HashMap<OrganisationId, OrganisationRow> =
        organisations::table.load(connection)?.into_iter().map(|row: OrganisationRow| (row.id, row)).collect();
    let mut datasets = Vec::with_capacity(flows.len());
    for flow in &flows {
        datasets.push(dataset(app, (connection, now), flow, &keepers)?);
    }
    let Some(first) = flows.first() else { return Ok(None) };
    let (modified, issued) =
        (datasets.iter().map(|dataset| dataset.modified).max(), datasets.iter().filter_map(|d| d.more.issued).min());
    let Some((datasets, modified)) = AtLeastOne::of(datasets).zip(modified) else { return Ok(None) };
    // Described anew is modified, too.
    let described = flows.iter().map(|flow| clock::date_of(flow.dataset.updated_at)).max().unwrap_or(modified);
    let publisher = above(connection, first.dataset.organisation_id)?;
    Ok(Some(dcat::Catalogue {
        titles: english("Open data on migration and integration").map(Texts::one)?,
        descriptions: Texts::one(english(
            "Statistics on the presence and the integration of foreign residents, as this deployment of Approdo publishes them.",
        )?),
        publisher: agent(keepers.get(&publisher))?,
        modified: modified.max(described),
        datasets,
        homepage: WebAddress::new(&app.settings.public_url),
        issued,
        languages: Vec::new(),
    }))
}

/// The topmost organisation above one.
fn above(connection: &mut Connection, of: OrganisationId) -> QueryResult<OrganisationId> {
    let top: Option<OrganisationId> = organisation_ancestors::table
        .inner_join(organisations::table.on(organisations::id.eq(organisation_ancestors::ancestor_id)))
        .filter(organisation_ancestors::organisation_id.eq(of))
        .filter(organisations::parent_id.is_null())
        .select(organisations::id)
        .first(connection)
        .optional()?;
    Ok(top.unwrap_or(of))
}

fn agent(of: Option<&OrganisationRow>) -> ApiResult<dcat::Agent> {
    let row = of.ok_or_else(|| ApiError::fault("a dataset of an organisation that is not there"))?;
    // The profile asks for the code of the index of public administrations; who has none has an id here.
    let ipa = row.ipa_code.as_deref().and_then(dcat::AgentIdentifier::ipa);
    let own = || Text::new(&row.id.to_string()).map(dcat::AgentIdentifier::own);
    let identifier = ipa.or_else(own).ok_or_else(|| ApiError::fault("an organisation without an id"))?;
    Ok(dcat::Agent { identifier, names: texts(&row.name)? })
}

fn dataset(
    app: &App,
    (connection, now): (&mut Connection, Timestamp),
    flow: &Flow,
    keepers: &HashMap<OrganisationId, OrganisationRow>,
) -> ApiResult<dcat::Dataset> {
    let row = &flow.dataset;
    let lost = || ApiError::fault("a dataset of the catalogue has lost its release");
    let release = releases::current(connection, row.id, now)?.ok_or_else(lost)?;
    let modified = release.published_at.map(clock::date_of).ok_or_else(lost)?;
    let first: Option<Timestamp> = dataset_releases::table
        .filter(dataset_releases::dataset_id.eq(row.id))
        .filter(dataset_releases::published_at.le(now))
        .order(dataset_releases::published_at)
        .select(dataset_releases::published_at)
        .first(connection)?;
    let set = cells::set_of(connection, release.id)?;
    let times: Vec<String> = dataset_codes::table
        .inner_join(observation_set_periods::table.on(observation_set_periods::period.eq(dataset_codes::number)))
        .filter(dataset_codes::dataset_id.eq(row.id))
        .filter(dataset_codes::dimension.eq(flow.time()))
        .filter(observation_set_periods::set_number.eq(set))
        .select(dataset_codes::code)
        .load(connection)?;
    let keeper = keepers.get(&row.organisation_id);
    let holder = agent(keeper)?;
    let key = Text::new(&flow.id).ok_or_else(lost)?;
    let about = format!("{} ({}). {}", row.name, row.unit, row.source);
    let email = keeper.map(OrganisationRow::details).transpose()?.and_then(|details| details.email);
    let contact_point = keeper.zip(email).and_then(|(keeper, email)| {
        Some(dcat::ContactPoint { name: Text::new(&keeper.name)?, email: dcat::Email::new(&email)? })
    });
    Ok(dcat::Dataset {
        identifier: dcat::DatasetIdentifier::local(&holder.identifier, &key),
        key,
        titles: texts(&row.name)?,
        descriptions: texts(row.description.as_deref().unwrap_or(&about))?,
        modified,
        themes: AtLeastOne::one(dcat::Theme::Society),
        frequency: dcat::Frequency::of_sdmx(frequency(&times)),
        distributions: distributions(app, flow, modified)?,
        more: dcat::model::MoreOfDataset {
            contact_point,
            publisher: Some(holder.clone()),
            issued: first.map(clock::date_of),
            landing_page: row.source_url.as_deref().and_then(WebAddress::new),
            periods: covered(&times).into_iter().collect(),
            provenance: vec![text(&row.source)?],
            ..Default::default()
        },
        rights_holder: holder,
    })
}

/// From the first day of all periods to the last one.
fn covered(times: &[String]) -> Option<dcat::Period> {
    let bounds: Vec<(NaiveDate, NaiveDate)> = times.iter().filter_map(|code| periods::bounds(code)).collect();
    let first = bounds.iter().map(|(first, _)| *first).min()?;
    let last = bounds.iter().map(|(_, after)| *after).max().and_then(|after| after.pred_opt());
    dcat::Period::new(first, last)
}

/// A code of the SDMX codelist `CL_FREQ`, where all periods are of one length.
fn frequency(times: &[String]) -> &'static str {
    let of = |code: &String| {
        let (first, after) = periods::bounds(code)?;
        Some(match (after - first).num_days() {
            365..=366 => "A",
            181..=184 => "S",
            90..=92 => "Q",
            28..=31 => "M",
            7 => "W",
            1 => "D",
            _ => "",
        })
    };
    let mut all = times.iter().map(|code| of(code).unwrap_or_default());
    let first = all.next().unwrap_or_default();
    if all.all(|other| other == first) { first } else { "" }
}

fn distributions(app: &App, flow: &Flow, modified: NaiveDate) -> ApiResult<AtLeastOne<dcat::Distribution>> {
    let address = format!("{}/rest/sdmx/v1/data/{}", app.settings.public_url, flow.id);
    let access_url = WebAddress::new(&address).ok_or_else(|| ApiError::fault("the public address is no link"))?;
    let forms = [
        ("sdmx-csv", dcat::FileType::Csv, "SDMX-CSV 1.0", "application/vnd.sdmx.data+csv;version=1.0.0"),
        ("sdmx-json", dcat::FileType::Json, "SDMX-JSON 1.0", "application/vnd.sdmx.data+json;version=1.0.0"),
        ("sdmx-ml", dcat::FileType::Sdmx, "SDMX-ML 2.1", "application/vnd.sdmx.structurespecificdata+xml;version=2.1"),
    ];
    let made = forms.into_iter().map(|(key, format, title, accept)| {
        Ok(dcat::Distribution {
            key: Text::new(key).ok_or_else(|| ApiError::fault("a distribution without a name"))?,
            format,
            access_url: access_url.clone(),
            licence: dcat::Licence::of(flow.dataset.licence.as_deref()),
            download_url: None,
            titles: vec![english(title)?],
            descriptions: vec![english(&format!("Ask with Accept: {accept}"))?],
            modified: Some(modified),
        })
    });
    let made: Vec<dcat::Distribution> = made.collect::<ApiResult<_>>()?;
    AtLeastOne::of(made).ok_or_else(|| ApiError::fault("a dataset without a distribution"))
}
