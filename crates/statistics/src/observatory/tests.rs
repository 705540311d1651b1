use super::numbers;
use super::periods;

#[test]
fn numbers_are_read_as_publishers_write_them_and_nothing_else_is_a_number() {
    for (text, comma, value) in [
        ("12", false, Some(12.0)),
        ("12.0", false, Some(12.0)),
        ("-0.5", false, Some(-0.5)),
        ("1e3", false, Some(1000.0)),
        ("1,5", true, Some(1.5)),
        ("7", true, Some(7.0)),
        ("", false, None),
        (":", false, None),
        ("..", true, None),
        ("n.d.", false, None),
    ] {
        assert_eq!(numbers::read(text, comma), Ok(value), "{text}");
    }
    for (text, comma) in [
        ("NaN", false),
        ("inf", false),
        ("-Infinity", false),
        ("1e400", false),
        ("1,5", false),
        ("1.234,5", true),
        ("1.234", true),
        ("1,2,3", true),
        ("1 234", false),
        ("0x10", false),
        ("1.2.3", false),
        ("12a", false),
        (".", false),
        ("e", false),
        ("-", false),
    ] {
        assert!(numbers::read(text, comma).is_err(), "{text}");
    }
}

#[test]
fn periods_have_the_days_that_sdmx_gives_them() {
    for (text, begin, end) in [
        ("2025", "2025-01-01", "2026-01-01"),
        ("2025-A1", "2025-01-01", "2026-01-01"),
        ("2025-S2", "2025-07-01", "2026-01-01"),
        ("2025-Q4", "2025-10-01", "2026-01-01"),
        ("2025-12", "2025-12-01", "2026-01-01"),
        ("2025-M02", "2025-02-01", "2025-03-01"),
        ("2026-W53", "2026-12-28", "2027-01-04"),
        ("2024-02-29", "2024-02-29", "2024-03-01"),
    ] {
        let bounds = Some((begin.parse().expect("a day"), end.parse().expect("a day")));
        assert_eq!(periods::bounds(text), bounds, "{text}");
    }
    for text in [
        "",
        "25",
        "2025-",
        "2025-13",
        "2025-1",
        "2025-Q5",
        "2025-Q0",
        "2025-W54",
        "2025-W53",
        "2025-02-30",
        "1700",
        "x",
        "2025-02-01T00",
        "2025-è",
    ] {
        assert_eq!(periods::bounds(text), None, "{text}");
    }
}
