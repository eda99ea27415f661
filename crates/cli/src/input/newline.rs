//! One kind of line end: carriage returns become line feeds, and the last line has one too, so
//! that every reader after this counts lines alike.

use std::io::Read;

/// Reads UTF-8 and gives it with `\n` after every line.
#[derive(Debug)]
pub(crate) struct Newlines<R> {
    inner: R,
    after_return: bool,
    last: u8,
    ended: bool,
}

impl<R: Read> Newlines<R> {
    pub(crate) fn new(inner: R) -> Self {
        Self {
            inner,
            after_return: false,
            last: b'\n',
            ended: false,
        }
    }
}

impl<R: Read> Read for Newlines<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        while !self.ended && !buffer.is_empty() {
            let read = self.inner.read(buffer)?;
            if read == 0 {
                self.ended = true;
                if self.last == b'\n' {
                    return Ok(0);
                }
                buffer[0] = b'\n';
                return Ok(1);
            }
            let mut kept = 0;
            for place in 0..read {
                let byte = buffer[place];
                let is_second_half = byte == b'\n' && self.after_return;
                self.after_return = byte == b'\r';
                if is_second_half {
                    continue;
                }
                buffer[kept] = if byte == b'\r' { b'\n' } else { byte };
                self.last = buffer[kept];
                kept += 1;
            }
            // A line feed alone may have been all there was.
            if kept > 0 {
                return Ok(kept);
            }
        }
        Ok(0)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::Newlines;

    /// Gives one byte at a time, as a pipe may.
    struct Dribble<'b>(&'b [u8]);

    impl Read for Dribble<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let count = self.0.len().min(1);
            buffer[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    #[test]
    fn every_line_ends_alike() {
        for (given, expected) in [
            ("a\r\nb\r\n", "a\nb\n"),
            ("a\nb", "a\nb\n"),
            ("a\rb\r", "a\nb\n"),
            ("a\r\n\r\nb", "a\n\nb\n"),
            ("", ""),
        ] {
            let mut whole = String::new();
            Newlines::new(given.as_bytes())
                .read_to_string(&mut whole)
                .unwrap();
            assert_eq!(whole, expected, "{given:?}");
            let mut dribbled = String::new();
            Newlines::new(Dribble(given.as_bytes()))
                .read_to_string(&mut dribbled)
                .unwrap();
            assert_eq!(dribbled, expected, "{given:?} byte by byte");
        }
    }
}
