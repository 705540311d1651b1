//! What keeps a message from taking more room than it may: it goes over the bytes before they are read as JSON.

use std::cell::Cell;
use std::io::{self, BufRead, BufReader, Read};
use std::rc::Rc;

use crate::read::{DEEPEST, LONGEST_TOKEN, MOST_ENTRIES, ReadError};

/// How far the message was read, and how far it may be.
#[derive(Debug, Clone)]
pub struct Position {
    read: Rc<Cell<u64>>,
    /// Bytes and entries that structures may still take, of all of the message together.
    left: Rc<Cell<(u64, usize)>>,
    in_structure: Rc<Cell<bool>>,
}

impl Position {
    /// From here on, no more than structures may take.
    pub fn begin_structure(&self) {
        self.in_structure.set(true);
    }

    pub fn end_structure(&self) {
        self.in_structure.set(false);
    }

    /// Goes over one byte.
    fn pass(&self, ends_entry: bool) -> Result<(), &'static str> {
        self.read.set(self.read.get().saturating_add(1));
        if !self.in_structure.get() {
            return Ok(());
        }
        let (bytes, entries) = self.left.get();
        match (bytes.checked_sub(1), entries.checked_sub(usize::from(ends_entry))) {
            (Some(bytes), Some(entries)) => {
                self.left.set((bytes, entries));
                Ok(())
            }
            _ => Err("the structure is too large"),
        }
    }

    /// What is wrong, and where.
    pub fn error(&self, error: &serde_json::Error) -> ReadError {
        let reason = if error.is_eof() { "the message ends before it is whole".to_owned() } else { plain(error) };
        ReadError { position: self.read.get(), reason }
    }
}

/// The error without the line and column that follow it: most messages have one line.
fn plain(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split_once(" at line ").map_or(text.clone(), |(reason, _)| reason.to_owned())
}

/// A reader whose texts and numbers are not too long, whose objects and arrays are not too deep.
pub struct Guard<R> {
    input: BufReader<R>,
    position: Position,
    began: bool,
    depth: usize,
    token: usize,
    in_text: bool,
    escaped: bool,
}

impl<R: Read> Guard<R> {
    pub fn new(input: R, largest_structure: u64) -> (Self, Position) {
        let left = Rc::new(Cell::new((largest_structure, MOST_ENTRIES)));
        let position = Position { read: Rc::default(), left, in_structure: Rc::default() };
        let guard = Self {
            input: BufReader::with_capacity(64 * 1024, input),
            position: position.clone(),
            began: false,
            depth: 0,
            token: 0,
            in_text: false,
            escaped: false,
        };
        (guard, position)
    }

    /// Goes over one byte; tells what is wrong.
    fn pass(&mut self, byte: u8) -> Result<(), &'static str> {
        let ends_entry = byte == b',' && !self.in_text;
        if self.in_text {
            self.token = self.token.saturating_add(1);
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.in_text = false,
                _ => {}
            }
        } else {
            match byte {
                b'"' => {
                    self.in_text = true;
                    self.token = 0;
                }
                b'{' | b'[' => {
                    self.token = 0;
                    self.depth = self.depth.saturating_add(1);
                }
                b'}' | b']' => {
                    self.token = 0;
                    self.depth = self.depth.saturating_sub(1);
                }
                b',' | b':' | b' ' | b'\n' | b'\r' | b'\t' => self.token = 0,
                _ => self.token = self.token.saturating_add(1),
            }
        }
        if self.depth > DEEPEST {
            return Err("objects and arrays are too deep within each other");
        }
        if self.token > LONGEST_TOKEN {
            return Err("a text or a number is too long");
        }
        self.position.pass(ends_entry)
    }
}

impl<R: Read> Read for Guard<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if !std::mem::replace(&mut self.began, true) && self.input.fill_buf()?.starts_with(b"\xef\xbb\xbf") {
            self.input.consume(3);
            self.position.read.set(3);
        }
        let count = self.input.read(buffer)?;
        for byte in buffer.iter().take(count) {
            self.pass(*byte).map_err(|reason| io::Error::new(io::ErrorKind::InvalidData, reason))?;
        }
        Ok(count)
    }
}
