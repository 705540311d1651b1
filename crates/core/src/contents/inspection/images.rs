//! Images: of their type, and not larger than a viewer can be asked to unfold.

use std::io::{BufReader, Read, Seek};

use imagesize::{ImageError, ImageType};

use super::{Objection, Verdict, refused, up_to};

/// Pixels an image may have: a page scanned at 600 dpi has 35 million, the largest phone camera 200.
const PIXELS: u64 = 250_000_000;

/// The types of images that are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Jpeg,
    Png,
    Webp,
}

/// An image of this kind with a bearable number of pixels.
pub fn image(file: &mut (impl Read + Seek), wanted: Kind) -> Verdict {
    let head = up_to(file, 64)?;
    let found = match imagesize::image_type(&head) {
        Ok(ImageType::Jpeg) => Some(Kind::Jpeg),
        Ok(ImageType::Png) => Some(Kind::Png),
        Ok(ImageType::Webp) => Some(Kind::Webp),
        _ => None,
    };
    if found != Some(wanted) {
        return refused("does not begin as an image of its type does");
    }
    file.rewind()?;
    let size = match imagesize::reader_size(BufReader::new(file)) {
        Ok(size) => size,
        Err(ImageError::IoError(error)) if error.raw_os_error().is_some() => return Err(Objection::Unread(error)),
        Err(_) => return refused("is an image whose size cannot be read: it may be damaged"),
    };
    let side = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
    let pixels = side(size.width).saturating_mul(side(size.height));
    match pixels {
        0 => refused("is an image without pixels"),
        1..=PIXELS => Ok(()),
        _ => refused("is an image of more than 250 million pixels"),
    }
}
