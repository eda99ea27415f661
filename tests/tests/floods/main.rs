//! Callers that flood a node, or speak HTTP/2 and gRPC wrongly: it refuses them, stays small, and
//! whoever is honest hardly notices.
//!
//! Each test starts a node as it is shipped, in plain text or with certificates, and attacks it from
//! fifty connections, or a thousand, whose every byte is made by hand. Attackers run on threads of the lowest priority, because here they share the
//! machine with the node they attack; an attacker elsewhere costs the node no processor. They keep
//! the pace that each flood names. `LIANDONG_FAULTS_LONG=1` floods for a minute instead of five
//! seconds and sends 100,000 malformed exchanges; `LIANDONG_FLOOD_SECONDS=n` floods for n seconds,
//! `LIANDONG_FAULTS_COUNT=n` sends n malformed exchanges.

mod address;
mod attack;
mod flood;
mod h2;
mod honest;
mod malformed;
mod place;
mod resources;
