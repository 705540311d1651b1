//! Rows of RFC 4180.

/// Rows that are being written.
#[derive(Debug)]
pub struct Rows {
    core: csv_core::Writer,
    out: Vec<u8>,
    in_row: bool,
}

impl Default for Rows {
    fn default() -> Self {
        let core = csv_core::WriterBuilder::new().terminator(csv_core::Terminator::CRLF).build();
        Self { core, out: Vec::new(), in_row: false }
    }
}

impl Rows {
    /// What was written and not taken.
    pub fn bytes(&mut self) -> &mut Vec<u8> {
        &mut self.out
    }

    pub fn field(&mut self, field: &str) {
        if std::mem::replace(&mut self.in_row, true) {
            self.mark(csv_core::Writer::delimiter);
        }
        let mut left = field.as_bytes();
        loop {
            let mut buffer = [0; 256];
            let (result, read, written) = self.core.field(left, &mut buffer);
            self.out.extend(buffer.iter().take(written));
            left = left.get(read..).unwrap_or_default();
            if result == csv_core::WriteResult::InputEmpty {
                return;
            }
        }
    }

    pub fn end(&mut self) {
        self.mark(csv_core::Writer::terminator);
        self.in_row = false;
    }

    /// What stands between fields or rows, with the quotation mark that a field may still want.
    fn mark(&mut self, write: fn(&mut csv_core::Writer, &mut [u8]) -> (csv_core::WriteResult, usize)) {
        loop {
            let mut buffer = [0; 8];
            let (result, written) = write(&mut self.core, &mut buffer);
            self.out.extend(buffer.iter().take(written));
            if result == csv_core::WriteResult::InputEmpty {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_quoted_where_they_have_to_be_however_long_they_are() {
        let mut rows = Rows::default();
        let long = "a,\"b\"\r\n".repeat(100);
        for row in [["plain", "", "a,b"], [long.as_str(), "\"", "x"]] {
            row.iter().for_each(|field| rows.field(field));
            rows.end();
        }
        let expected = format!("plain,,\"a,b\"\r\n\"{}\",\"\"\"\",x\r\n", long.replace('"', "\"\""));
        assert_eq!(String::from_utf8_lossy(rows.bytes()), expected);
    }
}
