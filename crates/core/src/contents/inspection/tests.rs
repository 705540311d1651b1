//! Text is found to be text however it comes in portions.

use std::io::{self, Read};

use proptest::prelude::*;

use super::plain;

/// Gives its bytes in portions of these sizes, over and over.
struct Dripping<'a> {
    bytes: &'a [u8],
    sizes: Vec<usize>,
    at: usize,
}

impl Read for Dripping<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let size = self.sizes[self.at % self.sizes.len()].min(buffer.len()).min(self.bytes.len());
        self.at += 1;
        let (now, later) = self.bytes.split_at(size);
        buffer[..size].copy_from_slice(now);
        self.bytes = later;
        Ok(size)
    }
}

fn is_text(bytes: &[u8], sizes: Vec<usize>) -> bool {
    plain::text(&mut Dripping { bytes, sizes, at: 0 }).is_ok()
}

proptest! {
    #[test]
    fn what_is_utf_8_is_text_in_any_portions(text in "[^\u{0}]*", sizes in prop::collection::vec(1_usize..7, 1..9)) {
        prop_assert!(is_text(text.as_bytes(), sizes));
    }

    #[test]
    fn bytes_are_text_if_they_are_utf_8_without_null(
        bytes in prop::collection::vec(prop_oneof![Just(b'a'), Just(0xc3), Just(0xa9), Just(0xe2), Just(0x82), Just(0xac), any::<u8>()], 0..12),
        sizes in prop::collection::vec(1_usize..5, 1..5),
    ) {
        let expected = std::str::from_utf8(&bytes).is_ok() && !bytes.contains(&0);
        prop_assert_eq!(is_text(&bytes, sizes), expected);
    }
}
