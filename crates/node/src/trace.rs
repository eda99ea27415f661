//! W3C trace context: carried in over gRPC, kept beside the changes it caused, carried on over the
//! links, so that one report's trace runs from the client to the province.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use opentelemetry::global;
use opentelemetry::propagation::{Extractor, Injector};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// The header that carries a trace context.
pub(crate) const TRACEPARENT: &str = "traceparent";

/// How long a `traceparent` of version 00 is.
const LENGTH: usize = 55;

/// Changes whose trace is remembered; older ones travel without.
const REMEMBERED: usize = 4_096;

/// The traces of the last changes. In memory only: a trace is a help for people, not evidence.
#[derive(Debug, Default)]
pub(crate) struct Traces {
    recent: Mutex<VecDeque<(u64, String)>>,
}

impl Traces {
    /// Notes that the changes up to number `change` belong to a trace.
    pub(crate) fn note(&self, change: u64, trace: String) {
        if trace.is_empty() {
            return;
        }
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        if recent.len() == REMEMBERED {
            recent.pop_front();
        }
        recent.push_back((change, trace));
    }

    /// The trace of the last change after `after` and up to `upto`; empty for none.
    pub(crate) fn between(&self, after: u64, upto: u64) -> String {
        let recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        recent
            .iter()
            .rev()
            .find(|(change, _)| *change > after && *change <= upto)
            .map(|(_, trace)| trace.clone())
            .unwrap_or_default()
    }
}

/// The header if it is a `traceparent` that may be kept and handed on, or else nothing: whoever
/// sends one does not decide how much is remembered here and sent to the next node.
///
/// Source: W3C Trace Context, section 3.2.
pub(crate) fn checked(header: &str) -> &str {
    let parts: Vec<&str> = header.split('-').collect();
    let [version, trace, parent, flags] = parts[..] else {
        return "";
    };
    let is_hex = |text: &str, length: usize| {
        let lower_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        text.len() == length && text.bytes().all(lower_hex)
    };
    let is_set = |text: &str| text.bytes().any(|byte| byte != b'0');
    let known = version == "00" && header.len() == LENGTH;
    let named = is_hex(trace, 32) && is_set(trace) && is_hex(parent, 16) && is_set(parent);
    if known && named && is_hex(flags, 2) {
        header
    } else {
        ""
    }
}

/// One header in and out.
struct Header(String);

impl Extractor for Header {
    fn get(&self, key: &str) -> Option<&str> {
        (key == TRACEPARENT).then_some(self.0.as_str())
    }

    fn keys(&self) -> Vec<&str> {
        vec![TRACEPARENT]
    }
}

impl Injector for Header {
    fn set(&mut self, key: &str, value: String) {
        if key == TRACEPARENT {
            self.0 = value;
        }
    }
}

/// Makes a span the child of a remote trace, when spans are exported.
pub(crate) fn continue_trace(span: &Span, traceparent: &str) {
    if traceparent.is_empty() {
        return;
    }
    let header = Header(traceparent.to_owned());
    let parent = global::get_text_map_propagator(|propagator| propagator.extract(&header));
    // Without an exporter there is no layer that could take it, which is no fault.
    let _ = span.set_parent(parent);
}

/// The trace context to hand on: the current span's when spans are exported, or else what came in.
pub(crate) fn hand_on(span: &Span, incoming: &str) -> String {
    let mut header = Header(String::new());
    let context = span.context();
    global::get_text_map_propagator(|propagator| propagator.inject_context(&context, &mut header));
    if header.0.is_empty() {
        incoming.to_owned()
    } else {
        header.0
    }
}

#[cfg(test)]
mod tests;
