//! What every call carries besides its message: the trace it belongs to and the language of the
//! words in the answer.

use std::fmt;
use std::str::FromStr;

use liandong_core::language::Language;
use liandong_wire::refusal::ask_for;
use thiserror::Error;
use tonic::metadata::MetadataValue;
use tonic::service::Interceptor;
use tonic::{Request, Status};
use uuid::Uuid;

/// The metadata key of the trace parent, as W3C Trace Context names it.
const TRACE_PARENT_KEY: &str = "traceparent";

/// The trace and span under which a call is made, as in W3C Trace Context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceParent {
    trace: u128,
    span: u64,
    flags: u8,
}

/// A text that is not a trace parent.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{value:?} is not a trace parent: write 00-<32 hex digits>-<16 hex digits>-01")]
pub struct InvalidTraceParent {
    /// The text that was given, shortened to what an error message can bear.
    pub value: String,
}

impl TraceParent {
    /// A new trace that is to be recorded.
    pub fn generate() -> Self {
        Self {
            trace: Uuid::now_v7().as_u128(),
            span: new_span(),
            flags: 1,
        }
    }

    /// The same trace under a new span.
    fn next_span(self) -> Self {
        Self {
            span: new_span(),
            ..self
        }
    }

    /// The trace's id in 32 hexadecimal digits.
    pub fn trace_id(self) -> String {
        format!("{:032x}", self.trace)
    }
}

/// The lower half of a version 7 UUID is random but for two bits, which keep it from being zero.
fn new_span() -> u64 {
    Uuid::now_v7().as_u64_pair().1
}

impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "00-{:032x}-{:016x}-{:02x}",
            self.trace, self.span, self.flags
        )
    }
}

impl FromStr for TraceParent {
    type Err = InvalidTraceParent;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text).ok_or_else(|| InvalidTraceParent {
            value: text.chars().take(64).collect(),
        })
    }
}

fn parse(text: &str) -> Option<TraceParent> {
    let parts: Vec<&str> = text.split('-').collect();
    let [version, trace, span, flags] = parts.as_slice() else {
        return None;
    };
    let is_hex = |part: &str, len: usize| {
        let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        part.len() == len && part.bytes().all(digit)
    };
    if *version != "00" || !is_hex(trace, 32) || !is_hex(span, 16) || !is_hex(flags, 2) {
        return None;
    }
    let parent = TraceParent {
        trace: u128::from_str_radix(trace, 16).ok()?,
        span: u64::from_str_radix(span, 16).ok()?,
        flags: u8::from_str_radix(flags, 16).ok()?,
    };
    (parent.trace != 0 && parent.span != 0).then_some(parent)
}

/// Puts trace parent and language into every call.
#[derive(Clone, Debug)]
pub(crate) struct CallMetadata {
    pub(crate) language: Language,
    pub(crate) trace: TraceParent,
    /// Whether `trace` was given by the caller, whose span is then the parent of every call.
    pub(crate) trace_is_given: bool,
}

impl Interceptor for CallMetadata {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        let parent = if self.trace_is_given {
            self.trace
        } else {
            self.trace.next_span()
        };
        let metadata = request.metadata_mut();
        ask_for(self.language, metadata);
        // A trace parent is plain ASCII, so this always succeeds; a call without it is still good.
        if let Ok(value) = MetadataValue::try_from(parent.to_string()) {
            metadata.insert(TRACE_PARENT_KEY, value);
        }
        Ok(request)
    }
}

#[cfg(test)]
mod tests {
    use liandong_core::language::Language;
    use tonic::Request;
    use tonic::service::Interceptor;

    use super::{CallMetadata, TraceParent};

    const GIVEN: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn a_trace_parent_is_written_as_it_was_read() {
        let parent: TraceParent = GIVEN.parse().unwrap();
        assert_eq!(parent.to_string(), GIVEN);
        assert_eq!(parent.trace_id(), "0af7651916cd43dd8448eb211c80319c");
    }

    #[test]
    fn other_texts_are_no_trace_parent() {
        for text in [
            "",
            "00",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x",
        ] {
            assert!(text.parse::<TraceParent>().is_err(), "{text}");
        }
    }

    #[test]
    fn every_call_says_language_and_trace() {
        let mut given = CallMetadata {
            language: Language::Zh,
            trace: GIVEN.parse().unwrap(),
            trace_is_given: true,
        };
        let request = given.call(Request::new(())).unwrap();
        assert_eq!(request.metadata().get("traceparent").unwrap(), GIVEN);
        assert_eq!(request.metadata().get("accept-language").unwrap(), "zh-CN");
    }

    #[test]
    fn calls_of_one_client_share_a_trace_but_no_span() {
        let mut made = CallMetadata {
            language: Language::En,
            trace: TraceParent::generate(),
            trace_is_given: false,
        };
        let mut parent = || {
            let request = made.call(Request::new(())).unwrap();
            let text = request.metadata().get("traceparent").unwrap();
            text.to_str().unwrap().parse::<TraceParent>().unwrap()
        };
        let (first, second) = (parent(), parent());
        assert_eq!(first.trace_id(), second.trace_id());
        assert_ne!(first, second);
    }
}
