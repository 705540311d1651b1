//! Every form with few and many territories, with gaps and long names: what is drawn lies in the picture and can be read.

use crate::support::{COUNTS, Drawn, FORMS, keep, territories};

fn every() -> impl Iterator<Item = Drawn> {
    FORMS.into_iter().flat_map(|(form, draw)| {
        COUNTS.into_iter().flat_map(move |count| {
            [("plain", false, false), ("gaps", true, false), ("gaps-long", true, true)].map(|(kind, gaps, long)| {
                Drawn::new(&format!("{form}-{count}-{kind}"), draw(&territories(count, gaps, long)).unwrap())
            })
        })
    })
}

#[test]
fn everything_lies_within_the_picture_and_no_text_stands_on_another() {
    for drawn in every() {
        drawn.check();
    }
}

#[test]
fn the_pictures_can_be_looked_at() {
    for (form, draw) in FORMS {
        for count in COUNTS {
            keep(&format!("{form}-{count}"), &draw(&territories(count, true, true)).unwrap());
        }
    }
}

#[test]
fn the_same_figures_give_the_same_text() {
    for (form, draw) in FORMS {
        for count in COUNTS {
            let text = || draw(&territories(count, true, true)).unwrap();
            assert!(text() == text(), "{form} {count}");
        }
    }
}
