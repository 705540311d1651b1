//! Points on the earth, as near as a list of services needs them.

use crate::directory::locations::LocationRow;

/// The mean radius of the earth in metres (IUGG).
const EARTH_RADIUS: f64 = 6_371_008.8;

/// Degrees (WGS 84).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    latitude: f64,
    longitude: f64,
}

impl Point {
    pub const fn at(latitude: f64, longitude: f64) -> Self {
        Self { latitude, longitude }
    }

    pub fn of(place: &LocationRow) -> Option<Self> {
        Some(Self::at(place.latitude?, place.longitude?))
    }

    /// The middle of points that lie in one town.
    pub fn middle(points: &[Self]) -> Option<Self> {
        let count = f64::from(u32::try_from(points.len()).ok().filter(|count| *count > 0)?);
        Some(Self {
            latitude: points.iter().map(|point| point.latitude).sum::<f64>() / count,
            longitude: points.iter().map(|point| point.longitude).sum::<f64>() / count,
        })
    }

    /// The distance along the great circle, by the haversine formula.
    pub fn metres_to(self, other: Self) -> f64 {
        let (here, there) = (self.latitude.to_radians(), other.latitude.to_radians());
        let half = |from: f64, to: f64| ((to - from) / 2.0).sin().powi(2);
        let across = half(self.longitude.to_radians(), other.longitude.to_radians());
        let chord = half(here, there) + here.cos() * there.cos() * across;
        2.0 * EARTH_RADIUS * chord.sqrt().min(1.0).asin()
    }
}
