//! Who is counted for what comes in a request.

use std::sync::Arc;

use liandong_core::language::Language;
use liandong_core::refusal::Refusal;
use liandong_wire::refusal::status;
use tonic::Status;

use crate::server::quota::Account;

/// The account that a request's bytes go to, and the language of its refusals.
#[derive(Clone, Debug)]
pub(in crate::server) struct Charge {
    account: Arc<Account>,
    language: Language,
}

impl Charge {
    pub(in crate::server) fn new(account: Arc<Account>, language: Language) -> Self {
        Self { account, language }
    }

    /// The largest message that is taken, in bytes.
    pub(super) fn largest(&self) -> usize {
        self.account.largest()
    }

    /// Counts bytes that have come.
    pub(super) fn count(&self, bytes: usize) -> Result<(), Status> {
        let counted = self.account.count(bytes);
        counted.map_err(|refusal| self.status(&refusal))
    }

    /// What a caller is told whose message is larger.
    pub(super) fn too_large(&self) -> Status {
        self.status(&self.account.too_large())
    }

    fn status(&self, refusal: &Refusal) -> Status {
        status(refusal, self.language)
    }
}
