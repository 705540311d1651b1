//! A server in areas: the operations whose addresses begin alike are an application of their own, which a worker makes when it is first
//! asked for one of them. The router then tries the few that begin like the address, and a deployment pays for what it uses: the patterns
//! of all operations, and the code that puts them together, were half of the memory of an idle server.

use std::collections::HashMap;
use std::rc::Rc;

use actix_http::Request;
use actix_service::{Service, ServiceFactory};
use actix_web::dev::AppConfig;
use actix_web::{Error, web};
use futures_util::future::{Either, FutureExt as _, LocalBoxFuture};
use percent_encoding::percent_decode_str;
use tokio::sync::OnceCell;

use crate::app::MOUNT;
use crate::error::ApiError;

/// The operations of an area.
pub type Operations = fn(&mut web::ServiceConfig);

/// The first segment of an area's addresses below the mount, and its operations.
pub type Area = (&'static str, Operations);

/// The areas, for the workers.
pub struct InAreas<M> {
    areas: Vec<Area>,
    application: Rc<M>,
}

impl<M> InAreas<M> {
    /// Of an application for each area, and one for everything else, which is asked for without operations.
    pub fn new(areas: impl IntoIterator<Item = Area>, application: M) -> Self {
        Self { areas: areas.into_iter().collect(), application: Rc::new(application) }
    }
}

impl<M, F> ServiceFactory<Request> for InAreas<M>
where
    M: Fn(Option<Operations>) -> F + 'static,
    F: ServiceFactory<Request, Config = AppConfig, Error = Error> + 'static,
    F::Service: 'static,
    F::Future: 'static,
{
    type Response = F::Response;
    type Error = Error;
    type Config = AppConfig;
    type Service = Worker<F::Service>;
    type InitError = F::InitError;
    type Future = LocalBoxFuture<'static, Result<Self::Service, Self::InitError>>;

    fn new_service(&self, config: AppConfig) -> Self::Future {
        let application = self.application.clone();
        let make = move |operations| application(operations).new_service(config.clone());
        let areas = self.areas.iter().map(|(first, operations)| {
            (*first, Rc::new(Application { operations: *operations, made: OnceCell::new() }))
        });
        let areas = areas.collect();
        let worker = async move {
            // At once: a setting that no application can be made with is told before anybody is served.
            let beside = make(None).await?;
            let make = move |operations| make(Some(operations)).map(Result::ok).boxed_local();
            Ok(Worker { areas, beside, make: Rc::new(make) })
        };
        worker.boxed_local()
    }
}

/// Makes the application of an area; none where that failed.
type Make<S> = dyn Fn(Operations) -> LocalBoxFuture<'static, Option<S>>;

struct Application<S> {
    operations: Operations,
    made: OnceCell<S>,
}

/// The areas of a worker, and what there is beside them.
pub struct Worker<S> {
    areas: HashMap<&'static str, Rc<Application<S>>>,
    beside: S,
    make: Rc<Make<S>>,
}

impl<S> Worker<S> {
    /// Whose an address is, by the first segment below the mount, also where that is written with escapes.
    fn area(&self, path: &str) -> Option<&Rc<Application<S>>> {
        let below = path.strip_prefix(MOUNT)?.strip_prefix('/')?;
        let first = below.split('/').next()?;
        if first.contains('%') {
            self.areas.get(percent_decode_str(first).decode_utf8().ok()?.as_ref())
        } else {
            self.areas.get(first)
        }
    }
}

impl<S> Service<Request> for Worker<S>
where
    S: Service<Request, Error = Error> + 'static,
    S::Future: 'static,
{
    type Response = S::Response;
    type Error = Error;
    type Future = Either<S::Future, LocalBoxFuture<'static, Result<S::Response, Error>>>;

    // As applications of actix-web are.
    actix_service::always_ready!();

    fn call(&self, request: Request) -> Self::Future {
        let Some(area) = self.area(request.path()) else { return Either::Left(self.beside.call(request)) };
        if let Some(made) = area.made.get() {
            return Either::Left(made.call(request));
        }
        let (area, make) = (area.clone(), self.make.clone());
        let answered = async move {
            let making = async || {
                make(area.operations).await.ok_or_else(|| {
                    log::error!("the operations of an area could not be put together");
                    ApiError::fault("an area could not be made")
                })
            };
            area.made.get_or_try_init(making).await?.call(request).await
        };
        Either::Right(answered.boxed_local())
    }
}

#[cfg(test)]
mod tests;
