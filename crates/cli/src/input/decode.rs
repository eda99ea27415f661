//! Text from bytes: UTF-8 with or without a byte order mark, or GB18030, told apart by what the
//! bytes are.
//!
//! Plain ASCII is the same in both, so the decision waits for the first other byte and then looks
//! at a window from there. Text that is valid UTF-8 over a window is taken for UTF-8: hardly any
//! GB18030 text of some length is.

use std::io::Read;

use encoding_rs::{Decoder, DecoderResult, GB18030};

use super::error::{InputError, OtherFile, ReadStop};

/// How many bytes are looked at to tell the encodings apart.
const WINDOW: usize = 64 * 1024;

#[derive(Debug)]
enum Encoding {
    /// Only ASCII so far.
    Undecided,
    Utf8,
    Gb18030,
}

/// Reads bytes and gives UTF-8.
pub(crate) struct Decoding<R> {
    inner: R,
    encoding: Encoding,
    decoder: Decoder,
    /// Bytes read and not decoded yet.
    raw: Vec<u8>,
    inner_ended: bool,
    /// Text decoded and not handed out yet.
    text: Vec<u8>,
    given: usize,
    /// The line on which the next byte to decode stands.
    line: u64,
}

impl<R: Read> Decoding<R> {
    /// Begins to read: drops a byte order mark and refuses what is no text file.
    pub(crate) fn new(inner: R) -> Result<Self, InputError> {
        let mut decoding = Self {
            inner,
            encoding: Encoding::Undecided,
            decoder: GB18030.new_decoder_without_bom_handling(),
            raw: Vec::new(),
            inner_ended: false,
            text: Vec::new(),
            given: 0,
            line: 1,
        };
        decoding.fill(WINDOW).map_err(InputError::Read)?;
        if let Some(kind) = other_file(&decoding.raw) {
            return Err(InputError::OtherFile { kind });
        }
        if decoding.raw.starts_with(b"\xef\xbb\xbf") {
            decoding.raw.drain(..3);
            decoding.encoding = Encoding::Utf8;
        }
        Ok(decoding)
    }

    /// Reads until that many bytes wait or the input ends.
    fn fill(&mut self, wanted: usize) -> std::io::Result<()> {
        let mut block = [0; 16 * 1024];
        while self.raw.len() < wanted && !self.inner_ended {
            match self.inner.read(&mut block) {
                Ok(0) => self.inner_ended = true,
                Ok(read) => self.raw.extend_from_slice(&block[..read]),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Decodes the next bytes into `text`; leaves it empty only at the end.
    fn decode_more(&mut self) -> std::io::Result<()> {
        self.text.clear();
        self.given = 0;
        while self.text.is_empty() {
            self.fill(WINDOW)?;
            if self.raw.is_empty() {
                return Ok(());
            }
            match self.encoding {
                Encoding::Undecided => self.pass_ascii_or_decide()?,
                Encoding::Utf8 => self.decode_utf8()?,
                Encoding::Gb18030 => self.decode_gb18030()?,
            }
        }
        Ok(())
    }

    fn pass_ascii_or_decide(&mut self) -> std::io::Result<()> {
        let ascii = self.raw.iter().take_while(|byte| byte.is_ascii()).count();
        if ascii > 0 {
            self.take_text(ascii);
            return Ok(());
        }
        let is_utf8 = match std::str::from_utf8(&self.raw) {
            Ok(_) => true,
            // Cut off at the end of the window.
            Err(error) if error.error_len().is_none() && !self.inner_ended => true,
            // UTF-8 with a broken byte somewhere must not be taken for GB18030, in which nearly
            // every pair of bytes is a character.
            Err(error) => is_surely_utf8(&self.raw[..error.valid_up_to()]),
        };
        self.encoding = if is_utf8 {
            Encoding::Utf8
        } else {
            Encoding::Gb18030
        };
        Ok(())
    }

    fn decode_utf8(&mut self) -> std::io::Result<()> {
        match std::str::from_utf8(&self.raw) {
            Ok(_) => self.take_text(self.raw.len()),
            Err(error) if error.valid_up_to() > 0 => self.take_text(error.valid_up_to()),
            Err(_) => return Err(self.stop()),
        }
        Ok(())
    }

    /// Ends the text for good: a decoder that has failed is not asked again.
    fn stop(&mut self) -> std::io::Error {
        self.raw.clear();
        self.text.clear();
        self.inner_ended = true;
        ReadStop::Encoding(self.line).into()
    }

    fn decode_gb18030(&mut self) -> std::io::Result<()> {
        let room = self
            .decoder
            .max_utf8_buffer_length_without_replacement(self.raw.len())
            .unwrap_or(WINDOW * 4);
        self.text.resize(room, 0);
        let (result, read, written) = self.decoder.decode_to_utf8_without_replacement(
            &self.raw,
            &mut self.text,
            self.inner_ended,
        );
        self.text.truncate(written);
        let lines = count_lines(&self.text);
        self.raw.drain(..read);
        self.line += lines;
        if let DecoderResult::Malformed(_, _) = result {
            return Err(self.stop());
        }
        Ok(())
    }

    /// Moves that many bytes, which are valid UTF-8, from `raw` to `text`.
    fn take_text(&mut self, bytes: usize) {
        self.text.extend(self.raw.drain(..bytes));
        self.line += count_lines(&self.text);
    }
}

impl<R: Read> Read for Decoding<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.given == self.text.len() {
            self.decode_more()?;
        }
        let rest = &self.text[self.given..];
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.given += count;
        Ok(count)
    }
}

/// Whether so many characters beyond ASCII are valid UTF-8 that it is no accident.
fn is_surely_utf8(valid: &[u8]) -> bool {
    const NO_ACCIDENT: usize = 16;
    let leads = valid.iter().filter(|byte| **byte >= 0xc2);
    leads.take(NO_ACCIDENT).count() == NO_ACCIDENT
}

/// Decodes a file that is small enough to be read at once.
pub fn decode_whole(bytes: &[u8]) -> Result<String, InputError> {
    let mut text = String::new();
    let mut decoding = Decoding::new(bytes)?;
    decoding
        .read_to_string(&mut text)
        .map_err(|error| InputError::from_io(error, 1))?;
    Ok(text)
}

fn count_lines(text: &[u8]) -> u64 {
    text.iter().filter(|byte| **byte == b'\n').count() as u64
}

fn other_file(start: &[u8]) -> Option<OtherFile> {
    let is = |magic: &[u8]| start.starts_with(magic);
    if is(b"PK\x03\x04") || is(b"\xd0\xcf\x11\xe0") {
        Some(OtherFile::Workbook)
    } else if is(b"\xff\xfe") || is(b"\xfe\xff") {
        Some(OtherFile::Utf16)
    } else if is(b"\x1f\x8b") {
        Some(OtherFile::Gzip)
    } else {
        None
    }
}

#[cfg(test)]
mod tests;
