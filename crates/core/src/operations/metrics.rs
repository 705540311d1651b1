//! Metrics for Prometheus: requests by route and status, latency, pool, feed. No label ever holds personal data: routes are
//! templates.

use actix_web::{HttpResponse, get, web};
use prometheus::{Encoder as _, HistogramOpts, HistogramVec, IntCounterVec, IntGauge, Opts, Registry, TextEncoder};

use crate::app::App;
use crate::error::ApiError;

/// The metrics of a process.
pub struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    seconds: HistogramVec,
    connections_busy: IntGauge,
    connections_idle: IntGauge,
    feed_position: IntGauge,
    feed_lag: IntGauge,
    database_up: IntGauge,
}

impl Metrics {
    pub fn new() -> Result<Self, prometheus::Error> {
        let registry = Registry::new();
        let gauge = |name: &str, help: &str| -> Result<IntGauge, prometheus::Error> {
            let gauge = IntGauge::new(name, help)?;
            registry.register(Box::new(gauge.clone()))?;
            Ok(gauge)
        };
        let requests = IntCounterVec::new(
            Opts::new("approdo_requests_total", "Requests answered, by route and status."),
            &["method", "route", "status"],
        )?;
        let seconds = HistogramVec::new(
            HistogramOpts::new("approdo_request_seconds", "Time to answer, by route.")
                .buckets(vec![0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0]),
            &["method", "route"],
        )?;
        registry.register(Box::new(requests.clone()))?;
        registry.register(Box::new(seconds.clone()))?;
        Ok(Self {
            connections_busy: gauge("approdo_database_connections_busy", "Pooled connections in use.")?,
            connections_idle: gauge("approdo_database_connections_idle", "Pooled connections not in use.")?,
            feed_position: gauge("approdo_feed_position", "The last position of the change feed.")?,
            feed_lag: gauge("approdo_feed_lag_changes", "Committed changes without a position yet.")?,
            database_up: gauge("approdo_database_up", "Whether the database answers.")?,
            registry,
            requests,
            seconds,
        })
    }

    /// Counts an answer.
    pub fn answered(&self, method: &str, route: &str, status: u16, seconds: f64) {
        let mut digits = [0; 3];
        self.requests.with_label_values(&[method, route, digits_of(status, &mut digits)]).inc();
        self.seconds.with_label_values(&[method, route]).observe(seconds);
    }
}

fn digits_of(status: u16, digits: &mut [u8; 3]) -> &str {
    let digit = |value: u16| b'0' + u8::try_from(value % 10).unwrap_or(0);
    *digits = [digit(status / 100), digit(status / 10), digit(status)];
    std::str::from_utf8(digits).unwrap_or("000")
}

/// The metrics as text.
#[get("/metrics")]
pub async fn metrics(app: web::Data<App>) -> Result<HttpResponse, ApiError> {
    let shared = app.clone().into_inner();
    let lag = crate::app::blocking(move || {
        use approdo_db::schema::outbox;
        use diesel::prelude::*;
        shared.read_now(|connection| Ok(outbox::table.count().get_result::<i64>(connection)?))
    })
    .await;
    let metrics = &app.metrics;
    metrics.database_up.set(i64::from(lag.is_ok()));
    if let Ok(lag) = lag {
        metrics.feed_lag.set(lag);
    }
    let (busy, idle) = app.database.connections();
    metrics.connections_busy.set(i64::from(busy));
    metrics.connections_idle.set(i64::from(idle));
    metrics.feed_position.set(app.feed.position());
    let mut text = Vec::new();
    TextEncoder::new().encode(&metrics.registry.gather(), &mut text).map_err(ApiError::fault)?;
    Ok(HttpResponse::Ok()
        .insert_header(("Cache-Control", "no-store"))
        .insert_header(("Content-Type", "text/plain; version=0.0.4; charset=utf-8"))
        .body(text))
}
