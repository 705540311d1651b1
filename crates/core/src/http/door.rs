//! The door between a handler and the database: who asks, on which connection, and what is recorded of it.

use std::future::{Ready, ready};
use std::sync::Arc;

use actix_web::http::header;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, dev::Payload, web};
use approdo_db::{Connection, Timestamp};
use serde::Serialize;
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::access::caller::{Caller, Names};
use crate::access::policy::{Action, Resource};
use crate::access::recorder::{AccessEvent, AccessNote};
use crate::access::rights::Rights;
use crate::access::standing::{Asks, Standing};
use crate::access::tokens::Bearer;
use crate::app::{App, Shared};
use crate::clock;
use crate::error::{ApiError, ApiResult, Kind};
use crate::http::etag::View;
use crate::http::formats::Format;
use crate::http::gate::HeadOnly;
use crate::http::query::QueryTaken;
use crate::http::request::DEFAULT_PURPOSE;
use crate::http::{Answer, Fields, IfNoneMatch, PageRequest, Parameters, RequestContext};
use crate::work::{self, Unit};

/// What a handler reaches the rest of the house through.
pub struct Door {
    pub app: Shared,
    pub context: RequestContext,
    request: HttpRequest,
    /// Whether headers can be used.
    headers: ApiResult<()>,
}

impl FromRequest for Door {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let app = request.app_data::<web::Data<App>>().map(|data| data.clone().into_inner());
        ready(app.ok_or_else(|| ApiError::fault("the application state is missing")).map(|app| {
            let (mut context, mut headers) = RequestContext::of(request);
            if !app.codes.contains("access_purposes", &context.purpose) {
                context.purpose = DEFAULT_PURPOSE.to_owned();
                context.states_purpose = false;
                headers = Err(ApiError::malformed("Access-Purpose is not a code of the list access_purposes"));
            }
            Self { app, context, request: request.clone(), headers }
        }))
    }
}

/// Puts what is wrong with a request's form in its place: after 401, 404 and 403, before everything else (api.md, "Errors").
fn in_order<T>(outcome: ApiResult<T>, form: ApiResult<()>) -> ApiResult<T> {
    match (outcome, form) {
        (Err(found), _) if !comes_after_form(found.kind()) => Err(found),
        (_, Err(unfit)) => Err(unfit),
        (outcome, Ok(())) => outcome,
    }
}

fn comes_after_form(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::MalformedRequest
            | Kind::Invalid
            | Kind::UnsupportedMediaType
            | Kind::PayloadTooLarge
            | Kind::NotAcceptable
            | Kind::PreconditionRequired
            | Kind::PreconditionFailed
            | Kind::Conflict
            | Kind::Gone
            | Kind::Restricted
    )
}

/// A read in progress.
pub struct Reader<'a> {
    pub connection: &'a mut Connection,
    pub rights: Arc<Rights>,
    pub now: Timestamp,
    pub context: &'a RequestContext,
    pub app: &'a App,
    standing: &'a mut Standing,
    shown: Shown,
}

impl Asks for Reader<'_> {
    fn parts(&mut self) -> (&mut Connection, &mut Standing) {
        (self.connection, self.standing)
    }
}

impl<'a> Reader<'a> {
    /// Notes which rows the answer shows; they are recorded before it leaves.
    pub fn shows(&mut self, resource: Resource, ids: impl IntoIterator<Item = Uuid>) {
        self.shown = Some((resource.as_str(), ids.into_iter().collect()));
    }

    /// The view an `ETag` names, for this caller and request.
    pub fn view<'b>(&'b self, fields: &'b str, embed: &'b str) -> View<'b> {
        View {
            fields,
            embed,
            language: self.context.language.as_str(),
            coding: self.context.coding,
            principal: self.rights.principal.0,
            auth_epoch: self.rights.auth_epoch,
        }
    }

    /// Answers one row: 304 where the reader has this view of it already.
    pub fn answer_row(
        &self,
        version: i64,
        held: &IfNoneMatch,
        fields: &Fields,
        embed: &str,
        body: &impl Serialize,
    ) -> ApiResult<Answer> {
        let tag = self.view(&fields.text(), embed).tag(version);
        if held.holds(&tag) {
            return Ok(Answer::not_modified(tag));
        }
        Ok(Answer::ok(&fields.only(body))?.etag(tag))
    }

    /// How a page of a list was asked for.
    pub fn page<'b, T>(&self, query: &Parameters<T>, limit: Option<i64>, cursor: Option<&'b str>) -> PageRequest<'b>
    where
        'a: 'b,
    {
        PageRequest {
            limit,
            cursor,
            list: crate::http::page::without_paging(query.raw()),
            principal: self.rights.principal.0,
            keys: &self.app.keys,
            url: format!("{}{}", self.app.settings.public_url, query.path()),
        }
    }
}

impl Door {
    /// Whether the request wants the headers alone.
    pub fn is_head(&self) -> bool {
        self.request.extensions().contains::<HeadOnly>()
    }

    /// What is wrong with the request apart from its path and body: headers, `Accept`, a query that nobody reads. Else the format
    /// that is wanted of those offered.
    pub fn fit(&self, offered: &[Format]) -> ApiResult<Format> {
        self.headers.clone()?;
        let Some(format) = Format::negotiate(self.accept().as_deref(), offered) else {
            let offered: Vec<&str> = offered.iter().map(|format| format.media_type()).collect();
            return Err(not_acceptable(&offered));
        };
        self.require_plain_query()?;
        Ok(format)
    }

    /// What the request takes for an answer, where it says so.
    pub fn accept(&self) -> Option<String> {
        let lines = self.request.headers().get_all(header::ACCEPT).map(|line| line.to_str().unwrap_or_default());
        let lines: Vec<&str> = lines.collect();
        (!lines.is_empty()).then(|| lines.join(","))
    }

    /// The same as `fit` for what is answered as a media type that is known once its row is read: `accept` is for that moment.
    pub fn require_fit_but_accept(&self) -> ApiResult<()> {
        self.headers.clone()?;
        self.require_plain_query()
    }

    fn require_plain_query(&self) -> ApiResult<()> {
        let unread = !self.request.extensions().contains::<QueryTaken>();
        if unread && self.request.query_string().split('&').any(|part| !part.is_empty()) {
            return Err(ApiError::malformed("this operation takes no query parameters"));
        }
        Ok(())
    }

    /// The same for what is answered as JSON alone.
    pub fn require_fit(&self) -> ApiResult<()> {
        self.fit(&[Format::Json]).map(drop)
    }

    /// What works for this request, as often as it must.
    pub fn desk<A, R>(&self, operation: &'static str, caller: &Caller<A, R>) -> Desk
    where
        A: Names<Action>,
        R: Names<Resource>,
    {
        let (app, context, bearer) = (self.app.clone(), self.context.clone(), caller.bearer);
        Desk { app, context, operation, bearer, action: A::NAMED, resource: R::NAMED }
    }

    /// Answers a read. The caller's rights are the present ones; what is shown or refused is recorded durably before the
    /// answer leaves.
    pub async fn read<A, R>(
        self,
        operation: &'static str,
        caller: Caller<A, R>,
        work: impl Fn(&mut Reader<'_>) -> ApiResult<Answer> + Send + 'static,
    ) -> ApiResult<Answer>
    where
        A: Names<Action>,
        R: Names<Resource>,
    {
        let form = self.require_fit();
        self.desk(operation, &caller).read(form, work).await
    }

    /// Runs a command: one connection, one transaction, everything or nothing.
    pub async fn write<A, R>(
        self,
        operation: &'static str,
        caller: Caller<A, R>,
        fingerprint: Option<[u8; 32]>,
        work: impl FnMut(&mut Unit<'_>) -> ApiResult<Answer> + Send + 'static,
    ) -> ApiResult<Answer>
    where
        A: Names<Action>,
        R: Names<Resource>,
    {
        let form = self.require_fit();
        self.desk(operation, &caller).write(form, fingerprint, work).await
    }
}

/// 406, with what there is.
pub fn not_acceptable(offered: &[&str]) -> ApiError {
    ApiError::new(Kind::NotAcceptable, format!("this is answered as {}", offered.join(", ")))
}

/// Where the work for one request is done: by whom it is asked, and under which operation it is recorded.
#[derive(Clone)]
pub struct Desk {
    pub app: Shared,
    pub context: RequestContext,
    operation: &'static str,
    bearer: Bearer,
    action: Action,
    resource: Resource,
}

impl Desk {
    /// Reads something, with the caller's present rights; what is shown or refused is durably recorded before this returns.
    pub async fn read<T: Send + 'static>(
        &self,
        form: ApiResult<()>,
        work: impl Fn(&mut Reader<'_>) -> ApiResult<T> + Send + 'static,
    ) -> ApiResult<T> {
        let desk = self.clone();
        self.answered(move || {
            let (app, context) = (&desk.app, &desk.context);
            let result = app.read_now(|connection| {
                app.rights.working(connection, &desk.bearer, context.states_purpose, |connection, rights, standing| {
                    rights.require(desk.action, desk.resource)?;
                    let now = app.clock.now();
                    let mut reader = Reader { connection, rights, now, context, app, standing, shown: None };
                    let answer = work(&mut reader)?;
                    Ok((answer, reader.shown))
                })
            });
            in_order(result, form)
        })
        .await
    }

    /// Runs a command: one connection, one transaction, everything or nothing.
    pub async fn write(
        &self,
        form: ApiResult<()>,
        fingerprint: Option<[u8; 32]>,
        mut work: impl FnMut(&mut Unit<'_>) -> ApiResult<Answer> + Send + 'static,
    ) -> ApiResult<Answer> {
        let desk = self.clone();
        self.answered(move || {
            let answer = work::run(&desk.app, &desk.bearer, &desk.context, desk.operation, fingerprint, |unit| {
                let allowed = unit.rights.require(desk.action, desk.resource);
                let answer = in_order(allowed.and_then(|()| work(unit)), form.clone())?;
                Ok((answer, unit.read_alone()))
            })?;
            desk.app.feed.wake();
            Ok(answer)
        })
        .await
    }

    /// Runs work off the async threads. What it shows, or that it was refused, is recorded from there, so that the answer
    /// crosses back once, when it may leave.
    async fn answered<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> ApiResult<(T, Shown)> + Send + 'static,
    ) -> ApiResult<T> {
        let (done, answer) = oneshot::channel();
        let desk = self.clone();
        // Nobody waits for the handle: the channel says when it is over, and breaks where the work panics.
        drop(actix_web::rt::task::spawn_blocking(move || {
            // A caller that has gone away no longer waits for the answer.
            let send = |result| drop(done.send(result));
            match work() {
                Ok((answer, None)) => send(Ok(answer)),
                Ok((answer, Some((resource, ids)))) => {
                    let note = desk.note(AccessEvent::Read, resource, ids);
                    desk.app.recorder.take(note, move |kept| send(kept.map(|()| answer)));
                }
                // A refused attempt is kept, though its own transaction is gone. Where it cannot be, the caller hears 503.
                Err(error) if is_refusal(&error) => {
                    let note =
                        desk.note(AccessEvent::Refused, desk.resource.as_str(), error.row().into_iter().collect());
                    desk.app.recorder.take(note, move |kept| send(kept.and(Err(error))));
                }
                Err(error) => send(Err(error)),
            }
        }));
        answer.await.unwrap_or_else(|_| Err(ApiError::fault("the work broke off")))
    }

    fn note(&self, event: AccessEvent, resource: &'static str, resource_ids: Vec<Uuid>) -> AccessNote {
        AccessNote {
            event,
            operation: self.operation,
            purpose: self.context.purpose.clone(),
            resource: Some(resource),
            resource_ids,
            actor: Some(self.bearer.principal),
            actor_kind: self.bearer.kind,
            request_id: self.context.id.clone(),
            at: clock::now(),
        }
    }
}

/// What an answer shows: the resource and the ids of its rows.
/// Which rows an answer shows.
pub type Shown = Option<(&'static str, Vec<Uuid>)>;

fn is_refusal(error: &ApiError) -> bool {
    matches!(error.kind(), Kind::InsufficientScope | Kind::NotFound | Kind::InvalidToken)
}
