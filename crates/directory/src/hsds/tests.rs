//! Points, and ids that names stand for.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use crate::hsds::places::Point;
use crate::hsds::taxonomies::{named, taxonomy_id, term_id};

fn point(latitude: f64, longitude: f64) -> Point {
    Point::at(latitude, longitude)
}

#[test]
fn distances_are_those_of_the_great_circle() {
    // Udine and Trieste, by the spherical law of cosines.
    let (udine, trieste) = (point(46.0637, 13.2358), point(45.6495, 13.7768));
    let there = udine.metres_to(trieste);
    assert!((there - 62_261.69).abs() < 0.01, "{there}");
    assert!((there - trieste.metres_to(udine)).abs() < 1e-6);
    assert!(udine.metres_to(udine) < 1e-6);
    // A degree of latitude, and half the way around.
    assert!((point(0.0, 0.0).metres_to(point(1.0, 0.0)) - 111_195.08).abs() < 0.01);
    assert!((point(90.0, 0.0).metres_to(point(-90.0, 0.0)) - 20_015_114.44).abs() < 0.1);
}

#[test]
fn the_middle_of_no_points_is_nowhere() {
    assert_eq!(Point::middle(&[]), None);
    assert_eq!(Point::middle(&[point(46.0, 13.0), point(48.0, 15.0)]), Some(point(47.0, 14.0)));
}

#[test]
fn a_name_has_one_id_and_no_other_has_it() {
    assert_eq!(term_id("service_types", "housing"), term_id("service_types", "housing"));
    assert_ne!(term_id("service_types", "housing"), term_id("target_groups", "housing"));
    assert_ne!(named(&["code", "a", "bc"]), named(&["code", "ab", "c"]));
    assert_eq!(taxonomy_id("service_types").get_version_num(), 8);
}
